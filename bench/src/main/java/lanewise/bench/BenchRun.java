package lanewise.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import lanewise.bench.benchmarks.ContenderBenchmark;
import lanewise.bench.benchmarks.Notes;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;
import lanewise.bench.plan.Settings;
import lanewise.bench.report.HtmlReport;
import lanewise.bench.report.MarkdownReport;
import lanewise.bench.report.Outcome;
import lanewise.bench.results.Comparison;
import lanewise.bench.results.RawFile;
import lanewise.bench.results.Results;
import lanewise.bench.results.RunInfo;
import lanewise.bench.results.Summary;
import lanewise.transformer.reports.AtomicFile;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures jobs one after the other. Raw results and a report are renewed after each, in the folder {@code results/partial}; a
 * full run in which Lanewise failed nowhere moves them to their places, {@code results} and beside it, when it has come to its
 * end. So whatever stops a run, what it measured is there, and so is the last full report.
 */
final class BenchRun implements AutoCloseable {
    private static final String LOCK = "lock";

    private final Path home;
    private final Path folder;
    private final Settings settings;
    private final List<Job> jobs;
    private final RunInfo info;
    private final FileChannel lock;
    private final Set<Job> doneBefore = new HashSet<>();

    /**
     * @param home the folder of the bench module
     * @param info its arguments, and whether they ask for a full run
     * @throws IOException if another run writes to the same folder
     */
    BenchRun(Path home, Settings settings, List<Job> jobs, RunInfo info) throws IOException {
        this.home = home;
        this.settings = settings;
        this.jobs = jobs;
        this.info = info;
        folder = Files.createDirectories(home.resolve("results/partial"));
        info.planned = jobs.size();
        info.settings = settings.toString();
        info.begun = now();
        info.flags = Heap.flags(null);
        info.trainingStepFlags = Heap.flags(Family.TRAINING_STEP);
        Environment.describe(home, info);
        lock = lock(folder.resolve(LOCK));
    }

    private static FileChannel lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean mine = false;
        try {
            mine = channel.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            // As if another process had it.
        }
        if (!mine) {
            channel.close();
            throw new IOException("another run of the benchmarks writes to " + file.getParent()
                    + "; both would measure wrongly. Wait for its end.");
        }
        return channel;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static String now() {
        return LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm"));
    }

    /** Seconds that the jobs may take which are not done. */
    double estimate() {
        return (info.startUp && info.infoSeconds == null ? StartUp.SECONDS : 0)
                + jobs.stream().filter(job -> !doneBefore.contains(job)).mapToDouble(settings::estimate).sum();
    }

    /**
     * Keeps what an earlier run left in the folder of partial results; only the other jobs are then measured.
     *
     * @throws IOException if there is none, or one under other circumstances
     */
    void resume() throws IOException {
        Path file = folder.resolve("run.json");
        if (!Files.exists(file)) {
            throw new IOException("there is no run to continue in " + folder);
        }
        RunInfo earlier = RunInfo.read(file);
        if (!earlier.circumstances().equals(info.circumstances())) {
            throw new IOException("can't continue the run in " + folder + ": it was of " + earlier.circumstances() + ", and this is of "
                    + info.circumstances());
        }
        info.begun = earlier.begun;
        info.versions = earlier.versions;
        info.processes = earlier.processes;
        info.failures = earlier.failures;
        info.infoSeconds = earlier.infoSeconds;
        info.firstStepSeconds = earlier.firstStepSeconds;
        info.attentionBytes = earlier.attentionBytes;
        Results.measurements(folder).forEach(each -> doneBefore.add(
                new Job(each.family(), each.row(), each.threads(), each.lineup())));
        doneBefore.retainAll(jobs);
        info.done = doneBefore.size();
    }

    /** Makes room in the folder of partial results. Those of a full run took long, so they stay, in the folder {@code old} in it. */
    void clear() throws IOException {
        Path last = folder.resolve("run.json");
        if (Files.exists(last) && RunInfo.read(last).full) {
            Path old = Files.createDirectories(folder.resolve("old"));
            remove(old, "");
            move(folder, old, "");
        }
        remove(folder, "");
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> Files.isRegularFile(file) && file.toString().endsWith(ending) && !file.endsWith(LOCK))
                    .toList();
        }
    }

    private static void remove(Path folder, String ending) throws IOException {
        for (Path file : files(folder, ending)) {
            Files.delete(file);
        }
    }

    private static void move(Path from, Path to, String ending) throws IOException {
        for (Path file : files(from, ending)) {
            Files.move(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * Measures all jobs.
     *
     * @param progress told of every job
     * @param json     renewed after every job with the rows for programs; null for no such file
     */
    void execute(Progress progress, Path json) throws IOException {
        // A run that is continued goes on in its log; any other begins with an empty folder.
        try (OutputStream stream = Files.newOutputStream(folder.resolve("jmh.log"), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                PrintStream log = new PrintStream(stream, true, StandardCharsets.UTF_8)) {
            if (info.startUp && info.infoSeconds == null) {
                StartUp.measure(info);
            }
            for (Job job : jobs) {
                if (doneBefore.contains(job)) {
                    continue;
                }
                progress.begin(job.name());
                String outcome = measure(job, log);
                info.done++;
                info.ended = now();
                AtomicFile.write(folder.resolve("run.json"), info.json());
                Results results = Results.read(folder);
                write(results, folder);
                if (json != null) {
                    AtomicFile.write(json, Summary.json(results));
                }
                progress.end(String.format(Locale.ROOT, "[%d/%d] %s", info.done, info.planned, outcome.isEmpty()
                        ? Outcome.line(results, job) : job.place() + ": " + outcome), settings.estimate(job));
            }
        }
        if (info.complete()) {
            publish();
        }
    }

    /** Returns what went wrong; empty if nothing did. */
    private String measure(Job job, PrintStream log) throws IOException {
        Path notes = folder.resolve("notes.jsonl");
        Files.deleteIfExists(notes);
        // What a run that is continued noted of its last try.
        job.contenders().forEach(contender -> info.failures.remove(RunInfo.key(job, contender)));
        try {
            Runner runner = new Runner(options(job, notes).build(),
                    OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL));
            Collection<RunResult> results = runner.run();
            RawFile.append(folder.resolve(job.file() + ".json"), results);
            return "";
        } catch (RunnerException failure) {
            if (String.valueOf(failure.getMessage()).contains("the JMH lock")) {
                throw new IOException("other benchmarks by JMH run on this machine; both would measure wrongly. Wait for their end.");
            }
            failure.printStackTrace(log);
            // The process may have died of any of them, so none has a figure.
            job.contenders().forEach(contender -> info.failures.put(RunInfo.key(job, contender), "the process failed; see jmh.log"));
            return "failed; see " + folder.resolve("jmh.log");
        } finally {
            Notes.read(notes).forEach(note -> keep(job, note));
            Files.deleteIfExists(notes);
        }
    }

    private void keep(Job job, Notes.Note note) {
        if (note.outcome().equals(Notes.TIMED)) {
            info.versions.put(note.contender(), note.version());
            info.processes.put(job.lineup().file(), job.lineup().describe());
        } else if (!note.outcome().equals(Notes.NO_SUCH_OPERATION)) {
            info.failures.put(RunInfo.key(job, note.contender()), note.outcome());
        }
    }

    private ChainedOptionsBuilder options(Job job, Path notes) throws IOException {
        List<String> flags = new ArrayList<>(Heap.flags(job.family()));
        flags.addAll(job.lineup().options);
        flags.add("-D" + Notes.FILE + "=" + here(notes));
        if (job.family() != null && job.lineup() != Lineup.ALONE) {
            flags.add("-Dorg.bytedeco.javacpp.cachedir=" + here(home.resolve("target/javacpp/" + job.lineup().cache(job.family()))));
        }
        ChainedOptionsBuilder options = new OptionsBuilder().shouldFailOnError(true).shouldDoGC(false).syncIterations(false)
                .jvmArgs(flags.toArray(String[]::new)).jvmArgsAppend().forks(settings.forks()).addProfiler(GCProfiler.class);
        options.jvm(here(Environment.javaWith(job.lineup().variables, Files.createDirectories(home.resolve("target")),
                job.lineup().file())));
        if (job.family() == null) {
            return options.include(pattern(ContenderBenchmark.class.getPackageName() + "." + job.row())).threads(job.threads());
        }
        int turns = job.contenders().size();
        return options.include(pattern(job.family().benchmark.getName() + ".run")).param("row", job.row())
                .param("threads", Integer.toString(job.threads())).param("contenders", String.join(",", job.contenders()))
                .warmupIterations(turns).warmupTime(TimeValue.milliseconds(settings.millis()))
                .measurementIterations(turns * settings.rounds(job))
                .measurementTime(TimeValue.milliseconds(settings.millis()));
    }

    /** A path as seen from the current folder: JMH notes all options, and where this machine has its folders tells nothing. */
    private static String here(Path file) {
        String relative = Path.of("").toAbsolutePath().relativize(file.toAbsolutePath()).toString();
        return relative.contains("/") ? relative : "./" + relative;
    }

    private static String pattern(String name) {
        return "^" + name.replace(".", "\\.") + "$";
    }

    /**
     * Adds a comparison to the reports of the last full run.
     *
     * @param other what another run wrote for {@code --json}
     * @throws IOException if there has been no full run, or the file is none of that kind
     */
    static void compare(Path home, Path other) throws IOException {
        Path folder = home.resolve("results");
        if (!Files.exists(folder.resolve("run.json"))) {
            throw new IOException("there is no full run to compare with in " + folder);
        }
        Comparison.read(other, Results.read(folder).rows());
        Files.copy(other, folder.resolve(Comparison.FILE), StandardCopyOption.REPLACE_EXISTING);
        write(Results.read(folder), home);
    }

    private static void write(Results results, Path folder) throws IOException {
        AtomicFile.write(folder.resolve("RESULTS.md"), new MarkdownReport(results).text());
        AtomicFile.write(folder.resolve("RESULTS.html"), new HtmlReport(results).text());
    }

    /** Moves raw results and reports of a full run to their places. */
    private void publish() throws IOException {
        Path results = home.resolve("results");
        // Not all of an older run's files need have a successor.
        remove(results, ".json");
        move(folder, results, ".json");
        remove(folder, "");
        write(Results.read(results), home);
    }
}
