package lanewise.transformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.training.Checkpoint;
import lanewise.transformer.training.TrainingConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a GPT: reads the options, and hands over to {@link TrainingRun}. */
@Command(name = "train", mixinStandardHelpOptions = true, versionProvider = Lanewise.Version.class,
        sortOptions = false, abbreviateSynopsis = true,
        description = "Trains a GPT and writes a folder with metrics.csv, checkpoints and report.html. Without options it "
                + "learns to add. Ctrl-C saves a checkpoint and stops.",
        footer = {"", "Examples:", "  lanewise train",
            "  lanewise train --text shakespeare.txt --preset shakespeare-char-cpu",
            "  lanewise train --text shakespeare.txt --preset shakespeare-char --device cuda --precision bfloat16",
            "  lanewise train --resume runs/addition-20260101-120000 --steps 3000"})
final class TrainCommand implements Callable<Integer> {
    /** What may be said about a run that goes on; all else is as it was. */
    private static final Set<String> WITH_RESUME = Set.of("--resume", "--steps", "--threads", "--json", "--quiet",
            "--verbose", "--device", "--precision", "--evaluate-every", "--evaluation-batches", "--checkpoint-every", "--watch", "--watch-every");

    @Option(names = "--preset", paramLabel = "NAME",
            description = "Defaults for the options below: addition (the default), shakespeare-char-cpu (the default for "
                    + "texts: nanoGPT's recipe for CPUs, 0.8 million weights) or shakespeare-char (nanoGPT's for GPUs, "
                    + "10.7 million weights: for --device cuda --precision bfloat16; on two cores of a CPU it takes about five hours). Add --help to see its values.")
    private Preset preset;

    @Option(names = "--out", paramLabel = "DIR",
            description = "The run's folder (default: runs/<task>-<time>). It must not hold a run yet.")
    private Path out;

    @Option(names = "--resume", paramLabel = "DIR",
            description = "Continue the run of this folder, with the same bits as if it had not stopped; with --steps, "
                    + "for more steps than it was to have.")
    private Path resume;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1337",
            description = "Seed of weights, batches and dropout (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--precision", paramLabel = "TYPE", defaultValue = "float32",
            description = "float32, float64, or, with --device cuda, bfloat16, which keeps weights and sums in float32 (default: ${DEFAULT-VALUE}).")
    private ElementType precision;

    @Mixin(name = "Computation")
    private KernelOptions kernelOptions;

    @Option(names = "--json", paramLabel = "FILE", description = "Write a summary of the run for programs.")
    private Path json;

    @Option(names = "--quiet", description = "Show nothing but errors.")
    private boolean quiet;

    @Mixin(name = "Data")
    private DataOptions data;

    @Mixin(name = "Model")
    private ModelOptions model;

    @Mixin(name = "Training")
    private TrainingOptions training;

    @Mixin(name = "Instruments")
    private WatchOptions watch;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (json != null && json.toString().isEmpty()) {
            throw wrong("--json is empty; expected a file");
        }
        if (json != null && Files.isDirectory(json)) {
            throw wrong("--json: " + json + " is a directory; expected a file");
        }
        if (json != null && !Files.isDirectory(json.toAbsolutePath().getParent())) {
            throw wrong("--json: the folder " + json.toAbsolutePath().getParent() + " does not exist");
        }
        if (watch.instruments.isEmpty() && spec.commandLine().getParseResult().hasMatchedOption("--watch-every")) {
            throw wrong("--watch-every says how often --watch looks; expected --watch beside it");
        }
        if (watch.every < 1) {
            throw wrong("--watch-every is " + watch.every + "; expected at least 1");
        }
        PrintWriter silent = new PrintWriter(PrintWriter.nullWriter());
        PrintWriter results = quiet ? silent : spec.commandLine().getOut();
        PrintWriter progress = quiet ? silent : spec.commandLine().getErr();
        try (Kernels kernels = kernelOptions.open();
                TrainingRun run = resume == null ? fresh(kernels) : resumed(kernels)) {
            return run.execute(results, progress, quiet ? 0 : TerminalBar.columns(), json, watch);
        }
    }

    private TrainingRun fresh(Kernels kernels) throws IOException {
        boolean text = data.text != null;
        if (data.task == DataConfig.Task.TEXT && !text) {
            throw wrong("--task text needs a text: add --text FILE");
        }
        if (data.task == DataConfig.Task.ADDITION && text) {
            throw wrong("--task addition and --text exclude each other");
        }
        if (preset != null && preset.forText() && !text) {
            throw wrong("--preset " + Choice.word(preset) + " needs a text: add --text FILE");
        }
        if (preset != null && !preset.forText() && text) {
            throw wrong("--preset " + Choice.word(preset) + " and --text exclude each other");
        }
        if (text && given("--digits")) {
            throw wrong("--digits belongs to addition; there is a --text");
        }
        for (String option : new String[] {"--context", "--tokenizer"}) {
            if (!text && given(option)) {
                throw wrong(option + " belongs to texts: add --text FILE");
            }
        }
        try {
            requireSupport(kernels, precision);
            TrainingConfig config = training.config(given("--warm-up"), seed);
            Dataset dataset = text
                    ? Dataset.text(data.text, data.tokenizer, data.context, config.batch(), seed)
                    : Dataset.addition(data.digits, config.batch(), seed);
            return TrainingRun.fresh(kernels, model.config(dataset.tokenizer().size(), dataset.config().context()),
                    config, dataset, precision, out);
        } catch (IllegalArgumentException impossible) {
            // The configurations check themselves, and say which component is wrong.
            throw wrong(impossible.getMessage());
        }
    }

    private TrainingRun resumed(Kernels kernels) throws IOException {
        String refused = spec.commandLine().getParseResult().matchedOptions().stream().map(OptionSpec::longestName)
                .filter(option -> !WITH_RESUME.contains(option)).collect(Collectors.joining(", "));
        if (!refused.isEmpty()) {
            throw wrong("a run that is resumed stays as it was begun; can't be combined with --resume: " + refused);
        }
        Checkpoint checkpoint = Checkpoint.open(resume);
        TrainingConfig stored = checkpoint.trainingConfig();
        try {
            TrainingConfig config = new TrainingConfig(given("--steps") ? training.steps : stored.steps(), stored.batch(),
                    stored.accumulation(), stored.schedule(), stored.optimizer(), stored.clipping(),
                    given("--evaluate-every") ? training.evaluateEvery : stored.evaluationInterval(),
                    given("--evaluation-batches") ? training.evaluationBatches : stored.evaluationBatches(),
                    given("--checkpoint-every") ? training.checkpointEvery : stored.checkpointInterval(), stored.seed());
            ElementType type = given("--precision") ? precision : checkpoint.precision();
            if (type.accumulator() != checkpoint.elementType()) {
                throw wrong("--precision is " + Choice.word(type) + "; the run's weights are " + Choice.word(checkpoint.elementType()));
            }
            requireSupport(kernels, type);
            return TrainingRun.resumed(kernels, checkpoint, config, type);
        } catch (IllegalArgumentException impossible) {
            throw wrong(impossible.getMessage());
        }
    }

    private void requireSupport(Kernels kernels, ElementType type) {
        if (!kernels.supports(type)) {
            throw wrong("a CPU does not compute in " + Choice.word(type) + "; add --device cuda, or take another --precision");
        }
    }

    private boolean given(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
