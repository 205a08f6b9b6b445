package lanewise.kernels.scalar;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import lanewise.kernels.Dropout;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Element by element, in double, rounded once. */
final class ElementwiseF32 implements Elementwise {
    private final Workers workers;

    ElementwiseF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        combine(x, y, z, (a, b) -> a + b);
    }

    @Override
    public void multiply(Tensor x, Tensor y, Tensor z) {
        combine(x, y, z, (a, b) -> a * b);
    }

    @Override
    public void scaleAdd(double alpha, Tensor x, double beta, Tensor y) {
        if (beta == 0) {
            map(x, y, a -> alpha * a);
        } else {
            combine(x, y, y, (a, b) -> alpha * a + beta * b);
        }
    }

    @Override
    public void addRepeated(Tensor x, Tensor block, Tensor z) {
        combine(x, block, z, (a, b) -> a + b);
    }

    @Override
    public void dropout(double rate, long seed, Tensor x, Tensor y) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        Split.rows(workers, x.rows(), 4L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                for (int j = 0; j < x.columns(); j++) {
                    boolean kept = Dropout.kept(rate, seed, r * x.columns() + j);
                    yArray[yAt + j] = (float) (kept ? xArray[xAt + j] / (1 - rate) : 0);
                }
            }
        });
    }

    @Override
    public void exp(Tensor x, Tensor y) {
        map(x, y, Math::exp);
    }

    @Override
    public void log(Tensor x, Tensor y) {
        map(x, y, Math::log);
    }

    @Override
    public void tanh(Tensor x, Tensor y) {
        map(x, y, Math::tanh);
    }

    @Override
    public void erf(Tensor x, Tensor y) {
        map(x, y, ScalarFunctions::erf);
    }

    private void map(Tensor x, Tensor y, DoubleUnaryOperator f) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        Split.rows(workers, x.rows(), 8L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                for (int j = 0; j < x.columns(); j++) {
                    yArray[yAt + j] = (float) f.applyAsDouble(xArray[xAt + j]);
                }
            }
        });
    }

    /** The rows of y repeat if it has fewer than x. */
    private void combine(Tensor x, Tensor y, Tensor z, DoubleBinaryOperator f) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        float[] zArray = z.floats();
        Split.rows(workers, x.rows(), x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r % y.rows() * y.rowStride();
                int zAt = z.offset() + r * z.rowStride();
                for (int j = 0; j < x.columns(); j++) {
                    zArray[zAt + j] = (float) f.applyAsDouble(xArray[xAt + j], yArray[yAt + j]);
                }
            }
        });
    }
}
