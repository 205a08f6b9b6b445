package lanewise.bench.results;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;

/**
 * A line of the report: an operation at one size and number of threads. NaN where something was not measured.
 *
 * @param unit         of the speeds
 * @param lanewise     Lanewise's speed, the median over all its iterations, whatever it was timed with
 * @param peers        the others, by name
 * @param failures     reasons why contenders, Lanewise too, have no speed, or failed beside some others, by name
 * @param ceilingShare of the multiply-add ceiling, or of the bandwidth of {@link Family#bandwidth} where bytes are counted
 * @param movedBytes   that a run must read and write at least; 0 where arithmetic is the limit
 * @param bytesPerRun  that Lanewise allocates
 */
public record Row(Family family, String row, int threads, String unit, double lanewise, Map<String, Peer> peers,
        Map<String, String> failures, double ceilingShare, double movedBytes, double bytesPerRun) {
    /**
     * Another contender.
     *
     * @param speed median over its iterations
     * @param ratio Lanewise's speed over its own, see {@link Measurement#ratioTo}
     */
    public record Peer(double speed, double ratio) {
    }

    /** From all measurements of one row, by different lineups; what failed in all of them has no speed. */
    static Row of(Family family, String row, int threads, List<Measurement> measurements, Ceilings ceilings, RunInfo info) {
        List<Measurement.Samples> own = measurements.stream().map(each -> each.samples().get("lanewise"))
                .filter(Objects::nonNull).toList();
        double lanewise = Statistics.median(own.stream().flatMap(each -> each.rates().stream())
                .flatMapToDouble(Arrays::stream).toArray());
        double bytes = Statistics.median(own.stream().map(Measurement.Samples::bytesPerRun).flatMapToDouble(Arrays::stream)
                .toArray());
        Map<String, Peer> peers = new LinkedHashMap<>();
        Map<String, String> failures = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            measurement.samples().forEach((name, samples) -> {
                if (!name.equals("lanewise")) {
                    peers.put(name, new Peer(samples.median(), measurement.ratioTo(name)));
                }
            });
        }
        for (Lineup lineup : Lineup.values()) {
            Job job = new Job(family, row, threads, lineup);
            for (String contender : job.contenders()) {
                String failure = info.failures.get(RunInfo.key(job, contender));
                if (failure != null) {
                    failures.put(contender, failure);
                }
            }
        }
        double gbytes = own.isEmpty() ? 0 : own.get(0).gbytesPerOne();
        double share = own.isEmpty() ? Double.NaN : gbytes > 0 ? lanewise * gbytes / ceilings.bandwidth(family.bandwidth(row), threads)
                : lanewise * own.get(0).gflopsPerOne() / ceilings.arithmetic(family, threads);
        return new Row(family, row, threads, family.unit.perSecond, lanewise, peers, failures, share,
                own.isEmpty() ? 0 : own.get(0).movedBytes(), bytes);
    }

    /** One that should have been measured and was not. */
    static Row missing(Family family, String row, int threads) {
        return new Row(family, row, threads, family.unit.perSecond, Double.NaN, Map.of(), Map.of(), Double.NaN, 0, Double.NaN);
    }

    /** Whether the ceiling is the bandwidth. */
    public boolean memoryBound() {
        return movedBytes > 0;
    }

    /** Whether nothing is known of it, not even a failure. */
    boolean isEmpty() {
        return Double.isNaN(lanewise) && peers.isEmpty() && failures.isEmpty();
    }

    /** This row with some of its peers. */
    public Row only(Predicate<String> which) {
        Map<String, Peer> somePeers = new LinkedHashMap<>(peers);
        somePeers.keySet().removeIf(which.negate());
        Map<String, String> someFailures = new LinkedHashMap<>(failures);
        someFailures.keySet().removeIf(name -> !name.equals("lanewise") && !which.test(name));
        return new Row(family, row, threads, unit, lanewise, somePeers, someFailures, ceilingShare, movedBytes, bytesPerRun);
    }

    public String name() {
        return family.title + " " + row;
    }

    /** The fastest of the others, by ratio; null if there is no ratio. */
    public String bestPeer() {
        return peers.entrySet().stream().filter(peer -> Double.isFinite(peer.getValue().ratio())).min((a, b) -> Double.compare(a.getValue().ratio(), b.getValue().ratio()))
                .map(Map.Entry::getKey).orElse(null);
    }

    /** The row and its number of threads in words. */
    public String place() {
        return name() + ", " + Job.threads(threads);
    }

    /** To the best peer; NaN if there is none. */
    public double ratio() {
        return bestPeer() == null ? Double.NaN : peers.get(bestPeer()).ratio();
    }
}
