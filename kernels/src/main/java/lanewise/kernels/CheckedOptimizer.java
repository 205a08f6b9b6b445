package lanewise.kernels;

final class CheckedOptimizer extends Checked<Optimizer> implements Optimizer {
    CheckedOptimizer(Optimizer float32, Optimizer float64) {
        super(float32, float64);
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient) {
        likeParameter("gradient", gradient, parameter);
        of(parameter).gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient);
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity) {
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
        likeParameter("gradient", gradient, parameter);
        likeParameter("mean", mean, parameter);
        likeParameter("meanSquares", meanSquares, parameter);
        Check.apart("mean", mean, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "gradient", gradient);
        Check.apart("meanSquares", meanSquares, "mean", mean);
        of(parameter).adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares);
    }

    private static void likeParameter(String name, Tensor tensor, Tensor parameter) {
        Check.like(name, tensor, "parameter", parameter);
        Check.apart(name, tensor, "parameter", parameter);
    }
}
