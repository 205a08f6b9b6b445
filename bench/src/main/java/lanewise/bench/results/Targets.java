package lanewise.bench.results;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;

/** What Lanewise sets out to reach, and what it has. */
public final class Targets {
    /**
     * One of them.
     *
     * @param what     in words
     * @param target   in words
     * @param measured in words, and the row that decided
     * @param reached  whether it is
     */
    public record Target(String what, String target, String measured, boolean reached) {
    }

    private static final String OTHER_JDK = "geometric mean of the ratios of shares of the ceilings, there / here, ≥ 0.90";

    private final Results results;
    /** The measured ones, and of a full run those that are missing. */
    private final List<Row> rows;
    private final boolean full;
    private final List<Target> targets = new ArrayList<>();

    private Targets(Results results, List<Row> rows) {
        this.results = results;
        this.rows = rows;
        full = results.info().full;
    }

    /** Those for which there are rows; of a full run all, and what was not measured reaches nothing. */
    public static List<Target> of(Results results) {
        List<Row> rows = new ArrayList<>(results.rows());
        if (results.info().full) {
            Set<String> measured = rows.stream().map(Row::place).collect(Collectors.toSet());
            for (Family family : Family.values()) {
                for (int threads : family.threads()) {
                    family.rows().stream().map(row -> Row.missing(family, row, threads))
                            .filter(row -> !measured.contains(row.place())).forEach(rows::add);
                }
            }
        }
        Targets targets = new Targets(results, rows);
        targets.matmul();
        targets.attention();
        targets.rowKernels();
        targets.training();
        targets.jvmPeers();
        targets.allocation();
        targets.memory();
        targets.startUp();
        targets.otherJdk();
        return targets.targets;
    }

    private void matmul() {
        for (int threads : List.of(1, 2)) {
            mean("float32 matmul, " + Job.threads(threads), 1.00,
                    row -> row.family() == Family.MATMUL_FLOAT32 && row.threads() == threads);
        }
        lowest("float32 matmul, every row", 0.85, row -> row.family() == Family.MATMUL_FLOAT32);
        add("float32 matmul 1024 x 1024 x 1024, 1 thread", "≥ 92 % of the multiply-add ceiling",
                row -> row.family() == Family.MATMUL_FLOAT32 && row.row().equals("1024x1024x1024 NN") && row.threads() == 1,
                Row::ceilingShare, found -> format("%.1f %%", 100 * found.get(0).ceilingShare()),
                found -> found.get(0).ceilingShare() >= 0.92);
        mean("float64 matmul, all rows", 0.95, row -> row.family() == Family.MATMUL_FLOAT64);
    }

    private void attention() {
        attention("plain, lengths 256 to 2048, head width 64", 1.3, "plain \\S+ (256|512|1024|2048) 64 forward");
        attention("causal, lengths 256 to 2048, head width 64", 1.8, "causal \\S+ (256|512|1024|2048) 64 forward");
        attention("length 64, head width 32", 1.5, "(plain|causal) \\S+ 64 32 forward");
        attention("length 4096", 1.2, "(plain|causal) \\S+ 4096 \\d+ forward");
        attention("plain, lengths 256 to 2048", 1.2, "plain \\S+ (256|512|1024|2048) \\d+ forward\\+backward");
        attention("causal, lengths 256 to 2048", 1.6, "causal \\S+ (256|512|1024|2048) \\d+ forward\\+backward");
    }

    private void attention(String what, double target, String pattern) {
        lowest("attention " + (pattern.endsWith("backward") ? "forward + backward, " : "forward, ") + what, target,
                row -> row.family() == Family.ATTENTION && row.row().matches(pattern));
    }

    private void rowKernels() {
        for (Family family : List.of(Family.SOFTMAX, Family.LAYER_NORM, Family.GELU, Family.CROSS_ENTROPY, Family.ADAMW,
                Family.EMBEDDING)) {
            // A partial run without peers is not told of the bandwidth alone.
            add(family.title + ", every row", "≥ 1.2, or ≥ 85 % of the memory bandwidth if its data exceed the cache",
                    row -> row.family() == family && (full || Double.isFinite(row.ratio())), this::reach, found -> {
                        Row worst = least(found, this::reach);
                        return format("%d of %d rows%s; furthest from it: %s (%s)",
                                found.stream().filter(row -> reach(row) >= 1).count(), found.size(),
                                Double.isNaN(mean(found)) ? "" : format("; geometric mean %.2f", mean(found)), ways(worst),
                                worst.place());
                    }, found -> reach(least(found, this::reach)) >= 1);
        }
    }

    /**
     * A row's ratio or share of the bandwidth as a multiple of what it must reach, in the better of both ways; NaN where the ratio is
     * missing and might be the better one. What fits a cache need not come from memory, so there the ratio alone counts.
     */
    private double reach(Row row) {
        double byRatio = row.ratio() / 1.2;
        double byBandwidth = fitsCache(row) || Double.isNaN(row.ceilingShare()) ? 0 : row.ceilingShare() / 0.85;
        return byBandwidth >= 1 && Double.isNaN(byRatio) ? byBandwidth : Math.max(byRatio, byBandwidth);
    }

    private boolean fitsCache(Row row) {
        return row.movedBytes() <= results.info().cacheBytes;
    }

    private String ways(Row row) {
        return (Double.isNaN(row.ratio()) ? "no peer" : format("%.2f", row.ratio()))
                + (fitsCache(row) ? "" : format(" and %.0f %% of the bandwidth", 100 * row.ceilingShare()));
    }

    private void training() {
        training("4 x 128, batch 12 x 64", 2.0, "4x128 ");
        training("6 x 384, batch 8 x 256", 1.35, "6x384 ");
        training("GPT-2 124M, batch 4 x 64", 1.2, "12x768 ");
    }

    private void training(String what, double target, String begin) {
        lowest("training step " + what + ", 2 threads", target,
                row -> row.family() == Family.TRAINING_STEP && row.row().startsWith(begin));
    }

    private void jvmPeers() {
        record Against(Row row, String peer, double ratio) {
        }

        add("every library of the JVM", "≥ 3", row -> row.family().jvmRows().contains(row.row()), row -> row.peers().keySet()
                .stream().anyMatch(Lineup::isOfTheJvm) ? row.lanewise() : Double.NaN, found -> {
                    Against least = found.stream().flatMap(row -> row.peers().entrySet().stream()
                            .filter(peer -> Lineup.isOfTheJvm(peer.getKey()))
                            .map(peer -> new Against(row, peer.getKey(), peer.getValue().ratio())))
                            .min(Comparator.comparingDouble(Against::ratio)).orElseThrow();
                    return format("lowest %.2f (%s, %s)", least.ratio, least.peer, least.row.place());
                }, found -> found.stream().flatMap(row -> row.peers().entrySet().stream())
                        .filter(peer -> Lineup.isOfTheJvm(peer.getKey())).allMatch(peer -> peer.getValue().ratio() >= 3));
    }

    private void allocation() {
        most("kernels", 1024, "about 0 B (here: below 1 KB) a run", row -> row.family() != Family.TRAINING_STEP);
        most("a training step", 64 * 1024, "below 64 KB a run", row -> row.family() == Family.TRAINING_STEP);
    }

    private void memory() {
        List<Long> bytes = results.info().attentionBytes;
        String what = "memory of attention forward + backward, causal, 12 heads of width 64";
        if (bytes == null) {
            missing(what, "linear in the length");
            return;
        }
        List<Integer> lengths = RunInfo.MEMORY_LENGTHS;
        List<String> words = new ArrayList<>();
        boolean linear = true;
        for (int i = 0; i < lengths.size(); i++) {
            words.add(format("%.1f MB at %d", 1e-6 * bytes.get(i), lengths.get(i)));
            // A quarter more, for work space in whole blocks; a square of the length would be far beyond.
            linear &= bytes.get(i) <= 1.25 * bytes.get(0) * lengths.get(i) / lengths.get(0);
        }
        targets.add(new Target(what, "linear in the length", String.join(", ", words), linear));
    }

    private void startUp() {
        seconds("`lanewise info`", 1, results.info().infoSeconds);
        seconds("first training step of 4 x 128", 3, results.info().firstStepSeconds);
    }

    private void seconds(String what, double limit, List<Double> seconds) {
        what += ", from the start of the JVM to its end";
        String target = format("below %.0f s", limit);
        if (seconds == null) {
            missing(what, target);
            return;
        }
        double median = Statistics.median(seconds.stream().mapToDouble(each -> each).toArray());
        targets.add(new Target(what, target, format("%.2f s (%.2f to %.2f in %d starts)", median, Collections.min(seconds),
                Collections.max(seconds), seconds.size()), median < limit));
    }

    private void otherJdk() {
        Comparison comparison = results.comparison();
        if (comparison == null) {
            missing("speed on JDK 17", OTHER_JDK);
            return;
        }
        Comparison.Pair least = comparison.rows().stream().min(Comparator.comparingDouble(Comparison.Pair::share)).orElseThrow();
        targets.add(new Target("speed on " + comparison.other(), OTHER_JDK,
                format("%.2f; %d of %d rows at 0.90 or more; lowest %.2f (%s); of the speeds themselves %.2f", comparison.meanShare(),
                        comparison.rows().stream().filter(each -> each.share() >= 0.9).count(), comparison.rows().size(),
                        least.share(), least.row().place(), comparison.mean()) + notMeasured(comparison.missing()),
                comparison.meanShare() >= 0.9 && (comparison.missing() == 0 || !full)));
    }

    private void missing(String what, String target) {
        if (full) {
            targets.add(new Target(what, target, "not measured", false));
        }
    }

    private void most(String what, double limit, String target, Predicate<Row> which) {
        add("allocated by " + what, target, which, Row::bytesPerRun, found -> {
            Row most = least(found, row -> -row.bytesPerRun());
            return format("at most %,.0f B (%s)", most.bytesPerRun(), most.place());
        }, found -> found.stream().allMatch(row -> row.bytesPerRun() < limit));
    }

    private void mean(String what, double target, Predicate<Row> which) {
        add(what, format("geometric mean ≥ %.2f", target), which, Row::ratio,
                found -> format("%.2f over %d rows", mean(found), found.size()), found -> mean(found) >= target);
    }

    private void lowest(String what, double target, Predicate<Row> which) {
        add(what, format("≥ %.2f", target), which, Row::ratio, found -> {
            Row least = least(found, Row::ratio);
            return found.size() == 1 ? format("%.2f (%s)", least.ratio(), least.bestPeer())
                    : format("lowest %.2f (%s), geometric mean %.2f", least.ratio(), least.place(), mean(found));
        }, found -> least(found, Row::ratio).ratio() >= target);
    }

    /**
     * Adds a target if there are rows for it.
     *
     * @param figure  NaN where it was not measured
     * @param words   of the measured rows
     * @param reached by the measured rows; a missing one reaches nothing
     */
    private void add(String what, String target, Predicate<Row> which, ToDoubleFunction<Row> figure,
            Function<List<Row>, String> words, Predicate<List<Row>> reached) {
        List<Row> wanted = rows.stream().filter(which).toList();
        List<Row> found = wanted.stream().filter(row -> Double.isFinite(figure.applyAsDouble(row))).toList();
        int missing = wanted.size() - found.size();
        if (!found.isEmpty()) {
            targets.add(new Target(what, target, words.apply(found) + (full ? notMeasured(missing) : ""),
                    reached.test(found) && (missing == 0 || !full)));
        } else {
            missing(what, target);
        }
    }

    private static String notMeasured(int rows) {
        return rows == 0 ? "" : "; not measured: " + rows + (rows == 1 ? " row" : " rows");
    }

    private static Row least(List<Row> rows, ToDoubleFunction<Row> figure) {
        return rows.stream().min(Comparator.comparingDouble(figure)).orElseThrow();
    }

    private static double mean(List<Row> rows) {
        return Statistics.geometricMean(rows.stream().mapToDouble(Row::ratio).filter(Double::isFinite).toArray());
    }

    private static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }
}
