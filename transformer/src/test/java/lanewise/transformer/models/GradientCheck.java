package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.Tensor;
import lanewise.transformer.layers.Parameter;

/** Compares a model's gradient with differences of its loss, in float64. */
final class GradientCheck {
    private static final int ENTRIES = 4;

    private GradientCheck() {
    }

    /** Moves every parameter away from its start, so that no gain is 1, no shift 0 and no gradient tiny by chance. */
    static void shake(Model<?> model, double deviation, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Parameter parameter : model.parameters()) {
            double[] values = parameter.value().toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] += deviation * random.nextGaussian();
            }
            parameter.value().copyFrom(values);
        }
    }

    /**
     * Checks random entries of every parameter against the fourth-order central difference.
     *
     * @param step of the difference: about 1e-3 for smooth models, 1e-6 where the loss has kinks
     */
    static <B> void check(Model<B> model, B batch, double step, long seed) {
        double scale = 0.7;
        long dropoutSeed = seed + 1;
        for (Parameter parameter : model.parameters()) {
            parameter.gradient().fill(0.25);
        }
        model.trainingLoss(batch, scale, dropoutSeed);
        List<double[]> gradients = new ArrayList<>();
        model.parameters().forEach(parameter -> gradients.add(parameter.gradient().toArray()));
        SplittableRandom random = new SplittableRandom(seed);
        for (int p = 0; p < gradients.size(); p++) {
            Parameter parameter = model.parameters().get(p);
            Tensor value = parameter.value();
            for (int n = 0; n < ENTRIES; n++) {
                int row = random.nextInt(value.rows());
                int column = random.nextInt(value.columns());
                double actual = gradients.get(p)[row * value.columns() + column] - 0.25;
                double expected = scale * difference(model, batch, dropoutSeed, value, row, column, step);
                double floor = 1e-14 / step * 100;
                if (!(Math.abs(actual - expected) <= 1e-6 * Math.abs(expected) + floor)) {
                    fail(parameter.name() + "[" + row + ", " + column + "]: gradient " + actual
                            + ", difference quotient " + expected + " (seed " + seed + ")");
                }
            }
        }
    }

    private static <B> double difference(Model<B> model, B batch, long dropoutSeed, Tensor value, int row, int column,
            double step) {
        double start = value.get(row, column);
        double[] loss = new double[4];
        double[] at = {-2, -1, 1, 2};
        for (int i = 0; i < at.length; i++) {
            value.set(row, column, start + at[i] * step);
            loss[i] = model.trainingLoss(batch, 1, dropoutSeed);
        }
        value.set(row, column, start);
        return (8 * (loss[2] - loss[1]) - (loss[3] - loss[0])) / (12 * step);
    }
}
