package lanewise.bench.gpu;

import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Causal attention over query, key and value that are columns of one matrix, as a projection leaves them, forward; or backward alone.
 * Checked are some queries of one head of the last sequence, and the keys that few queries see.
 */
final class AttentionTask implements GpuCase {
    private static final int SAMPLES = 6;

    private final Kernels kernels;
    private final GpuRow row;
    private final boolean backward;
    private final AttentionShape shape;
    private final RandomMatrix projection;
    private final RandomMatrix dOutput;
    private final Tensor[] inputs = new Tensor[3];
    private final Tensor[] gradients = new Tensor[3];
    private final Tensor output;
    private final Tensor logSumExp;

    AttentionTask(Kernels kernels, GpuRow row, long seed) {
        this.kernels = kernels;
        this.row = row;
        backward = row.operation().equals("attention-backward");
        int[] sizes = row.sizes();
        shape = AttentionShape.self(sizes[0], sizes[1], sizes[2], sizes[3], 1 / Math.sqrt(sizes[3]), true);
        int rows = sizes[0] * sizes[2];
        int columns = sizes[1] * sizes[3];
        ElementType type = row.elementType();
        projection = new RandomMatrix(kernels, type, seed, rows, 3 * columns);
        dOutput = new RandomMatrix(kernels, type, seed + 1, rows, columns);
        Tensor gradient = GpuCase.unwritten(kernels, type, backward ? rows : 0, 3 * columns);
        for (int i = 0; i < 3; i++) {
            inputs[i] = projection.tensor.columnRange(i * columns, (i + 1) * columns);
            gradients[i] = gradient.columnRange(i * columns, (i + 1) * columns);
        }
        output = GpuCase.unwritten(kernels, type, rows, columns);
        logSumExp = GpuCase.unwritten(kernels, GpuCase.wide(row), sizes[0] * sizes[1], sizes[2]);
        if (backward) {
            forward();
        }
    }

    private void forward() {
        kernels.attention().forward(shape, inputs[0], inputs[1], inputs[2], output, logSumExp);
    }

    @Override
    public void run() {
        if (backward) {
            kernels.attention().backward(shape, inputs[0], inputs[1], inputs[2], output, logSumExp, dOutput.tensor, gradients[0],
                    gradients[1], gradients[2]);
        } else {
            forward();
        }
    }

    @Override
    public void check() {
        Deviation.checkWritten(kernels, "the output", output);
        Head head = new Head();
        int last = shape.queryLength() - 1;
        Deviation outputs = new Deviation("the output");
        Deviation queries = new Deviation("the gradient of the queries");
        Deviation keys = new Deviation("the gradient of the keys");
        Deviation values = new Deviation("the gradient of the values");
        for (int sample = 0; sample < SAMPLES; sample++) {
            int query = sample * last / (SAMPLES - 1);
            head.compare(outputs, output, query, head.output(query));
            if (backward) {
                int key = Math.max(0, last - 11 * sample);
                head.compare(queries, gradients[0], query, head.queryGradient(query));
                head.compare(keys, gradients[1], key, head.keyGradient(key));
                head.compare(values, gradients[2], key, head.valueGradient(key));
            }
        }
        outputs.check(GpuCase.limit(row));
        if (backward) {
            Deviation.checkWritten(kernels, "the gradient of the queries", gradients[0]);
            Deviation.checkWritten(kernels, "the gradient of the keys", gradients[1]);
            Deviation.checkWritten(kernels, "the gradient of the values", gradients[2]);
            // Differences of numbers that were rounded each.
            queries.check(3 * GpuCase.limit(row));
            keys.check(3 * GpuCase.limit(row));
            values.check(3 * GpuCase.limit(row));
        }
    }

    /** The last head of the last sequence, by the formulas. */
    private final class Head {
        private final int width = shape.headWidth();
        private final int length = shape.queryLength();
        private final int firstRow = (shape.batch() - 1) * length;
        private final int firstColumn = (shape.heads() - 1) * width;
        private final double[][] q = read(projection, 0);
        private final double[][] k = read(projection, 1);
        private final double[][] v = read(projection, 2);
        private final double[][] dO = read(dOutput, 0);

        private double[][] read(RandomMatrix matrix, int part) {
            double[][] rows = new double[length][width];
            for (int i = 0; i < length; i++) {
                for (int j = 0; j < width; j++) {
                    rows[i][j] = matrix.at(firstRow + i, part * shape.heads() * width + firstColumn + j);
                }
            }
            return rows;
        }

        void compare(Deviation deviation, Tensor actual, int position, double[] expected) {
            Tensor part = actual.rowRange(firstRow + position, firstRow + position + 1).columnRange(firstColumn, firstColumn + width);
            deviation.add(part, Tensor.wrap(expected, 1, width));
        }

        private double dot(double[] a, double[] b) {
            double sum = 0;
            for (int j = 0; j < width; j++) {
                sum += a[j] * b[j];
            }
            return sum;
        }

        private void add(double[] sum, double factor, double[] term) {
            for (int j = 0; j < width; j++) {
                sum[j] += factor * term[j];
            }
        }

        /** Of the keys that a query sees. */
        private double[] probabilities(int query) {
            double[] p = new double[query + 1];
            double sum = 0;
            for (int key = 0; key <= query; key++) {
                p[key] = Math.exp(shape.scale() * dot(q[query], k[key]));
                sum += p[key];
            }
            for (int key = 0; key <= query; key++) {
                p[key] /= sum;
            }
            return p;
        }

        double[] output(int query) {
            double[] p = probabilities(query);
            double[] sum = new double[width];
            for (int key = 0; key <= query; key++) {
                add(sum, p[key], v[key]);
            }
            return sum;
        }

        /** Gradients of a query's scores: p (dO v - sum of p dO v). */
        private double[] scoreGradients(int query) {
            double[] p = probabilities(query);
            double[] products = new double[query + 1];
            double mean = 0;
            for (int key = 0; key <= query; key++) {
                products[key] = dot(dO[query], v[key]);
                mean += p[key] * products[key];
            }
            for (int key = 0; key <= query; key++) {
                p[key] *= products[key] - mean;
            }
            return p;
        }

        double[] queryGradient(int query) {
            double[] dScores = scoreGradients(query);
            double[] sum = new double[width];
            for (int key = 0; key <= query; key++) {
                add(sum, shape.scale() * dScores[key], k[key]);
            }
            return sum;
        }

        double[] keyGradient(int key) {
            double[] sum = new double[width];
            for (int query = key; query < length; query++) {
                add(sum, shape.scale() * scoreGradients(query)[key], q[query]);
            }
            return sum;
        }

        double[] valueGradient(int key) {
            double[] sum = new double[width];
            for (int query = key; query < length; query++) {
                add(sum, probabilities(query)[key], dO[query]);
            }
            return sum;
        }
    }
}
