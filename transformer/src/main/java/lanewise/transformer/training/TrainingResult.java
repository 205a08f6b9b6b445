package lanewise.transformer.training;

import java.nio.file.Path;
import lanewise.transformer.models.Evaluation;

/**
 * How a run ended.
 *
 * @param step            the last step done
 * @param finished        whether that was the last one of the configuration; false when the run was asked to stop
 * @param trainLoss       mean loss of the last steps, at most 20; NaN when no step was done
 * @param heldOut         evaluation on all held-out data after the last step; null when not finished or nothing is held out
 * @param tokensPerSecond tokens of the steps by the time of the steps; evaluation and saving do not count
 * @param seconds         time since the run began, earlier parts of a resumed run included
 * @param checkpoint      the newest one; null when the run keeps none
 */
public record TrainingResult(int step, boolean finished, double trainLoss, Evaluation heldOut, double tokensPerSecond,
        double seconds, Path checkpoint) {
}
