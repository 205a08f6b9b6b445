package lanewise.kernels.scalar;

import lanewise.kernels.AdamSettings;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Element by element, in double. */
final class OptimizerF32 implements Optimizer {
    private final Workers workers;

    OptimizerF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient) {
        Split.rows(workers, parameter.rows(), parameter.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                for (int j = 0; j < parameter.columns(); j++) {
                    int at = at(parameter, r, j);
                    double p = parameter.floats()[at];
                    double g = gradientScale * gradient.floats()[at(gradient, r, j)];
                    parameter.floats()[at] = (float) (p - learningRate * (g + weightDecay * p));
                }
            }
        });
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity) {
        Split.rows(workers, parameter.rows(), 2L * parameter.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                for (int j = 0; j < parameter.columns(); j++) {
                    int at = at(parameter, r, j);
                    int velocityAt = at(velocity, r, j);
                    double p = parameter.floats()[at];
                    double g = gradientScale * gradient.floats()[at(gradient, r, j)];
                    double v = momentum * velocity.floats()[velocityAt] + g + weightDecay * p;
                    velocity.floats()[velocityAt] = (float) v;
                    parameter.floats()[at] = (float) (p - learningRate * v);
                }
            }
        });
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares) {
        double beta1 = settings.beta1();
        double beta2 = settings.beta2();
        double decay = settings.weightDecay();
        double meanCorrection = 1 - Math.pow(beta1, step);
        double squaresCorrection = 1 - Math.pow(beta2, step);
        Split.rows(workers, parameter.rows(), 4L * parameter.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                for (int j = 0; j < parameter.columns(); j++) {
                    int at = at(parameter, r, j);
                    int meanAt = at(mean, r, j);
                    int squaresAt = at(meanSquares, r, j);
                    double p = parameter.floats()[at];
                    double g = gradientScale * gradient.floats()[at(gradient, r, j)];
                    if (!settings.decoupled()) {
                        g += decay * p;
                    }
                    double m = beta1 * mean.floats()[meanAt] + (1 - beta1) * g;
                    double v = beta2 * meanSquares.floats()[squaresAt] + (1 - beta2) * g * g;
                    mean.floats()[meanAt] = (float) m;
                    meanSquares.floats()[squaresAt] = (float) v;
                    double update = m / meanCorrection / (Math.sqrt(v / squaresCorrection) + settings.epsilon());
                    if (settings.decoupled()) {
                        update += decay * p;
                    }
                    parameter.floats()[at] = (float) (p - learningRate * update);
                }
            }
        });
    }

    private static int at(Tensor tensor, int row, int column) {
        return tensor.offset() + row * tensor.rowStride() + column;
    }
}
