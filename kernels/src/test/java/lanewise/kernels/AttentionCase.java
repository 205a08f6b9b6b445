package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Random;

/** The arguments of one forward and backward pass, all guarded; the results start as NaN. */
final class AttentionCase {
    final AttentionShape shape;
    final ElementType type;
    Tensor query;
    Tensor key;
    Tensor value;
    final Tensor output;
    final Tensor logSumExp;
    final Tensor dOutput;
    Tensor dQuery;
    Tensor dKey;
    Tensor dValue;

    AttentionCase(Random random, ElementType type, AttentionShape shape) {
        this.shape = shape;
        this.type = type;
        int queryRows = shape.batch() * shape.queryLength();
        int keyRows = shape.batch() * shape.keyLength();
        int columns = shape.heads() * shape.headWidth();
        int keyColumns = shape.keyHeads() * shape.headWidth();
        query = KernelsUnderTest.random(random, type, queryRows, columns);
        key = KernelsUnderTest.random(random, type, keyRows, keyColumns);
        value = KernelsUnderTest.random(random, type, keyRows, keyColumns);
        dOutput = KernelsUnderTest.random(random, type, queryRows, columns);
        output = KernelsUnderTest.guarded(type, queryRows, columns);
        logSumExp = KernelsUnderTest.guarded(type, shape.batch() * shape.heads(), shape.queryLength());
        dQuery = KernelsUnderTest.guarded(type, queryRows, columns);
        dKey = KernelsUnderTest.guarded(type, keyRows, keyColumns);
        dValue = KernelsUnderTest.guarded(type, keyRows, keyColumns);
        for (Tensor result : new Tensor[] {output, logSumExp, dQuery, dKey, dValue}) {
            result.fill(Double.NaN);
        }
    }

    void forward(Kernels kernels) {
        kernels.attention().forward(shape, query, key, value, output, logSumExp);
    }

    void backward(Kernels kernels) {
        kernels.attention().backward(shape, query, key, value, output, logSumExp, dOutput, dQuery, dKey, dValue);
    }

    void check(String name, double slack) {
        checkValues(name, slack);
        KernelsUnderTest.assertGuardsIntact(name + ": output", output);
        KernelsUnderTest.assertGuardsIntact(name + ": logSumExp", logSumExp);
        KernelsUnderTest.assertGuardsIntact(name + ": dQuery", dQuery);
        KernelsUnderTest.assertGuardsIntact(name + ": dKey", dKey);
        KernelsUnderTest.assertGuardsIntact(name + ": dValue", dValue);
    }

    void checkForward(String name, double slack) {
        compare(name, new Definition(this), slack, false);
    }

    void checkValues(String name, double slack) {
        compare(name, new Definition(this), slack, true);
    }

    private void compare(String name, Definition expected, double slack, boolean gradients) {
        String what = name + ", " + type + " " + shape + ": ";
        double unit = slack * type.unitRoundoff();
        KernelsUnderTest.assertClose(what + "output", expected.output, output, 64 * unit, 64 * unit);
        KernelsUnderTest.assertClose(what + "logSumExp", expected.logSumExp, logSumExp, 64 * unit, 64 * unit);
        if (gradients) {
            KernelsUnderTest.assertClose(what + "dQuery", expected.dQuery, dQuery, 400 * unit, 400 * unit);
            KernelsUnderTest.assertClose(what + "dKey", expected.dKey, dKey, 400 * unit, 400 * unit);
            KernelsUnderTest.assertClose(what + "dValue", expected.dValue, dValue, 400 * unit, 400 * unit);
        }
    }

    /** The loss is the sum of output times dOutput; its slope along a random direction, forward and by differences. */
    void checkQuotient(String name, Kernels kernels, Tensor input, Tensor gradient, Random random) {
        double[] at = input.toArray();
        double[] slope = gradient.toArray();
        for (int trial = 0; trial < 3; trial++) {
            double[] direction = new double[at.length];
            double expected = 0;
            double magnitude = 0;
            for (int i = 0; i < at.length; i++) {
                direction[i] = random.nextGaussian();
                expected += slope[i] * direction[i];
                magnitude += Math.abs(slope[i] * direction[i]);
            }
            double step = 1e-4;
            double quotient = (8 * (loss(kernels, input, at, direction, step) - loss(kernels, input, at, direction, -step))
                    - loss(kernels, input, at, direction, 2 * step) + loss(kernels, input, at, direction, -2 * step))
                    / (12 * step);
            input.copyFrom(at);
            if (!(Math.abs(quotient - expected) <= 1e-6 * magnitude / Math.sqrt(at.length) + 1e-9)) {
                fail(name + ", " + shape + ": slope " + expected + ", by differences " + quotient);
            }
        }
    }

    private double loss(Kernels kernels, Tensor input, double[] at, double[] direction, double step) {
        double[] moved = new double[at.length];
        for (int i = 0; i < at.length; i++) {
            moved[i] = at[i] + step * direction[i];
        }
        input.copyFrom(moved);
        Tensor result = Tensor.zeros(type, output.shape());
        kernels.attention().forward(shape, query, key, value, result, null);
        double[] values = result.toArray();
        double[] weights = dOutput.toArray();
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[i] * weights[i];
        }
        return sum;
    }

    /** Row by row, with all scores of a row in memory. */
    private static final class Definition {
        final double[] output;
        final double[] logSumExp;
        final double[] dQuery;
        final double[] dKey;
        final double[] dValue;

        Definition(AttentionCase it) {
            AttentionShape shape = it.shape;
            int width = shape.headWidth();
            int columns = shape.heads() * width;
            int keyColumns = shape.keyHeads() * width;
            double[] query = it.query.toArray();
            double[] key = it.key.toArray();
            double[] value = it.value.toArray();
            double[] dOutput = it.dOutput.toArray();
            output = new double[query.length];
            logSumExp = new double[shape.batch() * shape.heads() * shape.queryLength()];
            dQuery = new double[query.length];
            dKey = new double[key.length];
            dValue = new double[key.length];
            for (int row = 0; row < logSumExp.length; row++) {
                int i = row % shape.queryLength();
                int head = row / shape.queryLength() % shape.heads();
                int sequence = row / shape.queryLength() / shape.heads();
                int keyHead = head * shape.keyHeads() / shape.heads();
                int queryAt = (sequence * shape.queryLength() + i) * columns + head * width;
                int keyAt = sequence * shape.keyLength() * keyColumns + keyHead * width;
                int valid = shape.keyLengths() == null ? shape.keyLength() : shape.keyLengths()[sequence];
                int keys = 0;
                while (keys < valid && (!shape.causal() || keys <= i + shape.keyLength() - shape.queryLength())) {
                    keys++;
                }
                row(row, query, key, value, dOutput, queryAt, keyAt, keyColumns, keys, width, shape.scale());
            }
        }

        private void row(int row, double[] query, double[] key, double[] value, double[] dOutput, int queryAt, int keyAt,
                int keyColumns, int keys, int width, double scale) {
            double[] p = new double[keys];
            double maximum = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < keys; j++) {
                for (int c = 0; c < width; c++) {
                    p[j] += query[queryAt + c] * key[keyAt + j * keyColumns + c];
                }
                p[j] *= scale;
                maximum = Math.max(maximum, p[j]);
            }
            logSumExp[row] = maximum;
            if (maximum == Double.NEGATIVE_INFINITY) {
                return;
            }
            double sum = 0;
            for (int j = 0; j < keys; j++) {
                p[j] = Math.exp(p[j] - maximum);
                sum += p[j];
            }
            logSumExp[row] += Math.log(sum);
            double mean = 0;
            for (int c = 0; c < width; c++) {
                for (int j = 0; j < keys; j++) {
                    output[queryAt + c] += p[j] / sum * value[keyAt + j * keyColumns + c];
                }
                mean += output[queryAt + c] * dOutput[queryAt + c];
            }
            for (int j = 0; j < keys; j++) {
                int at = keyAt + j * keyColumns;
                double dp = 0;
                for (int c = 0; c < width; c++) {
                    dp += dOutput[queryAt + c] * value[at + c];
                }
                double ds = p[j] / sum * (dp - mean) * scale;
                for (int c = 0; c < width; c++) {
                    dValue[at + c] += p[j] / sum * dOutput[queryAt + c];
                    dQuery[queryAt + c] += ds * key[at + c];
                    dKey[at + c] += ds * query[queryAt + c];
                }
            }
        }
    }
}
