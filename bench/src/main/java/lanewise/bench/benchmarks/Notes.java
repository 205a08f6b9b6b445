package lanewise.bench.benchmarks;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** What a measuring process tells beside JMH's results: which contenders took part, their versions, and why others did not. */
public final class Notes {
    /** Outcome of a contender that was timed. */
    public static final String TIMED = "timed";
    /** Outcome of a contender that does not do such things. */
    public static final String NO_SUCH_OPERATION = "has no such operation";
    /** The property that holds the file's name. */
    public static final String FILE = "lanewise.bench.notes";

    /**
     * One contender in one process.
     *
     * @param outcome {@link #TIMED}, {@link #NO_SUCH_OPERATION} or what went wrong
     * @param version null if it was not timed
     */
    public record Note(String contender, String outcome, String version) {
    }

    private Notes() {
    }

    /** Appends a line to the file; to nothing where JMH was started by hand. */
    static void write(String contender, String outcome, String version) {
        String file = System.getProperty(FILE);
        if (file == null) {
            System.out.println("\n" + contender + ": " + outcome + (version == null ? "" : ", " + version));
            return;
        }
        try {
            Files.writeString(Path.of(file), new Gson().toJson(new Note(contender, outcome, version)) + "\n",
                    StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** All lines of a file. */
    public static List<Note> read(Path file) throws IOException {
        return Files.exists(file) ? Files.readAllLines(file).stream().map(line -> new Gson().fromJson(line, Note.class)).toList()
                : List.of();
    }
}
