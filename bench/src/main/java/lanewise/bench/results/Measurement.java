package lanewise.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;

/**
 * One result of JMH, its iterations given back to the contenders that they belong to.
 *
 * @param family  null for a ceiling
 * @param lineup  that measured it
 * @param samples by contender, in the order of the lineup; only those that had turns
 */
public record Measurement(Family family, String row, int threads, Lineup lineup, Map<String, Samples> samples) {
    /**
     * A contender's iterations.
     *
     * @param rates        per fork and iteration, in the family's unit per second
     * @param bytesPerRun  allocated, per iteration
     * @param gflopsPerOne 10^9 operations that make one of the row's unit; 0 if arithmetic is not counted
     * @param gbytesPerOne 10^9 bytes that make one of the row's unit; 0 if bytes are not counted
     * @param movedBytes   that a run must read and write at least; 0 if bytes are not counted
     */
    record Samples(List<double[]> rates, double[] bytesPerRun, double gflopsPerOne, double gbytesPerOne, double movedBytes) {
        double median() {
            return Statistics.median(all(rates));
        }
    }

    /** Reads an entry of one of the files that {@link Job#file} names. */
    static Measurement of(JsonObject result, String file) {
        String[] benchmark = result.get("benchmark").getAsString().split("\\.");
        String type = benchmark[benchmark.length - 2];
        for (Family family : Family.values()) {
            if (family.benchmark.getSimpleName().equals(type)) {
                JsonObject params = result.getAsJsonObject("params");
                Lineup lineup = Lineup.valueOf(file.substring(file.lastIndexOf('-') + 1).toUpperCase(Locale.ROOT));
                return new Measurement(family, params.get("row").getAsString(), params.get("threads").getAsInt(), lineup,
                        split(result, family.unit.counter, params.get("contenders").getAsString().split(",")));
            }
        }
        JsonObject metrics = result.getAsJsonObject("secondaryMetrics");
        String counter = type.equals("FmaBenchmark") ? "gflops" : "gbytes";
        Samples samples = new Samples(raw(metrics.getAsJsonObject(counter)), new double[] {0}, 0, 0, 0);
        return new Measurement(null, type + "." + benchmark[benchmark.length - 1], result.get("threads").getAsInt(),
                Lineup.ALONE, Map.of("lanewise", samples));
    }

    /** The counter {@code contender} names each iteration's owner by its place in the parameter {@code contenders}. */
    private static Map<String, Samples> split(JsonObject result, String counter, String[] contenders) {
        JsonObject metrics = result.getAsJsonObject("secondaryMetrics");
        List<double[]> owners = raw(metrics.getAsJsonObject("contender"));
        List<double[]> runs = raw(result.getAsJsonObject("primaryMetric"));
        List<double[]> gflops = raw(metrics.getAsJsonObject("gflops"));
        List<double[]> gbytes = raw(metrics.getAsJsonObject("gbytes"));
        List<double[]> allocated = raw(metrics.getAsJsonObject("allocated"));
        List<double[]> rates = raw(metrics.getAsJsonObject(counter));
        Map<String, Samples> samples = new LinkedHashMap<>();
        for (int place = 0; place < contenders.length; place++) {
            List<double[]> own = of(place, owners, rates);
            // It may have failed in some process, or in all.
            if (own.stream().anyMatch(fork -> fork.length > 0)) {
                double one = all(own)[0];
                double moved = all(of(place, owners, gbytes))[0];
                samples.put(contenders[place], new Samples(own, all(of(place, owners, allocated)),
                        all(of(place, owners, gflops))[0] / one, moved / one, 1e9 * moved / all(of(place, owners, runs))[0]));
            }
        }
        return samples;
    }

    /** The values, per fork, of the iterations that belong to a contender. */
    private static List<double[]> of(int contender, List<double[]> owners, List<double[]> values) {
        List<double[]> own = new ArrayList<>();
        for (int fork = 0; fork < owners.size(); fork++) {
            DoubleStream.Builder picked = DoubleStream.builder();
            for (int i = 0; i < owners.get(fork).length; i++) {
                if (Math.rint(owners.get(fork)[i]) == contender) {
                    picked.add(values.get(fork)[i]);
                }
            }
            own.add(picked.build().toArray());
        }
        return own;
    }

    private static double[] all(List<double[]> forks) {
        return forks.stream().flatMapToDouble(DoubleStream::of).toArray();
    }

    private static List<double[]> raw(JsonObject metric) {
        List<double[]> forks = new ArrayList<>();
        for (JsonElement fork : metric.getAsJsonArray("rawData")) {
            JsonArray iterations = fork.getAsJsonArray();
            double[] values = new double[iterations.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = iterations.get(i).getAsDouble();
            }
            forks.add(values);
        }
        return forks;
    }

    /**
     * Lanewise's speed over that of another contender: the median, over the forks in which both have turns, of the ratio of both
     * medians in one; NaN if there is none.
     */
    double ratioTo(String other) {
        Samples own = samples.get("lanewise");
        if (own == null) {
            return Double.NaN;
        }
        List<double[]> ours = own.rates();
        List<double[]> theirs = samples.get(other).rates();
        return Statistics.median(IntStream.range(0, ours.size())
                .mapToDouble(fork -> Statistics.median(ours.get(fork)) / Statistics.median(theirs.get(fork)))
                .filter(Double::isFinite).toArray());
    }
}
