package lanewise.transformer.training;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lanewise.transformer.models.Evaluation;

/**
 * Writes a run's metrics as comma-separated values, one row per step, as they come. Columns that have no value at a step are
 * empty there.
 */
public final class MetricsLog implements TrainingListener, AutoCloseable {
    /** The first line. */
    public static final String HEADER =
            "step,loss,learningRate,gradientNorm,tokensPerSecond,seconds,validationLoss,validationAccuracy";

    private final Path file;
    private final BufferedWriter out;

    private MetricsLog(Path file, BufferedWriter out) {
        this.file = file;
        this.out = out;
    }

    /** Begins a new file; an old one is overwritten. */
    public static MetricsLog create(Path file) throws IOException {
        Files.writeString(file, HEADER + "\n");
        return append(file);
    }

    /**
     * Continues the file of a resumed run: rows after the checkpoint's step, and a last row that was cut off, are dropped.
     *
     * @param step the checkpoint's
     */
    public static MetricsLog resume(Path file, int step) throws IOException {
        if (!Files.exists(file)) {
            return create(file);
        }
        List<String> kept = new ArrayList<>();
        kept.add(HEADER);
        for (String row : Files.readAllLines(file)) {
            if (isRowUpTo(row, step)) {
                kept.add(row);
            }
        }
        Path replacement = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(replacement, kept);
        Files.move(replacement, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        return append(file);
    }

    private static MetricsLog append(Path file) throws IOException {
        return new MetricsLog(file,
                Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND));
    }

    private static boolean isRowUpTo(String row, int step) {
        String[] cells = row.split(",", -1);
        return cells.length == HEADER.split(",").length && cells[0].matches("\\d{1,9}")
                && Integer.parseInt(cells[0]) <= step;
    }

    @Override
    public void step(StepMetrics metrics) throws IOException {
        Evaluation heldOut = metrics.heldOut();
        String row = String.format(Locale.ROOT, "%d,%s,%s,%s,%.0f,%.3f,%s,%s\n", metrics.step(), (float) metrics.loss(),
                (float) metrics.learningRate(), (float) metrics.gradientNorm(), metrics.tokensPerSecond(),
                metrics.seconds(), heldOut == null ? "" : (float) heldOut.meanLoss(),
                heldOut == null ? "" : (float) heldOut.accuracy());
        try {
            out.write(row);
            out.flush();
        } catch (IOException failed) {
            throw new IOException("the metrics of step " + metrics.step() + " can't be written to " + file + ": "
                    + failed.getMessage(), failed);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
