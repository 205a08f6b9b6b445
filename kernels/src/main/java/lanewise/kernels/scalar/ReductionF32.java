package lanewise.kernels.scalar;

import lanewise.kernels.Reduction;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Sums in double. Whole tensors: a sum for each row, then their sum, both in order. */
final class ReductionF32 implements Reduction {
    private final Workers workers;

    ReductionF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public double sum(Tensor x) {
        return sum(x, false);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        return sum(x, true);
    }

    private double sum(Tensor x, boolean squares) {
        float[] xArray = x.floats();
        double[] rowSums = workers.scratch().doubles(0, x.rows());
        Split.rows(workers, x.rows(), x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                double sum = 0;
                for (int j = 0; j < x.columns(); j++) {
                    double element = xArray[x.offset() + r * x.rowStride() + j];
                    sum += squares ? element * element : element;
                }
                rowSums[r] = sum;
            }
        });
        double sum = 0;
        for (int r = 0; r < x.rows(); r++) {
            sum += rowSums[r];
        }
        return sum;
    }

    @Override
    public void sumRepeated(Tensor x, Tensor block) {
        float[] xArray = x.floats();
        float[] blockArray = block.floats();
        int columns = x.columns();
        int results = block.rows() * columns;
        Split.rows(workers, results, results == 0 ? 0 : x.elements() / results, (first, end) -> {
            for (int i = first; i < end; i++) {
                int row = i / columns;
                int column = i % columns;
                double sum = 0;
                for (int r = row; r < x.rows(); r += block.rows()) {
                    sum += xArray[x.offset() + r * x.rowStride() + column];
                }
                blockArray[block.offset() + row * block.rowStride() + column] += (float) sum;
            }
        });
    }

    @Override
    public void pool(int length, double scale, Tensor x, Tensor y) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        Split.rows(workers, y.rows(), (long) length * x.columns(), (first, end) -> {
            for (int b = first; b < end; b++) {
                for (int j = 0; j < x.columns(); j++) {
                    double sum = 0;
                    for (int t = 0; t < length; t++) {
                        sum += xArray[x.offset() + (b * length + t) * x.rowStride() + j];
                    }
                    yArray[y.offset() + b * y.rowStride() + j] = (float) (scale * sum);
                }
            }
        });
    }

    @Override
    public void poolBackward(int length, double scale, Tensor dy, Tensor dx) {
        float[] dyArray = dy.floats();
        float[] dxArray = dx.floats();
        Split.rows(workers, dx.rows(), dx.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int dyAt = dy.offset() + r / length * dy.rowStride();
                int dxAt = dx.offset() + r * dx.rowStride();
                for (int j = 0; j < dx.columns(); j++) {
                    dxArray[dxAt + j] = (float) (scale * dyArray[dyAt + j]);
                }
            }
        });
    }
}
