package lanewise.kernels.scalar;

import lanewise.kernels.Activation;
import lanewise.kernels.Activations;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Element by element, as {@link ScalarFunctions} defines the functions. */
final class ActivationsF32 implements Activations {
    private final Workers workers;

    ActivationsF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(Activation f, Tensor x, Tensor y) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        Split.rows(workers, x.rows(), 16L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                for (int j = 0; j < x.columns(); j++) {
                    yArray[yAt + j] = (float) ScalarFunctions.activation(f, xArray[xAt + j]);
                }
            }
        });
    }

    @Override
    public void backward(Activation f, Tensor x, Tensor dy, Tensor dx) {
        float[] xArray = x.floats();
        float[] dyArray = dy.floats();
        float[] dxArray = dx.floats();
        Split.rows(workers, x.rows(), 16L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int dyAt = dy.offset() + r * dy.rowStride();
                int dxAt = dx.offset() + r * dx.rowStride();
                for (int j = 0; j < x.columns(); j++) {
                    dxArray[dxAt + j] = (float) (dyArray[dyAt + j] * ScalarFunctions.derivative(f, xArray[xAt + j]));
                }
            }
        });
    }
}
