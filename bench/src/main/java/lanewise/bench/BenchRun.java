package lanewise.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import lanewise.bench.benchmarks.ContenderBenchmark;
import lanewise.bench.benchmarks.Notes;
import lanewise.bench.gpu.GpuResults;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;
import lanewise.bench.plan.Settings;
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
    private final Path home;
    private final RunFolder folder;
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
        folder = RunFolder.partial(home);
        info.planned = jobs.size();
        info.settings = settings.toString();
        info.begun = now();
        info.flags = Heap.flags(null);
        info.trainingStepFlags = Heap.flags(Family.TRAINING_STEP);
        Environment.describe(home, info);
        lock = folder.lock();
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static String now() {
        return LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm"));
    }

    /** Seconds that all may take which is not done. */
    double estimate() {
        return (StartUp.due(info) ? StartUp.SECONDS : 0)
                + jobs.stream().filter(job -> !doneBefore.contains(job)).mapToDouble(settings::estimate).sum();
    }

    /**
     * Keeps what an earlier run left in the folder of partial results; only the other jobs are then measured.
     *
     * @throws IOException if there is none, or one under other circumstances
     */
    void resume() throws IOException {
        if (!folder.hasRun()) {
            throw new IOException("there is no run to continue in " + folder.path());
        }
        RunInfo earlier = folder.readInfo();
        if (!earlier.circumstances().equals(info.circumstances())) {
            throw new IOException("can't continue the run in " + folder.path() + ": it was of " + earlier.circumstances()
                    + ", and this is of " + info.circumstances());
        }
        info.begun = earlier.begun;
        info.versions = earlier.versions;
        info.processes = earlier.processes;
        info.failures = earlier.failures;
        info.infoSeconds = earlier.infoSeconds;
        info.firstStepSeconds = earlier.firstStepSeconds;
        info.attentionBytes = earlier.attentionBytes;
        Results.measurements(folder.path()).forEach(each -> doneBefore.add(
                new Job(each.family(), each.row(), each.threads(), each.lineup())));
        doneBefore.retainAll(jobs);
        info.done = doneBefore.size();
    }

    /** Makes room in the folder of partial results. */
    void clear() throws IOException {
        folder.clear();
    }

    /**
     * Measures all jobs.
     *
     * @param progress told of every job
     * @param json     renewed after every job with the rows for programs; null for no such file
     */
    void execute(Progress progress, Path json) throws IOException {
        // A run that is continued goes on in its log; any other begins with an empty folder.
        try (OutputStream stream = Files.newOutputStream(folder.path().resolve(RunFolder.LOG), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND); PrintStream log = new PrintStream(stream, true, StandardCharsets.UTF_8)) {
            if (StartUp.due(info)) {
                progress.begin(StartUp.NAME);
                progress.end(StartUp.measure(info), StartUp.SECONDS);
            }
            if (doneBefore.size() == jobs.size()) {
                // Else every job renews it.
                renew(json);
            }
            for (Job job : jobs) {
                if (doneBefore.contains(job)) {
                    continue;
                }
                progress.begin(job.name());
                String outcome = measure(job, log);
                info.done++;
                Results results = renew(json);
                progress.end(String.format(Locale.ROOT, "[%d/%d] %s", info.done, info.planned, outcome.isEmpty()
                        ? Outcome.line(results, job) : job.place() + ": " + outcome), settings.estimate(job));
            }
        }
        if (info.complete()) {
            folder.moveRaw(RunFolder.published(home));
            RunFolder.writeReports(Results.read(RunFolder.published(home).path()), home);
        }
    }

    /** Writes all that is made from raw results. */
    private Results renew(Path json) throws IOException {
        info.ended = now();
        folder.writeInfo(info);
        Results results = Results.read(folder.path());
        RunFolder.writeReports(results, folder.path());
        if (json != null) {
            try {
                AtomicFile.write(json, Summary.json(results));
            } catch (IOException failure) {
                throw new IOException("--json is '" + json + "', which could not be written: " + failure, failure);
            }
        }
        return results;
    }

    /** Returns what went wrong; empty if nothing did. */
    private String measure(Job job, PrintStream log) throws IOException {
        Path notes = folder.path().resolve(RunFolder.NOTES);
        Files.deleteIfExists(notes);
        // What a run that is continued noted of its last try.
        job.contenders().forEach(contender -> info.failures.remove(RunInfo.key(job, contender)));
        try {
            Runner runner = new Runner(options(job, notes).build(),
                    OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL));
            Collection<RunResult> results = runner.run();
            RawFile.append(folder.path().resolve(job.file() + ".json"), results);
            return "";
        } catch (RunnerException failure) {
            if (String.valueOf(failure.getMessage()).contains("the JMH lock")) {
                throw new IOException("other benchmarks by JMH run on this machine; both would measure wrongly. Wait for their end.");
            }
            failure.printStackTrace(log);
            // The process may have died of any of them, so none has a figure.
            job.contenders().forEach(contender -> info.failures.put(RunInfo.key(job, contender), "the process failed; see jmh.log"));
            return "failed; see " + folder.path().resolve(RunFolder.LOG);
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
     * @throws IOException              if there has been no full run, or one writes at present
     * @throws IllegalArgumentException if the file can't be compared with the run
     */
    static void compare(Path home, Path other) throws IOException {
        add(home, Comparison.FILE, other);
    }

    /**
     * Adds the results of the GPU check to the reports of the last full run.
     *
     * @param gpu what the check wrote
     * @throws IOException              if there has been no full run, or one writes at present
     * @throws IllegalArgumentException if the file is not what the check writes
     */
    static void addGpu(Path home, Path gpu) throws IOException {
        add(home, GpuResults.FILE, gpu);
    }

    private static void add(Path home, String name, Path file) throws IOException {
        try (FileChannel lock = RunFolder.partial(home).lock()) {
            RunFolder published = RunFolder.published(home);
            if (!published.hasRun()) {
                throw new IOException("there is no full run to compare with in " + published.path());
            }
            Path comparison = published.path().resolve(Comparison.FILE);
            Path gpu = published.path().resolve(GpuResults.FILE);
            Results all = Results.read(published.path(), name.equals(Comparison.FILE) ? file : comparison, name.equals(GpuResults.FILE) ? file : gpu);
            AtomicFile.write(published.path().resolve(name), Files.readString(file));
            RunFolder.writeReports(all, home);
        }
    }
}
