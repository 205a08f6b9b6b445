package lanewise.transformer.studies;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A paper's claims, tested on training runs. */
public interface Study {
    /** As on the command line. */
    String name();

    /** Title, authors and number of the paper. */
    String paper();

    /**
     * Finds out whether the data that the user has named can be read, before hours are spent.
     *
     * @param folders where real data is, by name
     * @throws IOException naming the file that is missing or wrong
     */
    default void check(Map<String, Path> folders) throws IOException {
    }

    /**
     * Runs it all.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile
     * @throws IOException          if data that the user has named can't be read
     */
    StudyResult run(Lab lab) throws InterruptedException, IOException;
}
