package lanewise.transformer.training;

import java.io.IOException;
import java.nio.file.Path;

/** A checkpoint can't be used; the message names the file and the problem. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1;

    CheckpointException(Path file, String problem) {
        super(file + ": " + problem);
    }

    CheckpointException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
