package lanewise.kernels;

import java.util.Map;

final class CheckedOptimizer extends Checked<Optimizer> implements Optimizer {
    CheckedOptimizer(Map<ElementType, Column> columns) {
        super(columns, Column::optimizer);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient) {
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        of(parameter).gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient);
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity) {
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        likeParameter("velocity", velocity, parameter);
        Check.apart("velocity", velocity, "gradient", gradient);
        of(parameter).momentum(learningRate, momentum, weightDecay, gradientScale, parameter, gradient, velocity);
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares) {
        Check.present("settings", settings);
        Check.atLeast("step", step, 1);
        summable(parameter);
        likeParameter("gradient", gradient, parameter);
        likeParameter("mean", mean, parameter);
        likeParameter("meanSquares", meanSquares, parameter);
        Check.apart("mean", mean, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "mean", mean);
        of(parameter).adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares);
    }

    /** Updates that are small beside the parameter must not be lost. */
    private static void summable(Tensor parameter) {
        Check.present("parameter", parameter);
        if (parameter.type() != parameter.type().accumulator()) {
            throw new IllegalArgumentException("parameter is " + parameter + "; expected " + Check.word(parameter.type().accumulator())
                    + ", and a copy in " + Check.word(parameter.type()) + " to compute with");
        }
    }

    private static void likeParameter(String name, Tensor tensor, Tensor parameter) {
        Check.like(name, tensor, "parameter", parameter);
        Check.apart(name, tensor, "parameter", parameter);
    }
}
