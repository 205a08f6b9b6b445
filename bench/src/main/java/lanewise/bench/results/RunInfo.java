package lanewise.bench.results;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lanewise.bench.plan.Job;

/** What a report tells about its run beside the figures: kept as {@code run.json} with the raw results. */
public final class RunInfo {
    /** How the run was asked for, such as {@code --quick --filter softmax}. */
    public String arguments;
    /** Whether nothing was to be left out: all rows, with peers. */
    public boolean full;
    public boolean quick;
    /** Whether starts of the JVM and memory are measured, too. */
    public boolean startUp;
    /** Rows with a number of threads and a lineup. */
    public int planned;
    public int done;
    public String begun;
    public String ended;
    public String commit;
    public String settings;
    /** Of the measuring processes, but for training steps. */
    public List<String> flags;
    public List<String> trainingStepFlags;
    public Map<String, String> machine = new LinkedHashMap<>();
    /** Of the largest cache of a core; an assumption where the system does not tell. */
    public long cacheBytes = 32 << 20;
    /** Of contenders, as the report calls them. */
    public Map<String, String> versions = new TreeMap<>();
    /** What was set for the processes of each lineup. */
    public Map<String, String> processes = new TreeMap<>();
    /** By {@link #key}: why a contender has no figure. */
    public Map<String, String> failures = new TreeMap<>();

    /** The lengths of {@link #attentionBytes}. */
    public static final List<Integer> MEMORY_LENGTHS = List.of(1024, 2048, 4096);
    /** From the start of a JVM that runs {@code lanewise info} to its end; null if not measured, as the next two. */
    public List<Double> infoSeconds;
    /** From the start of a JVM to its end, in which it does one training step of the smallest model. */
    public List<Double> firstStepSeconds;
    /** In the heap, for causal attention with 12 heads of width 64, forward and backward: outputs, gradients and work space. */
    public List<Long> attentionBytes;

    /** Instead of a {@link #key}: for starts of the JVM and memory. */
    public static final String START_UP = "start-up and memory, lanewise";

    public static String key(Job job, String contender) {
        return job.place() + ", " + job.lineup().file() + ", " + contender;
    }

    /** Whether it was a full run, came to its end, and Lanewise failed nowhere: one that may be published. */
    public boolean complete() {
        return full && done == planned && ownFailures().isEmpty();
    }

    /** The keys under which Lanewise, a ceiling, or what begins with a fresh JVM failed. */
    public List<String> ownFailures() {
        return failures.keySet().stream().filter(key -> key.endsWith(", lanewise")).toList();
    }

    /** What two parts of one run must have in common. */
    public String circumstances() {
        return "commit " + commit + ", " + settings + ", " + machine.get("JDK") + ", " + String.join(" ", flags)
                + (arguments.isEmpty() ? "" : ", with " + arguments);
    }

    public static RunInfo read(Path file) throws IOException {
        return new GsonBuilder().create().fromJson(Files.readString(file), RunInfo.class);
    }

    public String json() {
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(this) + "\n";
    }
}
