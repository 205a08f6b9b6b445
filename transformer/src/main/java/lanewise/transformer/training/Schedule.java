package lanewise.transformer.training;

import java.util.Objects;

/**
 * The learning rate of every step: it rises linearly during the warm-up, then follows the shape down to the minimum, which
 * it reaches after {@code decaySteps} steps and then keeps.
 *
 * @param shape               of the descent
 * @param learningRate        the highest; at least 0
 * @param minimumLearningRate what is left after the descent, 0 to learningRate; not used by {@link Shape#CONSTANT}
 * @param warmUpSteps         steps of the rise, at least 0
 * @param decaySteps          steps until the minimum, counted from the beginning; more than warmUpSteps; not used by
 *                            {@link Shape#CONSTANT}
 */
public record Schedule(Shape shape, double learningRate, double minimumLearningRate, int warmUpSteps, int decaySteps) {
    /** Shapes of the descent. */
    public enum Shape {
        /** None: the highest rate is kept. */
        CONSTANT,
        /** Half a cosine (Loshchilov and Hutter, arXiv 1608.03983). */
        COSINE,
        /** A straight line. */
        LINEAR
    }

    /** Checks the ranges. */
    public Schedule {
        Objects.requireNonNull(shape, "shape");
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw new IllegalArgumentException("learningRate is " + learningRate + "; expected at least 0, finite");
        }
        if (warmUpSteps < 0) {
            throw new IllegalArgumentException("warmUpSteps is " + warmUpSteps + "; expected at least 0");
        }
        if (shape != Shape.CONSTANT) {
            if (!(minimumLearningRate >= 0 && minimumLearningRate <= learningRate)) {
                throw new IllegalArgumentException("minimumLearningRate is " + minimumLearningRate
                        + "; expected 0 to learningRate, " + learningRate);
            }
            if (decaySteps <= warmUpSteps) {
                throw new IllegalArgumentException(
                        "decaySteps is " + decaySteps + "; expected more than warmUpSteps, " + warmUpSteps);
            }
        }
    }

    /** The same rate at every step. */
    public static Schedule constant(double learningRate) {
        return new Schedule(Shape.CONSTANT, learningRate, 0, 0, 0);
    }

    /**
     * The learning rate of a step, by nanoGPT's formula: during the warm-up
     * {@code learningRate (step + 1) / (warmUpSteps + 1)}, and then, with the share
     * {@code r = (step - warmUpSteps) / (decaySteps - warmUpSteps)} of the descent,
     * {@code minimum + c (learningRate - minimum)} where c = (1 + cos(pi r)) / 2 for a cosine and 1 - r for a line.
     *
     * @param step 0 for the first update
     */
    public double at(int step) {
        if (step < warmUpSteps) {
            return learningRate * (step + 1) / (warmUpSteps + 1);
        }
        if (shape == Shape.CONSTANT) {
            return learningRate;
        }
        if (step > decaySteps) {
            return minimumLearningRate;
        }
        double share = (double) (step - warmUpSteps) / (decaySteps - warmUpSteps);
        double weight = shape == Shape.COSINE ? 0.5 * (1 + Math.cos(Math.PI * share)) : 1 - share;
        return minimumLearningRate + weight * (learningRate - minimumLearningRate);
    }
}
