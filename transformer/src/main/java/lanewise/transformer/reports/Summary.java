package lanewise.transformer.reports;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.training.TrainingResult;

/**
 * What a program wants to know of a run.
 *
 * @param result         how it ended
 * @param accuracy       share of exact answers on held-out problems, 0 to 1; null where the task has none
 * @param parameters     trained numbers
 * @param precision      what it computed in
 * @param implementation of the kernels
 * @param device         what these say of themselves, such as a GPU's name
 * @param threads        of the kernels
 * @param vectorBits     of the kernels; 0 if they use no vectors
 */
public record Summary(TrainingResult result, Double accuracy, long parameters, ElementType precision, String implementation, String device,
        int threads, int vectorBits) {
    public static Summary of(TrainingResult result, Double accuracy, long parameters, ElementType precision, Kernels kernels) {
        return new Summary(result, accuracy, parameters, precision, kernels.implementation(),
                kernels.describe().lines().findFirst().orElseThrow(), kernels.threads(), kernels.vectorBits());
    }

    /** One JSON object; numbers that are not known are left out. */
    public String json() {
        JsonObject json = new JsonObject();
        json.addProperty("steps", result.step());
        json.addProperty("finished", result.finished());
        number(json, "trainLoss", result.trainLoss());
        number(json, "validationLoss", result.heldOut() == null ? Double.NaN : result.heldOut().meanLoss());
        number(json, "accuracy", accuracy == null ? Double.NaN : accuracy);
        number(json, "tokensPerSecond", result.tokensPerSecond());
        number(json, "seconds", result.seconds());
        json.addProperty("parameters", parameters);
        json.addProperty("precision", precision.word());
        json.addProperty("implementation", implementation);
        json.addProperty("device", device);
        json.addProperty("threads", threads);
        json.addProperty("vectorBits", vectorBits);
        json.addProperty("jdk", System.getProperty("java.version"));
        json.addProperty("peakHeapBytes", peakHeapBytes());
        if (result.checkpoint() != null) {
            json.addProperty("checkpoint", result.checkpoint().toString());
        }
        return new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
    }

    /** Writes {@link #json}; a reader sees an old file or the new one, never half of it. */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, json());
    }

    private static void number(JsonObject json, String name, double value) {
        if (Double.isFinite(value)) {
            json.addProperty(name, value);
        }
    }

    /** The most that this JVM's heap has held: the sum over its pools, whose peaks may be of different moments. */
    private static long peakHeapBytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage).mapToLong(usage -> usage.getUsed()).sum();
    }
}
