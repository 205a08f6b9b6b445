package lanewise.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** What the machine can do at most, as measured in the same run; NaN if it was not. */
final class Ceilings {
    private final Map<String, Double> values = new LinkedHashMap<>();

    Ceilings(List<Measurement> measurements) {
        for (Measurement measurement : measurements) {
            if (measurement.family() == null) {
                values.put(measurement.row() + measurement.threads(), measurement.samples().get("lanewise").median());
            }
        }
    }

    private double value(String benchmark, int threads) {
        return values.getOrDefault(benchmark + threads, Double.NaN);
    }

    /** GFLOP/s of nothing but multiply-adds, in a family's element type. */
    double arithmetic(Family family, int threads) {
        return value(family == Family.MATMUL_FLOAT64 ? "FmaBenchmark.float64" : "FmaBenchmark.float32", threads);
    }

    /** GB/s of the better of copy and triad. */
    double bandwidth(int threads) {
        return DoubleStream.of(value("BandwidthBenchmark.copy", threads), value("BandwidthBenchmark.triad", threads))
                .filter(Double::isFinite).max().orElse(Double.NaN);
    }
}
