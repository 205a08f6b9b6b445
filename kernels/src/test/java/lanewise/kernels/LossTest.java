package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class LossTest {
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    @ParameterizedTest
    @HostTypes
    void crossEntropyMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(12);
        for (int rows : Cases.ROWS) {
            for (int columns : Cases.COLUMNS) {
                crossEntropyMatchesTheDefinition(random, type, rows, columns);
            }
        }
        for (int columns : Cases.LONG_COLUMNS) {
            crossEntropyMatchesTheDefinition(random, type, 3, columns);
        }
    }

    private static void crossEntropyMatchesTheDefinition(Random random, ElementType type, int rows, int n) {
        double u = type.unitRoundoff();
        boolean contiguous = random.nextBoolean();
        Tensor logits = Cases.random(random, type, contiguous, rows, n);
        int[] targets = new int[rows];
        for (int r = 0; r < rows; r++) {
            targets[r] = random.nextInt(n + 1) - 1;
        }
        double scale = random.nextGaussian();
        double[] x = logits.toArray();
        double[] losses = new double[rows];
        double[] gradient = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            if (targets[r] == -1) {
                continue;
            }
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += Math.exp(x[r * n + j]);
            }
            losses[r] = Math.log(sum) - x[r * n + targets[r]];
            for (int j = 0; j < n; j++) {
                gradient[r * n + j] = scale * (Math.exp(x[r * n + j]) / sum - (j == targets[r] ? 1 : 0));
            }
        }
        Tensor lossTensor = Cases.unwritten(type, true, rows);
        Tensor dLogits = Cases.unwritten(type, contiguous, rows, n);
        String name = "cross-entropy of " + logits;
        kernels.loss().crossEntropy(logits, targets, -1, scale, lossTensor, dLogits);
        assertClose(name, losses, lossTensor, 16 * u, 8 * u);
        assertClose("gradient of " + name, gradient, dLogits, 8 * u * Math.abs(scale), 16 * u);
        Tensor withoutGradient = Cases.unwritten(type, true, rows);
        kernels.loss().crossEntropy(logits, targets, -1, scale, withoutGradient, null);
        assertSameBits(name + " without gradient", lossTensor, withoutGradient);
        Tensor copy = KernelsUnderTest.copy(logits, type);
        kernels.loss().crossEntropy(copy, targets, -1, scale, withoutGradient, copy);
        assertSameBits("gradient of " + name + " in place", dLogits, copy);
        assertGuardsIntact(name, copy);
    }

    @ParameterizedTest
    @HostTypes
    void ignoredRowsAreZeroWhateverTheyHold(ElementType type) {
        for (int n : new int[] {5, 32}) {
            Tensor logits = Tensor.zeros(type, 3, n);
            logits.fill(Double.NaN);
            Tensor losses = Cases.unwritten(type, true, 3);
            Tensor dLogits = Cases.unwritten(type, true, 3, n);
            int[] targets = new int[3];
            Arrays.fill(targets, -100);
            kernels.loss().crossEntropy(logits, targets, -100, 1, losses, dLogits);
            assertClose("losses of ignored rows", new double[3], losses, 0, 0);
            assertClose("gradient of ignored rows", new double[3 * n], dLogits, 0, 0);
        }
    }

    @ParameterizedTest
    @HostTypes
    void crossEntropyOfLargeLogits(ElementType type) {
        Tensor logits = Tensor.zeros(type, 2, 20);
        logits.set(0, 3, 5000);
        logits.set(1, 3, -5000);
        Tensor losses = Tensor.zeros(type, 2);
        kernels.loss().crossEntropy(logits, new int[] {4, 3}, -1, 1, losses, null);
        assertClose("losses of large logits", new double[] {5000, 5000 + Math.log(19)}, losses, 0,
                2 * type.unitRoundoff());
    }

    /** Terms below half a unit of a lane's sum are lost, but not for longer than a part of the row. (Plain float64 loses all.) */
    @Test
    void smallTermsBesideOneLargeAddUp() {
        ElementType type = ElementType.FLOAT32;
        double u = type.unitRoundoff();
        int n = 12_000;
        Tensor logits = Tensor.zeros(type, 1, n);
        logits.fill(Math.log(0.4 * u));
        logits.set(0, 0, 0);
        double term = Math.exp(logits.get(0, 1));
        Tensor losses = Tensor.zeros(type, 1);
        kernels.loss().crossEntropy(logits, new int[] {0}, -1, 1, losses, null);
        assertClose("loss beside small terms", new double[] {Math.log1p((n - 1) * term)}, losses, 40 * u, 16 * u);
    }

    @ParameterizedTest
    @HostTypes
    void squaredErrorMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(13);
        double u = type.unitRoundoff();
        for (int rows : Cases.ROWS) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                Tensor y = Cases.random(random, type, contiguous, rows, n);
                Tensor target = Cases.random(random, type, contiguous, rows, n);
                double[] ys = y.toArray();
                double[] targets = target.toArray();
                double[] losses = new double[rows];
                double[] gradient = new double[rows * n];
                for (int i = 0; i < ys.length; i++) {
                    losses[i / n] += (ys[i] - targets[i]) * (ys[i] - targets[i]);
                    gradient[i] = 0.3 * 2 * (ys[i] - targets[i]);
                }
                Tensor lossTensor = Cases.unwritten(type, true, rows);
                Tensor dY = Cases.unwritten(type, contiguous, rows, n);
                String name = "squared error of " + y;
                kernels.loss().squaredError(y, target, 0.3, lossTensor, dY);
                assertClose(name, losses, lossTensor, 0, 70 * u);
                assertClose("gradient of " + name, gradient, dY, 0, 4 * u);
                Tensor copy = KernelsUnderTest.copy(y, type);
                kernels.loss().squaredError(copy, target, 0.3, lossTensor, copy);
                assertSameBits("gradient of " + name + " in place", dY, copy);
                kernels.loss().squaredError(y, target, 0.3, lossTensor, null);
                assertClose(name + " without gradient", losses, lossTensor, 0, 70 * u);
                assertGuardsIntact(name, copy);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Tensor x = Cases.random(KernelsUnderTest.seeded(2), type, true, 803, 129);
        int[] targets = new int[803];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = i % 130 - 1;
        }
        Cases.assertThreadsDoNotMatter("cross-entropy", kernels -> {
            Tensor gradient = Tensor.zeros(type, 803, 129);
            Tensor losses = Tensor.zeros(type, 803);
            kernels.loss().crossEntropy(x, targets, -1, 0.1, losses, gradient);
            kernels.elementwise().add(gradient.columnRange(0, 1), losses.reshape(803, 1), gradient.columnRange(0, 1));
            return gradient;
        });
    }
}
