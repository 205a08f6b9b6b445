package lanewise.kernels.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;

/** Element by element, each tensor read and written once; copies in bfloat16 are written in the same pass. */
final class CudaOptimizer implements Optimizer {
    /** Numbers for each tensor in the table of a launch for many. */
    private static final int TABLE_WIDTH = 7;

    private final Device device;
    private final ElementType type;

    CudaOptimizer(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    /** @param numbers adds what follows the tensors and their sizes among the arguments of a kernel */
    private void update(String operation, Tensor parameter, Tensor gradient, Tensor copy, UnaryOperator<Launch> numbers, Tensor... moments) {
        boolean fused = copy != null && copy.type() == ElementType.BFLOAT16;
        try (Operands operands = new Operands(device)) {
            List<Operand> all = new ArrayList<>(List.of(operands.inOut(parameter), operands.in(gradient)));
            for (Tensor moment : moments) {
                all.add(operands.inOut(moment));
            }
            if (fused) {
                all.add(operands.out(copy));
            }
            Elements elements = Elements.of(type, parameter.rows(), parameter.columns(), all.toArray(new Operand[0]));
            Launch launch = device.kernel("optimizer", "optimizer_" + operation + "_" + Device.suffix(fused ? copy.type() : type),
                    Elements.THREADS);
            all.forEach(launch::with);
            numbers.apply(launch.with(elements.rows()).with(elements.columns())).over(elements.blocks());
        }
        if (copy != null && !fused) {
            copy.copyFrom(parameter);
        }
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter, Tensor gradient) {
        gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient, null);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor copy) {
        update("gradientDescent", parameter, gradient, copy,
                launch -> launch.with(learningRate).with(weightDecay).with(gradientScale));
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor velocity) {
        momentum(learningRate, momentum, weightDecay, gradientScale, parameter, gradient, velocity, null);
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor velocity, Tensor copy) {
        update("momentum", parameter, gradient, copy,
                launch -> launch.with(learningRate).with(momentum).with(weightDecay).with(gradientScale), velocity);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor mean, Tensor meanSquares) {
        adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares, null);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor mean, Tensor meanSquares, Tensor copy) {
        update("adam", parameter, gradient, copy, launch -> numbers(launch, settings, learningRate, step, gradientScale), mean, meanSquares);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, List<AdamTensors> all) {
        boolean copied = all.get(0).copy() != null;
        if (!all.stream().allMatch(one -> isGapless(one) && copied == (one.copy() != null && one.copy().type() == ElementType.BFLOAT16))) {
            Optimizer.super.adam(settings, learningRate, step, gradientScale, all);
            return;
        }
        try (Operands operands = new Operands(device)) {
            long[] table = new long[TABLE_WIDTH * all.size()];
            int at = 0;
            int blocks = 0;
            for (AdamTensors one : all) {
                table[at++] = operands.inOut(one.parameter()).address();
                table[at++] = operands.in(one.gradient()).address();
                table[at++] = operands.inOut(one.mean()).address();
                table[at++] = operands.inOut(one.meanSquares()).address();
                table[at++] = operands.out(one.copy()).address();
                table[at++] = one.parameter().elements();
                table[at++] = blocks;
                blocks += Elements.split(type, 1, one.parameter().elements()).blocks();
            }
            numbers(device.kernel("optimizer", "optimizer_adamAll_" + Device.suffix(copied ? ElementType.BFLOAT16 : type), Elements.THREADS)
                    .with(operands.longs(table)).with(all.size()), settings, learningRate, step, gradientScale).over(blocks);
        }
    }

    private static boolean isGapless(AdamTensors one) {
        return one.parameter().isContiguous() && one.gradient().isContiguous() && one.mean().isContiguous() && one.meanSquares().isContiguous()
                && (one.copy() == null || one.copy().isContiguous());
    }

    private static Launch numbers(Launch launch, AdamSettings settings, double learningRate, int step, double gradientScale) {
        double meanFactor = 1 / (1 - Math.pow(settings.beta1(), step));
        double squaresFactor = 1 / (1 - Math.pow(settings.beta2(), step));
        return launch.with(learningRate).with(settings.beta1()).with(settings.beta2()).with(meanFactor).with(squaresFactor)
                .with(settings.epsilon()).with(settings.weightDecay()).with(settings.decoupled()).with(gradientScale);
    }
}
