package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Softmax;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Blocks of rows in the passes of {@link ExponentialRowsF32}; the gradients row by row. */
final class SoftmaxF32 implements Softmax {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    /** What a row takes beside its elements, in the unit of {@link Split}. */
    private static final int ROW = 128;

    private final Workers workers;

    SoftmaxF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(double scale, Tensor x, Tensor y) {
        Split.rows(workers, x.rows(), 6L * x.columns(), (from, to) -> forwardRows((float) scale, x, y, from, to));
    }

    private void forwardRows(float scale, Tensor x, Tensor y, int from, int to) {
        ExponentialRowsF32 exponentials = new ExponentialRowsF32(x.columns(), workers.scratch());
        for (int first = from; first < to; first += exponentials.block()) {
            int rows = Math.min(exponentials.block(), to - first);
            exponentials.compute(scale, x.floats(), x.offset() + first * x.rowStride(), x.rowStride(), rows, y.floats(),
                    y.offset() + first * y.rowStride());
            for (int r = 0; r < rows; r++) {
                exponentials.select(r);
                double sum = exponentials.sum();
                // A sum of 0 comes of a row of nothing but negative infinity, a NaN of a NaN in it.
                exponentials.write(sum == 0 ? 0 : 1 / sum, y.floats(), y.offset() + (first + r) * y.rowStride());
            }
        }
    }

    @Override
    public void logForward(double scale, Tensor x, Tensor y) {
        Split.rows(workers, x.rows(), 6L * x.columns(), (from, to) -> logForwardRows((float) scale, x, y, from, to));
    }

    private void logForwardRows(float scale, Tensor x, Tensor y, int from, int to) {
        int n = x.columns();
        ExponentialRowsF32 exponentials = new ExponentialRowsF32(n, workers.scratch());
        for (int first = from; first < to; first += exponentials.block()) {
            int rows = Math.min(exponentials.block(), to - first);
            exponentials.compute(scale, x.floats(), x.offset() + first * x.rowStride(), x.rowStride(), rows, null, 0);
            for (int r = 0; r < rows; r++) {
                exponentials.select(r);
                double sum = exponentials.sum();
                float maximum = exponentials.maximum();
                subtract(scale, maximum == Float.NEGATIVE_INFINITY ? 0 : maximum, sum == 0 ? 0 : (float) Math.log(sum),
                        x.floats(), x.offset() + (first + r) * x.rowStride(), y.floats(),
                        y.offset() + (first + r) * y.rowStride(), n);
            }
        }
    }

    /** y = scale x - maximum - logSum, where y may be x. */
    private static void subtract(float scale, float maximum, float logSum, float[] x, int xAt, float[] y, int yAt,
            int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).mul(scale).sub(maximum).sub(logSum).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = x[xAt + i] * scale - maximum - logSum;
        }
    }

    @Override
    public void backward(double scale, Tensor y, Tensor dy, Tensor dx) {
        Split.rows(workers, y.rows(), 4L * y.columns() + ROW, (from, to) -> {
            float[] lanes = workers.scratch().floats(0, LANES);
            for (int r = from; r < to; r++) {
                int yAt = y.offset() + r * y.rowStride();
                int dyAt = dy.offset() + r * dy.rowStride();
                double dot = RowSumsF32.dot(y.floats(), yAt, dy.floats(), dyAt, y.columns(), lanes);
                backward((float) scale, (float) dot, y.floats(), yAt, dy.floats(), dyAt, dx.floats(),
                        dx.offset() + r * dx.rowStride(), y.columns());
            }
        });
    }

    private static void backward(float scale, float dot, float[] y, int yAt, float[] dy, int dyAt, float[] dx,
            int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, dy, dyAt + i).sub(dot).mul(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .mul(scale).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = (dy[dyAt + i] - dot) * y[yAt + i] * scale;
        }
    }

    @Override
    public void logBackward(double scale, Tensor y, Tensor dy, Tensor dx) {
        Split.rows(workers, y.rows(), 4L * y.columns(), (from, to) -> {
            float[] lanes = workers.scratch().floats(0, 2 * LANES);
            for (int r = from; r < to; r++) {
                int dyAt = dy.offset() + r * dy.rowStride();
                double sum = RowSumsF32.sum(dy.floats(), dyAt, dy.columns(), lanes);
                int yAt = y.offset() + r * y.rowStride();
                int dxAt = dx.offset() + r * dx.rowStride();
                int whole = SPECIES.loopBound(y.columns());
                int rest = y.columns() - whole;
                logBackward((float) scale, (float) sum, y.floats(), yAt, dy.floats(), dyAt, dx.floats(), dxAt, whole);
                if (rest > 0) {
                    // The end of the row goes through the same loop, by way of a copy.
                    System.arraycopy(y.floats(), yAt + whole, lanes, 0, rest);
                    System.arraycopy(dy.floats(), dyAt + whole, lanes, LANES, rest);
                    logBackward((float) scale, (float) sum, lanes, 0, lanes, LANES, lanes, 0, LANES);
                    System.arraycopy(lanes, 0, dx.floats(), dxAt + whole, rest);
                }
            }
        });
    }

    /** n is a multiple of the lanes. */
    private static void logBackward(float scale, float sum, float[] y, int yAt, float[] dy, int dyAt, float[] dx,
            int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector e = MathF32.expOfNonPositive(FloatVector.fromArray(SPECIES, y, yAt + i));
            FloatVector.fromArray(SPECIES, dy, dyAt + i).sub(e.mul(sum)).mul(scale).intoArray(dx, dxAt + i);
        }
    }
}
