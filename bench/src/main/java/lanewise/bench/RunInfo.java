package lanewise.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a report tells about its run beside the figures: kept as {@code run.json} with the raw results. */
final class RunInfo {
    /** How the run was asked for, such as {@code --quick --filter softmax}. */
    String arguments;
    /** Whether nothing was to be left out: all rows, with peers. */
    boolean full;
    boolean quick;
    /** Rows with a number of threads and a lineup. */
    int planned;
    int done;
    String begun;
    String ended;
    String commit;
    String settings;
    /** Of the measuring processes, but for training steps. */
    List<String> flags;
    List<String> trainingStepFlags;
    Map<String, String> machine = new LinkedHashMap<>();
    /** Of contenders, as the report calls them. */
    Map<String, String> versions = new TreeMap<>();
    /** What was set for the processes of each lineup. */
    Map<String, String> processes = new TreeMap<>();
    /** By {@link #key}: why a contender has no figure. */
    Map<String, String> failures = new TreeMap<>();

    static String key(Job job, String contender) {
        return job.name() + ", " + Page.threads(job.threads()) + ", " + job.lineup().file() + ", " + contender;
    }

    /** Whether it was a full run, came to its end, and Lanewise failed nowhere: one that may be published. */
    boolean complete() {
        return full && done == planned && ownFailures().isEmpty();
    }

    /** The keys under which Lanewise, or a ceiling, failed. */
    List<String> ownFailures() {
        return failures.keySet().stream().filter(key -> key.endsWith(", lanewise")).toList();
    }

    /** What two parts of one run must have in common. */
    String circumstances() {
        return "commit " + commit + ", " + settings + ", " + machine.get("JDK") + ", " + String.join(" ", flags);
    }

    static RunInfo read(Path file) throws IOException {
        return new GsonBuilder().create().fromJson(Files.readString(file), RunInfo.class);
    }

    String json() {
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(this) + "\n";
    }
}
