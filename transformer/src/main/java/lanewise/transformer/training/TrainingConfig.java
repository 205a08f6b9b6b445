package lanewise.transformer.training;

import java.util.Objects;

/**
 * How a model is trained.
 *
 * @param steps              updates of the parameters, at least 1
 * @param batch              sequences (or examples) per micro-batch, at least 1
 * @param accumulation       micro-batches per step, at least 1; their mean gradient makes the update
 * @param schedule           the learning rates
 * @param optimizer          the update rule
 * @param clipping           gradients whose global norm is larger are scaled down to it; 0 for none
 * @param evaluationInterval steps between evaluations on held-out data; 0 for only one, after the last step
 * @param evaluationBatches  held-out batches that an evaluation between steps takes, evenly spaced; 0 for all. The one
 *                           after the last step always takes all
 * @param checkpointInterval steps between checkpoints; 0 for only one, at the end
 * @param seed               of batches and dropout masks
 */
public record TrainingConfig(int steps, int batch, int accumulation, Schedule schedule, OptimizerConfig optimizer,
        double clipping, int evaluationInterval, int evaluationBatches, int checkpointInterval, long seed) {
    /** Checks the ranges. */
    public TrainingConfig {
        Objects.requireNonNull(schedule, "schedule");
        Objects.requireNonNull(optimizer, "optimizer");
        atLeast("steps", steps, 1);
        atLeast("batch", batch, 1);
        atLeast("accumulation", accumulation, 1);
        atLeast("evaluationInterval", evaluationInterval, 0);
        atLeast("evaluationBatches", evaluationBatches, 0);
        atLeast("checkpointInterval", checkpointInterval, 0);
        if (!(clipping >= 0) || Double.isInfinite(clipping)) {
            throw new IllegalArgumentException("clipping is " + clipping + "; expected a largest norm, or 0 for none");
        }
    }

    /** The same, trained for another number of steps; the schedule stays. */
    public TrainingConfig withSteps(int steps) {
        return new TrainingConfig(steps, batch, accumulation, schedule, optimizer, clipping, evaluationInterval,
                evaluationBatches, checkpointInterval, seed);
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; expected at least " + least);
        }
    }
}
