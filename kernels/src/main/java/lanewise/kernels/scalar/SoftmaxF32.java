package lanewise.kernels.scalar;

import lanewise.kernels.Softmax;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Row by row: the maximum, the sum of exponentials, then the results. */
final class SoftmaxF32 implements Softmax {
    private final Workers workers;

    SoftmaxF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(double scale, Tensor x, Tensor y) {
        forward(scale, x, y, false);
    }

    @Override
    public void logForward(double scale, Tensor x, Tensor y) {
        forward(scale, x, y, true);
    }

    private void forward(double scale, Tensor x, Tensor y, boolean logarithm) {
        float[] from = x.floats();
        float[] to = y.floats();
        int columns = x.columns();
        Split.rows(workers, x.rows(), 16L * columns, (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                double maximum = maximum(scale, from, xAt, columns);
                double sum = sumOfExponentials(scale, from, xAt, columns, maximum);
                double logSum = Math.log(sum);
                boolean none = maximum == Double.NEGATIVE_INFINITY;
                for (int j = 0; j < columns; j++) {
                    double shifted = scale * from[xAt + j] - maximum;
                    if (logarithm) {
                        to[yAt + j] = (float) (none ? maximum : shifted - logSum);
                    } else {
                        to[yAt + j] = (float) (none ? 0 : Math.exp(shifted) / sum);
                    }
                }
            }
        });
    }

    @Override
    public void backward(double scale, Tensor y, Tensor dy, Tensor dx) {
        float[] yArray = y.floats();
        float[] dyArray = dy.floats();
        float[] dxArray = dx.floats();
        Split.rows(workers, y.rows(), 2L * y.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int yAt = y.offset() + r * y.rowStride();
                int dyAt = dy.offset() + r * dy.rowStride();
                int dxAt = dx.offset() + r * dx.rowStride();
                double dot = 0;
                for (int j = 0; j < y.columns(); j++) {
                    dot += (double) yArray[yAt + j] * dyArray[dyAt + j];
                }
                for (int j = 0; j < y.columns(); j++) {
                    dxArray[dxAt + j] = (float) (scale * yArray[yAt + j] * (dyArray[dyAt + j] - dot));
                }
            }
        });
    }

    @Override
    public void logBackward(double scale, Tensor y, Tensor dy, Tensor dx) {
        float[] yArray = y.floats();
        float[] dyArray = dy.floats();
        float[] dxArray = dx.floats();
        Split.rows(workers, y.rows(), 16L * y.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int yAt = y.offset() + r * y.rowStride();
                int dyAt = dy.offset() + r * dy.rowStride();
                int dxAt = dx.offset() + r * dx.rowStride();
                double sum = 0;
                for (int j = 0; j < y.columns(); j++) {
                    sum += dyArray[dyAt + j];
                }
                for (int j = 0; j < y.columns(); j++) {
                    dxArray[dxAt + j] = (float) (scale * (dyArray[dyAt + j] - Math.exp(yArray[yAt + j]) * sum));
                }
            }
        });
    }

    /** The largest scale x of a row; negative infinity if it is empty, NaN if one is NaN. */
    static double maximum(double scale, float[] x, int at, int columns) {
        double maximum = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < columns; j++) {
            maximum = Math.max(maximum, scale * x[at + j]);
        }
        return maximum;
    }

    /** The sum of exp(scale x - maximum) over a row. */
    static double sumOfExponentials(double scale, float[] x, int at, int columns, double maximum) {
        double sum = 0;
        for (int j = 0; j < columns; j++) {
            sum += Math.exp(scale * x[at + j] - maximum);
        }
        return sum;
    }
}
