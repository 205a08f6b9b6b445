package lanewise.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A line of the report: an operation at one size and number of threads. NaN where something was not measured.
 *
 * @param unit         of the speeds
 * @param lanewise     Lanewise's speed, the median over all its iterations, whatever it was timed with
 * @param peers        the others, by name
 * @param failures     reasons why others have no speed, by name
 * @param ceilingShare of the multiply-add ceiling, or of the bandwidth where bytes are counted
 * @param memoryBound  whether the ceiling is the bandwidth
 * @param bytesPerRun  that Lanewise allocates
 */
record Row(Family family, String row, int threads, String unit, double lanewise, Map<String, Peer> peers,
        Map<String, String> failures, double ceilingShare, boolean memoryBound, double bytesPerRun) {
    /**
     * Another contender.
     *
     * @param speed median over its iterations
     * @param ratio Lanewise's speed over its own, see {@link Measurement#ratioTo}
     */
    record Peer(double speed, double ratio) {
    }

    /** From all measurements of one row, by different lineups. */
    static Row of(List<Measurement> measurements, Ceilings ceilings, RunInfo info) {
        Measurement first = measurements.get(0);
        double[] all = measurements.stream().flatMap(each -> each.samples().get("lanewise").rates().stream())
                .flatMapToDouble(Arrays::stream).toArray();
        double[] bytes = measurements.stream().map(each -> each.samples().get("lanewise").bytesPerRun())
                .flatMapToDouble(Arrays::stream).toArray();
        Measurement.Samples samples = first.samples().get("lanewise");
        double lanewise = Statistics.median(all);
        Map<String, Peer> peers = new LinkedHashMap<>();
        Map<String, String> failures = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            measurement.samples().forEach((name, own) -> {
                if (!name.equals("lanewise")) {
                    peers.put(name, new Peer(own.median(), measurement.ratioTo(name)));
                }
            });
            Job job = new Job(first.family(), first.row(), first.threads(), measurement.lineup());
            for (String contender : job.contenders()) {
                String failure = info.failures.get(RunInfo.key(job, contender));
                if (failure != null) {
                    failures.put(contender, failure);
                }
            }
        }
        boolean memoryBound = samples.gbytesPerOne() > 0;
        double share = memoryBound ? lanewise * samples.gbytesPerOne() / ceilings.bandwidth(first.threads())
                : lanewise * samples.gflopsPerOne() / ceilings.arithmetic(first.family(), first.threads());
        return new Row(first.family(), first.row(), first.threads(), samples.unit(), lanewise, peers, failures, share,
                memoryBound, Statistics.median(bytes));
    }

    /** This row with some of its peers. */
    Row only(Predicate<String> which) {
        Map<String, Peer> somePeers = new LinkedHashMap<>(peers);
        somePeers.keySet().removeIf(which.negate());
        Map<String, String> someFailures = new LinkedHashMap<>(failures);
        someFailures.keySet().removeIf(which.negate());
        return new Row(family, row, threads, unit, lanewise, somePeers, someFailures, ceilingShare, memoryBound, bytesPerRun);
    }

    String name() {
        return family.title + " " + row;
    }

    /** The fastest of the others, by ratio; null if there is none. */
    String bestPeer() {
        return peers.entrySet().stream().min((a, b) -> Double.compare(a.getValue().ratio(), b.getValue().ratio()))
                .map(Map.Entry::getKey).orElse(null);
    }

    /** To the best peer; NaN if there is none. */
    double ratio() {
        return peers.isEmpty() ? Double.NaN : peers.get(bestPeer()).ratio();
    }
}
