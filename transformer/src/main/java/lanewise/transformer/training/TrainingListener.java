package lanewise.transformer.training;

import java.io.IOException;
import java.nio.file.Path;

/** Follows a run. Called on the training thread, between steps. */
public interface TrainingListener {
    /** After every step, and after its evaluation when there was one. */
    void step(StepMetrics metrics) throws IOException;

    /** After a checkpoint has been written. */
    default void saved(int step, Path checkpoint) throws IOException {
    }
}
