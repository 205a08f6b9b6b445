package lanewise.kernels;

import java.util.List;
import java.util.Map;

final class CheckedOptimizer extends Checked<Optimizer> implements Optimizer {
    CheckedOptimizer(Map<ElementType, Column> columns) {
        super(columns, Column::optimizer);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient) {
        gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient, null);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor copy) {
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        copyOf(parameter, copy, gradient);
        of(parameter).gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient, copy);
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity) {
        momentum(learningRate, momentum, weightDecay, gradientScale, parameter, gradient, velocity, null);
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity, Tensor copy) {
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        likeParameter("velocity", velocity, parameter);
        Check.apart("velocity", velocity, "gradient", gradient);
        copyOf(parameter, copy, gradient, velocity);
        of(parameter).momentum(learningRate, momentum, weightDecay, gradientScale, parameter, gradient, velocity, copy);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares) {
        adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares, null);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares, Tensor copy) {
        check(settings, step, parameter, gradient, mean, meanSquares, copy);
        of(parameter).adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares, copy);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, List<AdamTensors> all) {
        for (AdamTensors one : all) {
            check(settings, step, one.parameter(), one.gradient(), one.mean(), one.meanSquares(), one.copy());
            Check.sameType("parameter", one.parameter(), "the first parameter", all.get(0).parameter());
        }
        if (!all.isEmpty()) {
            of(all.get(0).parameter()).adam(settings, learningRate, step, gradientScale, all);
        }
    }

    private static void check(AdamSettings settings, int step, Tensor parameter, Tensor gradient, Tensor mean, Tensor meanSquares,
            Tensor copy) {
        Check.present("settings", settings);
        Check.atLeast("step", step, 1);
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        likeParameter("mean", mean, parameter);
        likeParameter("meanSquares", meanSquares, parameter);
        Check.apart("mean", mean, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "mean", mean);
        copyOf(parameter, copy, gradient, mean, meanSquares);
    }

    /** Updates that are small beside the parameter must not be lost. */
    private static void summable(Tensor parameter) {
        Check.present("parameter", parameter);
        if (parameter.type() != parameter.type().accumulator()) {
            throw new IllegalArgumentException("parameter is " + parameter + "; expected " + parameter.type().accumulator().word()
                    + ", and a copy in " + parameter.type().word() + " to compute with");
        }
    }

    private static void likeParameter(String name, Tensor tensor, Tensor parameter) {
        Check.like(name, tensor, "parameter", parameter);
        Check.apart(name, tensor, "parameter", parameter);
    }

    private static void copyOf(Tensor parameter, Tensor copy, Tensor... others) {
        if (copy == null) {
            return;
        }
        if (copy.type().accumulator() != parameter.type()) {
            throw new IllegalArgumentException("copy is " + copy + "; expected a type whose sums are " + parameter.type().word()
                    + ", the parameter's");
        }
        Check.matrix("copy", copy, parameter.rows(), parameter.columns(), "the parameter's shape");
        Check.apart("copy", copy, "parameter", parameter);
        for (Tensor other : others) {
            Check.apart("copy", copy, "a tensor of the update", other);
        }
    }
}
