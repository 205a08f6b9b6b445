package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Softmax;
import lanewise.kernels.Tensor;

/** A block for each row. */
final class CudaSoftmax implements Softmax {
    private static final int THREADS = 128;

    private final Device device;
    private final String suffix;

    CudaSoftmax(Device device, ElementType type) {
        this.device = device;
        suffix = Device.suffix(type);
    }

    @Override
    public void forward(double scale, Tensor x, Tensor y) {
        try (Operands operands = new Operands(device)) {
            device.kernel("softmax", "softmax_forward_" + suffix, THREADS).with(operands.in(x)).with(operands.out(y)).with(x.columns())
                    .with(scale).over(x.rows());
        }
    }

    @Override
    public void backward(double scale, Tensor y, Tensor dy, Tensor dx) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void logForward(double scale, Tensor x, Tensor y) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void logBackward(double scale, Tensor y, Tensor dy, Tensor dx) {
        throw new UnsupportedOperationException();
    }
}
