package lanewise.kernels.cuda;

import lanewise.kernels.Activation;
import lanewise.kernels.Activations;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** Element by element. */
final class CudaActivations implements Activations {
    private final Device device;
    private final ElementType type;

    CudaActivations(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    private Launch kernel(String operation) {
        return device.kernel("activations", "activations_" + operation + "_" + Device.suffix(type), Elements.THREADS);
    }

    @Override
    public void forward(Activation f, Tensor x, Tensor y) {
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand to = operands.out(y);
            Elements elements = Elements.of(type, x.rows(), x.columns(), from, to);
            kernel("forward").with(f.ordinal()).with(from).with(to).with(elements.rows()).with(elements.columns())
                    .over(elements.blocks());
        }
    }

    @Override
    public void backward(Activation f, Tensor x, Tensor dy, Tensor dx) {
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand gradient = operands.in(dy);
            Operand to = operands.out(dx);
            Elements elements = Elements.of(type, x.rows(), x.columns(), from, gradient, to);
            kernel("backward").with(f.ordinal()).with(from).with(gradient).with(to).with(elements.rows()).with(elements.columns())
                    .over(elements.blocks());
        }
    }
}
