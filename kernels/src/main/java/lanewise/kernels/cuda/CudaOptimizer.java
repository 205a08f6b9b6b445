package lanewise.kernels.cuda;

import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;

/** Element by element, each tensor read and written once. */
final class CudaOptimizer implements Optimizer {
    private final Device device;
    private final ElementType type;

    CudaOptimizer(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    private Launch kernel(String operation) {
        return device.kernel("optimizer", "optimizer_" + operation + "_" + Device.suffix(type), Elements.THREADS);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter, Tensor gradient) {
        try (Operands operands = new Operands(device)) {
            Operand p = operands.inOut(parameter);
            Operand g = operands.in(gradient);
            Elements elements = Elements.of(type, parameter.rows(), parameter.columns(), p, g);
            kernel("gradientDescent").with(p).with(g).with(elements.rows()).with(elements.columns()).with(learningRate).with(weightDecay)
                    .with(gradientScale).over(elements.blocks());
        }
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor velocity) {
        try (Operands operands = new Operands(device)) {
            Operand p = operands.inOut(parameter);
            Operand g = operands.in(gradient);
            Operand v = operands.inOut(velocity);
            Elements elements = Elements.of(type, parameter.rows(), parameter.columns(), p, g, v);
            kernel("momentum").with(p).with(g).with(v).with(elements.rows()).with(elements.columns()).with(learningRate).with(momentum)
                    .with(weightDecay).with(gradientScale).over(elements.blocks());
        }
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor mean, Tensor meanSquares) {
        try (Operands operands = new Operands(device)) {
            Operand p = operands.inOut(parameter);
            Operand g = operands.in(gradient);
            Operand m = operands.inOut(mean);
            Operand v = operands.inOut(meanSquares);
            Elements elements = Elements.of(type, parameter.rows(), parameter.columns(), p, g, m, v);
            double meanFactor = 1 / (1 - Math.pow(settings.beta1(), step));
            double squaresFactor = 1 / (1 - Math.pow(settings.beta2(), step));
            kernel("adam").with(p).with(g).with(m).with(v).with(elements.rows()).with(elements.columns()).with(learningRate)
                    .with(settings.beta1()).with(settings.beta2()).with(meanFactor).with(squaresFactor).with(settings.epsilon())
                    .with(settings.weightDecay()).with(settings.decoupled()).with(gradientScale).over(elements.blocks());
        }
    }
}
