package lanewise.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import lanewise.bench.contenders.Contenders;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;
import lanewise.bench.plan.Settings;
import lanewise.bench.results.RunInfo;
import lanewise.kernels.Kernels;
import lanewise.transformer.reports.TerminalBar;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of the benchmarks. Exit codes: 0 done, 1 failed, 2 the arguments are wrong, 130 stopped by Ctrl-C. */
@Command(name = "lanewise bench", description = {"Measures Lanewise's kernels and its training "
        + "step, beside other libraries if asked to, and writes a report.", "",
        "Only a full run, with --peers and without --quick and --filter, renews bench/RESULTS.md, bench/RESULTS.html and the raw "
        + "results in bench/results. Others leave theirs in bench/results/partial, as does one that is stopped by Ctrl-C."})
final class Bench implements Callable<Integer> {
    @Option(names = "--peers", description = "Compare with other libraries. They are downloaded once, 0.45 GB; unpacked they take 3 GB.")
    private boolean peers;

    @Option(names = "--quick", description = "Few rows, one process each: two minutes without peers. Not for publishing.")
    private boolean quick;

    @Option(names = "--filter", paramLabel = "REGEX",
            description = "Only rows whose name has a match or holds these words, such as 'attention causal' or 'matmul float32 1024'.")
    private String filter;

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the rows for programs.")
    private Path json;

    @Option(names = "--continue", description = "Keep what a run that was stopped has measured, if nothing has changed since, and go "
            + "on with the rest.")
    private boolean resume;

    @Option(names = "--compare", paramLabel = "FILE", description = "Measure nothing; add to the report of the last full run what a run "
            + "on another JDK wrote for --json.")
    private Path compare;

    @Option(names = "--gpu", paramLabel = "FILE", description = "Measure nothing; add to the report of the last full run the gpu.json of a "
            + "GPU check (see bench/gpu/README.md).")
    private Path gpu;

    @Option(names = "--list", description = "Show the rows and how long they would take; measure nothing.")
    private boolean list;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help message and exit.")
    private boolean help;

    @Spec
    private CommandSpec spec;

    private Bench() {
    }

    /** Runs the command line and exits with its code. */
    public static void main(String[] args) {
        int code = commandLine(new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8)).execute(args);
        System.exit(code);
    }

    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        return new CommandLine(new Bench()).setOut(out).setErr(err).setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler((wrong, args) -> {
                    err.println("lanewise: " + wrong.getMessage());
                    CommandLine.UnmatchedArgumentException.printSuggestions(wrong, err);
                    err.println("Try: lanewise bench --help");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    err.println("lanewise: " + (failure.getMessage() == null ? failure : failure.getMessage()));
                    if (System.getenv("LANEWISE_DEBUG") != null) {
                        failure.printStackTrace(err);
                    }
                    return CommandLine.ExitCode.SOFTWARE;
                });
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (compare != null || gpu != null) {
            add();
            out.println("Report: " + home().resolve("RESULTS.md") + " and RESULTS.html beside it");
            return 0;
        }
        int cores = Runtime.getRuntime().availableProcessors();
        List<Job> jobs = Job.plan(quick, peers, pattern(), cores);
        if (jobs.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--filter is '" + filter + "', which no row matches. "
                    + "See the rows with: lanewise bench --list" + (quick ? " --quick" : ""));
        }
        checkJson();
        if (cores < 2) {
            err.println("This machine has one core, so rows on 2 threads are left out, and with them all training steps.");
        }
        RunInfo info = new RunInfo();
        info.quick = quick;
        info.startUp = filter == null;
        info.full = peers && !quick && filter == null;
        // Not the name of a file, which may tell where this machine has its folders.
        info.arguments = ((peers ? "--peers " : "") + (quick ? "--quick " : "") + (filter == null ? "" : "--filter '" + filter + "'"))
                .strip();
        Settings settings = quick ? Settings.QUICK : Settings.FULL;
        double estimate = jobs.stream().mapToDouble(settings::estimate).sum() + (StartUp.due(info) ? StartUp.SECONDS : 0);
        if (list) {
            jobs.forEach(job -> out.printf(Locale.ROOT, "%-70s %s%n", job.name(), Job.threads(job.threads())
                    + (job.lineup() == Lineup.ALONE ? "" : ", " + job.lineup().file())));
            out.println("About " + TerminalBar.time(estimate));
            return 0;
        }
        if (peers && !Contenders.hasPeers()) {
            throw new ParameterException(spec.commandLine(), "--peers is given, but no other library is on the class path. "
                    + "./lanewise bench --peers builds with them, and so does: mvn -Ppeers package");
        }
        Heap.check(jobs);
        // Options of the kernels that are wrong end it here, and not in every process that measures.
        Kernels.best().close();
        try (BenchRun run = new BenchRun(home(), settings, jobs, info)) {
            if (resume) {
                run.resume();
            } else {
                run.clear();
            }
            measure(run, info, out, err);
        }
        if (!info.ownFailures().isEmpty()) {
            err.println("lanewise: failed: " + String.join("; ", info.ownFailures()) + "\nSee the report, and jmh.log beside it.");
            return CommandLine.ExitCode.SOFTWARE;
        }
        return 0;
    }

    private void measure(BenchRun run, RunInfo info, PrintWriter out, PrintWriter err) throws IOException {
        int left = info.planned - info.done;
        err.printf(Locale.ROOT, "%d measurement%s, %s; about %s. Run nothing else meanwhile.%n", left, left == 1 ? "" : "s",
                info.settings, TerminalBar.time(run.estimate()));
        Thread stopped = new Thread(() -> err.println("\nlanewise: stopped. What was measured is in " + home().resolve("results/partial")
                + "; go on with the same options and --continue"));
        Runtime.getRuntime().addShutdownHook(stopped);
        try (Progress progress = new Progress(err, TerminalBar.columns(), run.estimate())) {
            run.execute(progress, json == null ? null : json.toAbsolutePath());
        } finally {
            forget(stopped);
        }
        Path report = info.complete() ? home() : home().resolve("results/partial");
        out.println("Report: " + report.resolve("RESULTS.md") + " and RESULTS.html beside it");
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException stopping) {
            // It is running.
        }
    }

    /** A file to the last full run's report. Only with that option; all others are about measuring. */
    private void add() throws IOException {
        String option = compare != null ? "--compare" : "--gpu";
        Path file = compare != null ? compare : gpu;
        String others = spec.commandLine().getParseResult().matchedOptions().stream().map(OptionSpec::longestName)
                .filter(name -> !name.equals(option)).collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
            throw new ParameterException(spec.commandLine(), option + " measures nothing; leave out " + others);
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new ParameterException(spec.commandLine(), option + " is '" + file + "', no file that can be read");
        }
        try {
            if (compare != null) {
                BenchRun.compare(home(), file);
            } else {
                BenchRun.addGpu(home(), file);
            }
        } catch (IllegalArgumentException unsuitable) {
            throw new ParameterException(spec.commandLine(), option + ": " + unsuitable.getMessage());
        }
    }

    /** An hour of measuring must not end with a file that can't be written, or that is taken for one of the run's own. */
    private void checkJson() throws IOException {
        if (json == null) {
            return;
        }
        Path folder = json.toAbsolutePath().getParent();
        Path results = home().resolve("results");
        boolean report = List.of("RESULTS.md", "RESULTS.html").stream()
                .anyMatch(name -> json.toAbsolutePath().normalize().equals(home().resolve(name).toAbsolutePath().normalize()));
        String wrong = Files.isDirectory(json) ? "a directory; expected a file"
                : Files.exists(json) && !Files.isRegularFile(json) ? "no regular file"
                : !Files.isDirectory(folder) ? "in a directory that does not exist"
                : report || Files.exists(results) && folder.toRealPath().startsWith(results.toRealPath()) ? "among the files of the run itself"
                : !canWrite(folder) || Files.exists(json) && !Files.isWritable(json) ? "not writable" : null;
        if (wrong != null) {
            throw new ParameterException(spec.commandLine(), "--json is '" + json + "', " + wrong);
        }
    }

    /** By trying: what the system tells of permissions is not all that can stand in the way. */
    private static boolean canWrite(Path folder) {
        try {
            Files.delete(Files.createTempFile(folder, "lanewise", null));
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    private Pattern pattern() {
        try {
            return filter == null ? null : Pattern.compile(filter);
        } catch (PatternSyntaxException wrong) {
            throw new ParameterException(spec.commandLine(), "--filter is '" + filter + "', which is no regular expression: "
                    + wrong.getDescription());
        }
    }

    /** The module's folder, as the launcher tells it. */
    private static Path home() {
        return Path.of(System.getProperty("lanewise.bench.home", "bench"));
    }
}
