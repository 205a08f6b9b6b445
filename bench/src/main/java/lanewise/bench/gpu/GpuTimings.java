package lanewise.bench.gpu;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.reports.AtomicFile;

/**
 * Times rows on a device: checks what the first run computed, warms up, then asks for batches of runs that last 20 ms at least and waits
 * for the end of each; the median over the batches is the result. Writes the file anew after each row, so that what stops it costs no
 * more than the row at hand; rows that the file has already are left out. A row that does not come to its end is given up after half a
 * minute, and with it this process.
 */
public final class GpuTimings {
    /** The device has failed and this process can use it no more; another may go on. */
    private static final int DEVICE_LOST = 3;
    private static final double NANOS = 1e9;
    private static final double WARM_UP = 0.3 * NANOS;
    private static final double BATCH = 0.02 * NANOS;
    private static final int BATCHES = 15;
    /** A row takes no longer, but for three batches. */
    private static final double LONGEST = 2.5 * NANOS;
    /** A row takes a second or two, the first one some more to compile the kernels. */
    private static final long HANGS_MILLIS = 30_000;

    private final Path file;
    private final JsonObject json;
    private final Kernels kernels;
    private final Tensor probe;
    private final long seed;

    private GpuTimings(Path file, JsonObject json, Kernels kernels, long seed) {
        this.file = file;
        this.json = json;
        this.kernels = kernels;
        this.seed = seed;
        probe = kernels.zeros(ElementType.FLOAT32, 1, 1);
    }

    /**
     * Arguments: the file of results, that of the rows, and how many seconds may pass until the last row is begun. Rows of tf32 are timed
     * with {@code -Dlanewise.tf32=true} alone, and nothing else then.
     */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        double end = System.nanoTime() + NANOS * Double.parseDouble(arguments[2]);
        JsonObject json = Files.exists(file) ? JsonParser.parseString(Files.readString(file)).getAsJsonObject() : new JsonObject();
        if (!json.has("rows")) {
            json.add("rows", new JsonObject());
        }
        long seed = Long.getLong("lanewise.test.seed", 1);
        json.addProperty("seed", seed);
        try (Kernels kernels = Kernels.best()) {
            json.addProperty("implementation", kernels.describe().lines().findFirst().orElseThrow());
            json.addProperty("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
            GpuTimings timings = new GpuTimings(file, json, kernels, seed);
            for (GpuRow row : rows(Path.of(arguments[1]))) {
                if (row.type().equals(GpuRow.TF32) != Boolean.getBoolean("lanewise.tf32") || json.getAsJsonObject("rows").has(row.name())) {
                    continue;
                }
                if (System.nanoTime() > end) {
                    System.out.println("No time is left for " + row.name() + " and what follows");
                    break;
                }
                Thread guard = timings.guard(row);
                JsonObject result = timings.row(row);
                boolean lost = result.has("failure") && timings.lost();
                guard.interrupt();
                timings.write(row, result);
                if (lost) {
                    System.out.println("The device answers no more");
                    // Closing would fail as well.
                    Runtime.getRuntime().halt(DEVICE_LOST);
                }
            }
        }
    }

    private synchronized void write(GpuRow row, JsonObject result) throws IOException {
        json.getAsJsonObject("rows").add(row.name(), result);
        AtomicFile.write(file, new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n");
    }

    /** Ends this process if it is not interrupted soon: from a kernel that does not end there is no other way out. */
    private Thread guard(GpuRow row) {
        Thread guard = new Thread(() -> {
            try {
                Thread.sleep(HANGS_MILLIS);
                String reason = "did not come to its end in " + HANGS_MILLIS / 1000 + " s";
                System.out.printf("%-60s %s%n", row.name(), reason);
                JsonObject result = new JsonObject();
                result.addProperty("failure", reason);
                write(row, result);
                Runtime.getRuntime().halt(DEVICE_LOST);
            } catch (InterruptedException itEnded) {
                // As it should.
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
        guard.setDaemon(true);
        guard.start();
        return guard;
    }

    /** The lines of a file that are neither empty nor comments. */
    static List<GpuRow> rows(Path file) throws IOException {
        List<GpuRow> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                rows.add(GpuRow.parse(line.strip()));
            }
        }
        return rows;
    }

    private JsonObject row(GpuRow row) {
        JsonObject result = new JsonObject();
        GpuCase it = null;
        try {
            it = GpuCase.open(kernels, row, seed);
            it.run();
            it.check();
            double[] nanos = time(it);
            Arrays.sort(nanos);
            double median = (nanos[(nanos.length - 1) / 2] + nanos[nanos.length / 2]) / 2;
            result.addProperty("milliseconds", 1e-6 * median);
            result.addProperty("low", 1e-6 * nanos[0]);
            result.addProperty("high", 1e-6 * nanos[nanos.length - 1]);
            result.addProperty("batches", nanos.length);
            System.out.printf(Locale.ROOT, "%-60s %10.4f ms %10.1f %s%n", row.name(), 1e-6 * median, row.work() / median * NANOS, row.unit());
        } catch (RuntimeException | LinkageError | OutOfMemoryError failure) {
            String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
            result.addProperty("failure", reason);
            System.out.printf("%-60s %s%n", row.name(), reason);
            if (!(failure instanceof UnsupportedOperationException)) {
                failure.printStackTrace(System.out);
            }
            if (it != null && failure instanceof IllegalStateException) {
                timeWrong(it);
            }
        }
        return result;
    }

    /** Tells those who mend it how long it takes now; no result. */
    private void timeWrong(GpuCase it) {
        try {
            System.out.printf(Locale.ROOT, "(what is wrong takes %.4f ms)%n", 1e-6 * time(it)[0]);
        } catch (RuntimeException sameAgain) {
            System.out.println("(and can't be timed: " + sameAgain.getMessage() + ")");
        }
    }

    /** Nanoseconds of a run, in each batch. */
    private double[] time(GpuCase it) {
        int runs = 1;
        double taken = batch(it, runs);
        for (double warm = taken; warm < WARM_UP || taken < BATCH; warm += taken) {
            if (taken < BATCH) {
                runs *= 2;
            }
            taken = batch(it, runs);
        }
        double[] nanos = new double[BATCHES];
        double begin = System.nanoTime();
        for (int i = 0; i < BATCHES; i++) {
            if (i >= 3 && System.nanoTime() - begin > LONGEST) {
                return Arrays.copyOf(nanos, i);
            }
            nanos[i] = batch(it, runs) / runs;
        }
        return nanos;
    }

    private double batch(GpuCase it, int runs) {
        await();
        long begin = System.nanoTime();
        for (int run = 0; run < runs; run++) {
            it.run();
        }
        await();
        return System.nanoTime() - begin;
    }

    /** Reading waits for all that was asked for. */
    private void await() {
        probe.get(0, 0);
    }

    private boolean lost() {
        try {
            probe.fill(1);
            return probe.get(0, 0) != 1;
        } catch (RuntimeException failure) {
            return true;
        }
    }
}
