package lanewise.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import lanewise.bench.benchmarks.AttentionMemory;
import lanewise.bench.benchmarks.FirstStep;
import lanewise.bench.plan.Family;
import lanewise.bench.results.RunInfo;

/** What no benchmark of JMH can tell, since it begins with a fresh JVM: how fast Lanewise starts, and the memory that attention takes. */
final class StartUp {
    static final String NAME = "start-up and memory";
    /** What all of it takes. */
    static final double SECONDS = 15;
    private static final int STARTS = 5;

    private StartUp() {
    }

    /** Whether a run is to measure it and has not; the memory comes last. */
    static boolean due(RunInfo info) {
        return info.startUp && info.attentionBytes == null;
    }

    /** Measures all of it, and returns a line about it. A failure goes among the run's, as Lanewise's own. */
    static String measure(RunInfo info) {
        info.failures.remove(RunInfo.START_UP);
        try {
            String step = Family.TRAINING_STEP.rows().get(0);
            // The first start finds its files on the disk, later ones in memory.
            start("lanewise.transformer.cli.Lanewise", "info");
            List<Double> infoSeconds = new ArrayList<>();
            List<Double> stepSeconds = new ArrayList<>();
            for (int i = 0; i < STARTS; i++) {
                infoSeconds.add(seconds("lanewise.transformer.cli.Lanewise", "info"));
                stepSeconds.add(seconds(FirstStep.class.getName(), step));
            }
            info.infoSeconds = infoSeconds;
            info.firstStepSeconds = stepSeconds;
            String[] rows = RunInfo.MEMORY_LENGTHS.stream().map(length -> "causal 1x12 " + length + " 64 forward+backward").toArray(String[]::new);
            List<Long> bytes = start(AttentionMemory.class.getName(), rows).lines().map(Long::valueOf).toList();
            if (bytes.size() != rows.length) {
                throw new IOException(AttentionMemory.class.getName() + " told of " + bytes.size() + " rows; expected " + rows.length);
            }
            info.attentionBytes = bytes;
            return String.format(Locale.ROOT, "%s: at best %.2f s, a first training step %.2f s", NAME, Collections.min(infoSeconds),
                    Collections.min(stepSeconds));
        } catch (IOException | NumberFormatException failure) {
            info.failures.put(RunInfo.START_UP, failure.toString());
            return NAME + " failed: " + failure;
        }
    }

    private static double seconds(String type, String argument) throws IOException {
        long begin = System.nanoTime();
        start(type, argument);
        return (System.nanoTime() - begin) * 1e-9;
    }

    /** Starts a JVM with the launcher's options, but without the launcher, and returns what it has printed when it has come to its end. */
    private static String start(String type, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "--add-modules", "jdk.incubator.vector", "-cp", System.getProperty("java.class.path"), type));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(type + " failed with exit code " + process.exitValue());
            }
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
            throw new IOException(type + " was interrupted");
        }
        return output;
    }
}
