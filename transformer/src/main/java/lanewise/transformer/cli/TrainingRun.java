package lanewise.transformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.instruments.Watch;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;
import lanewise.transformer.reports.RunReport;
import lanewise.transformer.reports.Summary;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.training.Checkpoint;
import lanewise.transformer.training.MetricsLog;
import lanewise.transformer.training.RunFolder;
import lanewise.transformer.training.StepMetrics;
import lanewise.transformer.training.Trainer;
import lanewise.transformer.training.TrainingConfig;
import lanewise.transformer.training.TrainingListener;
import lanewise.transformer.training.TrainingResult;
import sun.misc.Signal;

/** One run of {@code lanewise train}, from its first line to its report. */
final class TrainingRun implements AutoCloseable {
    private final Kernels kernels;
    private final Gpt model;
    private final TrainingConfig config;
    private final Dataset dataset;
    private final RunFolder folder;
    private final Checkpoint from;

    private TrainingRun(Kernels kernels, Gpt model, TrainingConfig config, Dataset dataset, RunFolder folder,
            Checkpoint from) {
        this.kernels = kernels;
        this.model = model;
        this.config = config;
        this.dataset = dataset;
        this.folder = folder;
        this.from = from;
    }

    /** @param out the run's folder; null for a new one in {@code runs} */
    static TrainingRun fresh(Kernels kernels, GptConfig modelConfig, TrainingConfig config, Dataset dataset,
            ElementType type, Path out) throws IOException {
        requireMemory(kernels, modelConfig, type, config);
        Gpt model = new Gpt(modelConfig, kernels, type, config.seed());
        RunFolder folder = RunFolder.create(out == null ? newFolder(dataset) : out, modelConfig, config,
                dataset.config(), dataset.tokenizer());
        return new TrainingRun(kernels, model, config, dataset, folder, null);
    }

    /** @param type what to go on in; sums must be of the type of the checkpoint's weights */
    static TrainingRun resumed(Kernels kernels, Checkpoint checkpoint, TrainingConfig config, ElementType type) throws IOException {
        GptConfig modelConfig = checkpoint.modelConfig(GptConfig.class, GptConfig::parameterCount);
        Dataset dataset = Dataset.reopen(checkpoint, config.batch(), config.seed());
        requireMemory(kernels, modelConfig, type, config);
        Gpt model = new Gpt(modelConfig, kernels, type, config.seed());
        RunFolder folder = RunFolder.resume(checkpoint, modelConfig, config, dataset.config(), dataset.tokenizer());
        return new TrainingRun(kernels, model, config, dataset, folder, checkpoint);
    }

    private static void requireMemory(Kernels kernels, GptConfig model, ElementType type, TrainingConfig config) {
        Memory.require(model, type.accumulator(), config.optimizer().statePerParameter(), Memory.limit(kernels));
    }

    /** Makes a folder named after the task and the time, and a number if another run took that name. */
    private static Path newFolder(Dataset dataset) throws IOException {
        String name = Choice.word(dataset.config().task()) + "-"
                + DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now());
        Path runs = Files.createDirectories(Path.of("runs"));
        return newFolder(runs, name);
    }

    static Path newFolder(Path parent, String name) throws IOException {
        for (int number = 1;; number++) {
            try {
                return Files.createDirectory(parent.resolve(number == 1 ? name : name + "-" + number));
            } catch (FileAlreadyExistsException taken) {
                // The next number, then.
            }
        }
    }

    /**
     * Trains and tells.
     *
     * @param results  samples, accuracy and the path of the report
     * @param progress everything on the way
     * @param columns  width of the terminal that progress goes to; 0 if it is none
     * @param json     where the summary goes; null for nowhere
     * @param watched  what to look at meanwhile
     * @return the exit code
     */
    int execute(PrintWriter results, PrintWriter progress, int columns, Path json, WatchOptions watched) throws IOException {
        int done = from == null ? 0 : from.state().step();
        progress.printf(Locale.ROOT, "Training on %s: %,d parameters, %s%n", dataset.title(), model.parameterCount(),
                Choice.word(model.type()));
        progress.println("Kernels " + kernels.describe().replace("\n", "\n  "));
        progress.printf("%s %s (Ctrl-C saves and stops)%n",
                from == null ? "Writing to" : "Continuing after step " + done + " in", folder.path());

        Map<String, Record> configurations = new LinkedHashMap<>();
        configurations.put("Model", model.config());
        configurations.put("Training", config);
        configurations.put("Data", dataset.config());
        RunReport report = new RunReport("Training on " + dataset.title(), configurations, model.parameterCount(), model.type(), kernels);
        Path metricsFile = folder.path().resolve("metrics.csv");
        try (MetricsLog metrics = from == null ? MetricsLog.create(metricsFile) : MetricsLog.resume(metricsFile, done);
                Progress bar = new Progress(progress, columns, done, config.steps());
                Watch<TokenBatch> watch = watched.instruments.isEmpty() ? null : new Watch<>(kernels, model, probe(), watched.instruments,
                        watched.every, folder.path().resolve(Watch.FILE), done)) {
            List<TrainingListener> listeners = new ArrayList<>();
            if (watch != null) {
                listeners.add(watch);
            }
            listeners.addAll(List.of(metrics, bar, new ReportAtCheckpoints(report)));
            Trainer<TokenBatch> trainer = new Trainer<>(kernels, model, dataset.source(), config, folder, listeners);
            if (from != null) {
                trainer.resume(from);
            }
            try (Interrupt interrupt = new Interrupt(() -> {
                bar.line("Stopping... (Ctrl-C again to end at once, with the last checkpoint)");
                trainer.requestStop();
            })) {
                TrainingResult result = trainer.run();
                bar.close();
                finish(result, report, results, progress, json, watched);
            }
        }
        return 0;
    }

    /** The first held-out sequences, or of the training data where nothing is held out. */
    private TokenBatch probe() {
        List<TokenBatch> heldOut = dataset.source().heldOut();
        TokenBatch batch = heldOut.isEmpty() ? dataset.source().trainingBatch(0) : heldOut.get(0);
        int sequences = Math.min(batch.batch(), Watch.SEQUENCES);
        int tokens = sequences * batch.length();
        return new TokenBatch(sequences, batch.length(), Arrays.copyOf(batch.tokens(), tokens), Arrays.copyOf(batch.targets(), tokens));
    }

    private void finish(TrainingResult result, RunReport report, PrintWriter results, PrintWriter progress, Path json,
            WatchOptions watched) throws IOException {
        Double accuracy = result.finished() ? dataset.accuracy(model) : null;
        Map<String, String> samples = result.finished() ? dataset.samples(model, config.seed()) : Map.of();
        Summary summary = Summary.of(result, accuracy, model.parameterCount(), model.type(), kernels);
        if (json != null) {
            summary.write(json);
        }
        report.write(folder.path(), summary, samples);

        progress.printf(Locale.ROOT, "%s after %,d steps in %s%s%n", result.finished() ? "Done" : "Stopped",
                result.step(), TerminalBar.time(result.seconds()), Double.isFinite(result.tokensPerSecond())
                        ? String.format(Locale.ROOT, ", %,.0f tokens/s", result.tokensPerSecond()) : "");
        samples.forEach((label, text) -> results.printf("%n%s:%n%s%n%n", capitalized(label), text));
        if (accuracy != null) {
            results.printf(Locale.ROOT, "Exact answers on held-out problems: %.2f %%%n", 100 * accuracy);
        }
        if (result.heldOut() != null) {
            results.printf(Locale.ROOT, "Validation loss: %.4f%n", result.heldOut().meanLoss());
        }
        results.println("Report: " + folder.path().resolve("report.html"));
        if (result.finished()) {
            results.println("Try it: lanewise generate --checkpoint " + folder.path() + " --prompt "
                    + dataset.examplePrompt());
        } else {
            results.println("Continue with: lanewise train --resume " + folder.path() + watched.asArguments());
        }
    }

    /** Leaves the folder to others. */
    @Override
    public void close() throws IOException {
        folder.close();
    }

    private static String capitalized(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** Renews the report when a checkpoint has been written. */
    private final class ReportAtCheckpoints implements TrainingListener {
        private final RunReport report;

        ReportAtCheckpoints(RunReport report) {
            this.report = report;
        }

        @Override
        public void step(StepMetrics metrics) {
        }

        @Override
        public void saved(int step, Path checkpoint) throws IOException {
            if (step < config.steps()) {
                report.write(folder.path());
            }
        }
    }

    /** Turns Ctrl-C into a request, and holds the JVM back until the work behind it is done, or Ctrl-C comes again. */
    private static final class Interrupt implements AutoCloseable {
        private static final int STOPPED = 130;

        private final CountDownLatch done = new CountDownLatch(1);
        private final Thread hook;

        Interrupt(Runnable request) {
            hook = new Thread(() -> {
                request.run();
                try {
                    // While the JVM shuts down it ignores the signal, and there is no other API for this.
                    Signal.handle(new Signal("INT"), again -> Runtime.getRuntime().halt(STOPPED));
                } catch (IllegalArgumentException reserved) {
                    // java -Xrs leaves signals to the system.
                }
                try {
                    done.await();
                } catch (InterruptedException impatient) {
                    Thread.currentThread().interrupt();
                }
            }, "lanewise-interrupt");
            Runtime.getRuntime().addShutdownHook(hook);
        }

        @Override
        public void close() {
            done.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                // The hook is running, and returns now.
            }
        }
    }
}
