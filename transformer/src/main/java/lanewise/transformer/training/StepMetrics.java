package lanewise.transformer.training;

import lanewise.transformer.models.Evaluation;

/**
 * What is known after a step.
 *
 * @param step            1 for the first
 * @param loss            mean over the step's micro-batches, before the update
 * @param learningRate    of this step
 * @param gradientNorm    global norm before clipping
 * @param tokensPerSecond tokens of this step by its own time
 * @param seconds         time since the run began, earlier parts of a resumed run included
 * @param heldOut         evaluation after this step; null when there was none
 */
public record StepMetrics(int step, double loss, double learningRate, double gradientNorm, double tokensPerSecond,
        double seconds, Evaluation heldOut) {
}
