package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Every backward operation against the central difference of its forward operation, in float64: for random weights w,
 * the gradient of sum(w forward(x)) is backward(w).
 */
class GradientTest {
    private static final long SEED = 20260101;
    private static final double STEP = 1e-5;
    private static final Kernels KERNELS = KernelsUnderTest.best();

    private final Random random = KernelsUnderTest.seeded(SEED);

    @AfterAll
    static void close() {
        KERNELS.close();
    }

    @Test
    void softmax() {
        Tensor x = random(4, 19);
        Tensor y = zeros(4, 19);
        Tensor w = random(4, 19);
        Tensor dx = zeros(4, 19);
        KERNELS.softmax().forward(0.7, x, y);
        KERNELS.softmax().backward(0.7, y, w, dx);
        assertGradient("softmax", x, dx, () -> {
            KERNELS.softmax().forward(0.7, x, y);
            return dot(w, y);
        });
        KERNELS.softmax().logForward(0.7, x, y);
        KERNELS.softmax().logBackward(0.7, y, w, dx);
        assertGradient("logarithm of softmax", x, dx, () -> {
            KERNELS.softmax().logForward(0.7, x, y);
            return dot(w, y);
        });
    }

    @Test
    void losses() {
        Tensor logits = random(5, 17);
        Tensor dLogits = zeros(5, 17);
        Tensor losses = zeros(5);
        int[] targets = {3, 16, -1, 0, 9};
        KERNELS.loss().crossEntropy(logits, targets, -1, 0.25, losses, dLogits);
        assertGradient("cross-entropy", logits, dLogits, () -> {
            KERNELS.loss().crossEntropy(logits, targets, -1, 1, losses, null);
            return 0.25 * KERNELS.reduction().sum(losses);
        });
        Tensor target = random(5, 17);
        KERNELS.loss().squaredError(logits, target, 0.5, losses, dLogits);
        assertGradient("squared error", logits, dLogits, () -> {
            KERNELS.loss().squaredError(logits, target, 1, losses, null);
            return 0.5 * KERNELS.reduction().sum(losses);
        });
    }

    @Test
    void layerNorm() {
        int rows = 5;
        int columns = 19;
        Tensor x = random(rows, columns);
        Tensor gain = random(columns);
        Tensor shift = random(columns);
        Tensor y = zeros(rows, columns);
        Tensor mean = zeros(rows);
        Tensor rstd = zeros(rows);
        Tensor w = random(rows, columns);
        Tensor dx = zeros(rows, columns);
        Tensor dGain = zeros(columns);
        Tensor dShift = zeros(columns);
        DoubleSupplier f = () -> {
            KERNELS.normalization().layerNorm(x, gain, shift, 1e-3, y, mean, rstd);
            return dot(w, y);
        };
        f.getAsDouble();
        KERNELS.normalization().layerNormBackward(x, gain, mean, rstd, w, false, dx, dGain, dShift);
        assertGradient("layer norm, x", x, dx, f);
        assertGradient("layer norm, gain", gain, dGain, f);
        assertGradient("layer norm, shift", shift, dShift, f);
    }

    @Test
    void rmsNorm() {
        int rows = 5;
        int columns = 19;
        Tensor x = random(rows, columns);
        Tensor gain = random(columns);
        Tensor y = zeros(rows, columns);
        Tensor rstd = zeros(rows);
        Tensor w = random(rows, columns);
        Tensor dx = zeros(rows, columns);
        Tensor dGain = zeros(columns);
        DoubleSupplier f = () -> {
            KERNELS.normalization().rmsNorm(x, gain, 1e-3, y, rstd);
            return dot(w, y);
        };
        f.getAsDouble();
        KERNELS.normalization().rmsNormBackward(x, gain, rstd, w, false, dx, dGain);
        assertGradient("RMS norm, x", x, dx, f);
        assertGradient("RMS norm, gain", gain, dGain, f);
    }

    @Test
    void activations() {
        Tensor x = random(3, 23);
        Tensor y = zeros(3, 23);
        Tensor w = random(3, 23);
        Tensor dx = zeros(3, 23);
        for (Activation activation : Activation.values()) {
            KERNELS.activations().backward(activation, x, w, dx);
            assertGradient(activation.toString(), x, dx, () -> {
                KERNELS.activations().forward(activation, x, y);
                return dot(w, y);
            });
        }
    }

    @Test
    void attention() {
        attention(AttentionShape.self(2, 3, 7, 5, 0.4, true));
        attention(AttentionShape.self(2, 2, 6, 4, 0.5, false));
        attention(new AttentionShape(3, 4, 2, 3, 9, 6, 0.4, true, new int[] {9, 4, 0}));
        attention(new AttentionShape(1, 2, 1, 8, 5, 3, 0.6, true, null));
    }

    private void attention(AttentionShape shape) {
        int queries = shape.batch() * shape.queryLength();
        int keys = shape.batch() * shape.keyLength();
        int queryColumns = shape.heads() * shape.headWidth();
        int keyColumns = shape.keyHeads() * shape.headWidth();
        Tensor query = random(queries, queryColumns);
        Tensor key = random(keys, keyColumns);
        Tensor value = random(keys, keyColumns);
        Tensor output = zeros(queries, queryColumns);
        Tensor logSumExp = zeros(shape.batch() * shape.heads(), shape.queryLength());
        Tensor w = random(queries, queryColumns);
        Tensor dQuery = zeros(queries, queryColumns);
        Tensor dKey = zeros(keys, keyColumns);
        Tensor dValue = zeros(keys, keyColumns);
        KERNELS.attention().forward(shape, query, key, value, output, logSumExp);
        KERNELS.attention().backward(shape, query, key, value, output, logSumExp, w, dQuery, dKey, dValue);
        DoubleSupplier f = () -> {
            KERNELS.attention().forward(shape, query, key, value, output, null);
            return dot(w, output);
        };
        assertGradient("query of " + shape, query, dQuery, f);
        assertGradient("key of " + shape, key, dKey, f);
        assertGradient("value of " + shape, value, dValue, f);
    }

    @Test
    void embeddings() {
        Tensor table = random(6, 9);
        Tensor y = zeros(5, 9);
        Tensor w = random(5, 9);
        Tensor dTable = zeros(6, 9);
        int[] ids = {4, 0, 4, 2, 5};
        KERNELS.embedding().scatterAdd(w, ids, dTable);
        assertGradient("gather", table, dTable, () -> {
            KERNELS.embedding().gather(table, ids, y);
            return dot(w, y);
        });
        Tensor x = random(6, 16);
        Tensor rotated = zeros(6, 16);
        Tensor v = random(6, 16);
        Tensor dx = zeros(6, 16);
        KERNELS.embedding().rotary(8, 3, 5, 10000, true, v, dx);
        assertGradient("rotary", x, dx, () -> {
            KERNELS.embedding().rotary(8, 3, 5, 10000, false, x, rotated);
            return dot(v, rotated);
        });
    }

    @Test
    void repeatedRowsPoolingAndDropout() {
        Tensor x = random(6, 9);
        Tensor block = random(3, 9);
        Tensor z = zeros(6, 9);
        Tensor w = random(6, 9);
        Tensor dBlock = zeros(3, 9);
        KERNELS.reduction().sumRepeated(w, dBlock);
        assertGradient("repeated rows", block, dBlock, () -> {
            KERNELS.elementwise().addRepeated(x, block, z);
            return dot(w, z);
        });
        Tensor pooled = zeros(2, 9);
        Tensor v = random(2, 9);
        Tensor dx = zeros(6, 9);
        KERNELS.reduction().poolBackward(3, 0.3, v, dx);
        assertGradient("pool", x, dx, () -> {
            KERNELS.reduction().pool(3, 0.3, x, pooled);
            return dot(v, pooled);
        });
        KERNELS.elementwise().dropout(0.4, 77, w, dx);
        assertGradient("dropout", x, dx, () -> {
            KERNELS.elementwise().dropout(0.4, 77, x, z);
            return dot(w, z);
        });
    }

    private Tensor random(int... shape) {
        return KernelsUnderTest.random(random, ElementType.FLOAT64, shape);
    }

    private static Tensor zeros(int... shape) {
        return KernelsUnderTest.guarded(ElementType.FLOAT64, shape);
    }

    private static double dot(Tensor x, Tensor y) {
        double[] xs = x.toArray();
        double[] ys = y.toArray();
        double sum = 0;
        for (int i = 0; i < xs.length; i++) {
            sum += xs[i] * ys[i];
        }
        return sum;
    }

    private static void assertGradient(String name, Tensor x, Tensor gradient, DoubleSupplier f) {
        for (int r = 0; r < x.rows(); r++) {
            for (int j = 0; j < x.columns(); j++) {
                double middle = x.get(r, j);
                x.set(r, j, middle + STEP);
                double above = f.getAsDouble();
                x.set(r, j, middle - STEP);
                double below = f.getAsDouble();
                x.set(r, j, middle);
                double difference = (above - below) / (2 * STEP);
                double computed = gradient.get(r, j);
                // The difference quotient errs by STEP^2 f''' / 6 and by rounding, u |f| / STEP.
                assertTrue(Math.abs(computed - difference) <= 1e-7 * (1 + Math.abs(difference)),
                        name + ": the gradient at ("
                                + r + ", " + j + ") is " + computed + "; the difference quotient is " + difference
                                + " (seed " + SEED + ")");
            }
        }
    }
}
