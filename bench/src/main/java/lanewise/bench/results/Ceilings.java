package lanewise.bench.results;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;

/** What the machine can do at most, as measured in the same run; NaN if it was not. */
public final class Ceilings {
    private final Map<String, Double> values = new LinkedHashMap<>();

    public Ceilings(List<Measurement> measurements) {
        for (Measurement measurement : measurements) {
            if (measurement.family() == null) {
                // What a noisy machine could do in its best moments: a fork.
                values.put(measurement.row() + measurement.threads(), measurement.samples().get("lanewise").rates().stream()
                        .mapToDouble(Statistics::median).max().orElse(Double.NaN));
            }
        }
    }

    private double value(String benchmark, int threads) {
        return values.getOrDefault(benchmark + threads, Double.NaN);
    }

    /** GFLOP/s of nothing but multiply-adds, in a family's element type. */
    public double arithmetic(Family family, int threads) {
        return value(family == Family.MATMUL_FLOAT64 ? "FmaBenchmark.float64" : "FmaBenchmark.float32", threads);
    }

    /** GB/s of a loop, as {@link Job#CEILINGS} name it. */
    public double bandwidth(String loop, int threads) {
        return value(loop, threads);
    }
}
