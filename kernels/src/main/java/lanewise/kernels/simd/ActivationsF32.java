package lanewise.kernels.simd;

import lanewise.kernels.Activation;
import lanewise.kernels.Activations;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** {@link ActivationLoopsF32} over tensors. */
final class ActivationsF32 implements Activations {
    private static final int WORK = 4;

    private final Workers workers;

    ActivationsF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(Activation f, Tensor x, Tensor y) {
        float[] xs = x.floats();
        float[] ys = y.floats();
        Split.elements(workers, x, x.isContiguous() && y.isContiguous(), WORK, (row, from, to) ->
                ActivationLoopsF32.forward(f, xs, x.offset() + row * x.rowStride() + from, ys,
                        y.offset() + row * y.rowStride() + from, to - from,
                        workers.scratch().floats(0, ActivationLoopsF32.EDGE)));
    }

    @Override
    public void backward(Activation f, Tensor x, Tensor dy, Tensor dx) {
        float[] xs = x.floats();
        float[] dys = dy.floats();
        float[] dxs = dx.floats();
        boolean contiguous = x.isContiguous() && dy.isContiguous() && dx.isContiguous();
        Split.elements(workers, x, contiguous, WORK, (row, from, to) ->
                ActivationLoopsF32.backward(f, xs, x.offset() + row * x.rowStride() + from, dys,
                        dy.offset() + row * dy.rowStride() + from, dxs, dx.offset() + row * dx.rowStride() + from,
                        to - from, workers.scratch().floats(0, ActivationLoopsF32.EDGE)));
    }
}
