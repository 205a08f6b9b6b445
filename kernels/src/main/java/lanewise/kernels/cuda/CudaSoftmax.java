package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Softmax;
import lanewise.kernels.Tensor;

/** Row by row. */
final class CudaSoftmax implements Softmax {
    private final Device device;
    private final ElementType type;

    CudaSoftmax(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    @Override
    public void forward(double scale, Tensor x, Tensor y) {
        forward("forward", scale, x, y);
    }

    @Override
    public void logForward(double scale, Tensor x, Tensor y) {
        forward("logForward", scale, x, y);
    }

    @Override
    public void backward(double scale, Tensor y, Tensor dy, Tensor dx) {
        backward("backward", scale, y, dy, dx);
    }

    @Override
    public void logBackward(double scale, Tensor y, Tensor dy, Tensor dx) {
        backward("logBackward", scale, y, dy, dx);
    }

    private void forward(String operation, double scale, Tensor x, Tensor y) {
        RowSplit split = RowSplit.of(device, type, x, 1);
        try (Operands operands = new Operands(device)) {
            split.kernel(device, "softmax", operation).with(operands.in(x)).with(operands.out(y)).with(x.rows()).with(x.columns())
                    .with(split.held()).with(scale).over(split.blocks());
        }
    }

    private void backward(String operation, double scale, Tensor y, Tensor dy, Tensor dx) {
        RowSplit split = RowSplit.of(device, type, y, 2);
        try (Operands operands = new Operands(device)) {
            split.kernel(device, "softmax", operation).with(operands.in(y)).with(operands.in(dy)).with(operands.out(dx)).with(y.rows())
                    .with(y.columns()).with(split.held()).with(scale).over(split.blocks());
        }
    }
}
