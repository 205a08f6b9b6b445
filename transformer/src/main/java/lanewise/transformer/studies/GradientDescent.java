package lanewise.transformer.studies;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Updater;

/** Gradient descent on all data at once, with one step size: what the theorems are about. */
final class GradientDescent {
    /** A loss so many times the first one is not coming back. */
    private static final double DIVERGED = 1e6;

    /**
     * What a run did.
     *
     * @param losses   before the first step and after each; up to the last finite one if it diverged
     * @param diverged whether the loss left all bounds
     */
    record Path(double[] losses, boolean diverged) {
        double first() {
            return losses[0];
        }

        /** Of a run that diverged, infinite. */
        double last() {
            return diverged ? Double.POSITIVE_INFINITY : losses[losses.length - 1];
        }

        /** Losses by the first one. */
        double[] relative() {
            return Arrays.stream(losses).map(loss -> loss / losses[0]).toArray();
        }
    }

    private GradientDescent() {
    }

    /**
     * Trains.
     *
     * @param trained  the parameters that are changed
     * @param observer told the number of steps done, after the forward and backward pass there and before the next step; the
     *                 model's activations and gradients are then those of these steps; null for none
     */
    static Path run(Kernels kernels, Encoder model, List<Parameter> trained, ExampleBatch data, double step, int steps,
            IntConsumer observer) {
        return run(kernels, model, trained, data, step, steps, 0, observer);
    }

    /**
     * Trains until the loss is so small that there is no more to see.
     *
     * @param floor share of the first loss at which the run ends early
     */
    static Path run(Kernels kernels, Encoder model, List<Parameter> trained, ExampleBatch data, double step, int steps, double floor,
            IntConsumer observer) {
        Updater updater = new Updater(kernels, OptimizerConfig.gradientDescent(), trained);
        double[] losses = new double[steps + 1];
        for (int i = 0; i <= steps; i++) {
            model.parameters().forEach(Parameter::clearGradient);
            double loss = model.trainingLoss(data, 1, 0);
            if (i == 0 && !Double.isFinite(loss)) {
                throw new IllegalArgumentException("the first loss is " + loss + "; expected a finite one");
            }
            if (i > 0 && !(loss <= DIVERGED * losses[0])) {
                return new Path(Arrays.copyOf(losses, i), true);
            }
            losses[i] = loss;
            if (observer != null) {
                observer.accept(i);
            }
            if (loss <= floor * losses[0]) {
                return new Path(Arrays.copyOf(losses, i + 1), false);
            }
            if (i < steps) {
                updater.update(i + 1, step, 1);
            }
        }
        return new Path(losses, false);
    }
}
