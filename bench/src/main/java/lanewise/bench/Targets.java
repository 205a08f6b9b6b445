package lanewise.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** What Lanewise sets out to reach, and what it has. */
final class Targets {
    /**
     * One of them.
     *
     * @param what     in words
     * @param target   in words
     * @param measured in words, and the row that decided
     * @param reached  whether it is
     */
    record Target(String what, String target, String measured, boolean reached) {
    }

    private final List<Row> rows;
    private final List<Target> targets = new ArrayList<>();

    private Targets(List<Row> rows) {
        this.rows = rows;
    }

    /** Those for which there are rows. */
    static List<Target> of(Results results) {
        Targets targets = new Targets(results.rows());
        targets.matmul();
        targets.attention();
        targets.rowKernels();
        targets.training();
        targets.jvmPeers();
        targets.allocation();
        return targets.targets;
    }

    private void matmul() {
        for (int threads : List.of(1, 2)) {
            mean("float32 matmul, " + threads + (threads == 1 ? " thread" : " threads"), 1.00,
                    row -> row.family() == Family.MATMUL_FLOAT32 && row.threads() == threads);
        }
        lowest("float32 matmul, every row", 0.85, row -> row.family() == Family.MATMUL_FLOAT32);
        rows.stream().filter(row -> row.family() == Family.MATMUL_FLOAT32 && row.row().equals("1024x1024x1024 NN")
                && row.threads() == 1 && Double.isFinite(row.ceilingShare())).forEach(row -> targets.add(
                        new Target("float32 matmul 1024 x 1024 x 1024, 1 thread", "≥ 92 % of the multiply-add ceiling",
                                String.format(Locale.ROOT, "%.1f %%", 100 * row.ceilingShare()), row.ceilingShare() >= 0.92)));
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
            List<Row> measured = rows.stream().filter(row -> row.family() == family && Double.isFinite(row.ratio())).toList();
            // Each as a multiple of what it must reach in the better of both ways.
            ToDoubleFunction<Row> reach = row -> Math.max(row.ratio() / 1.2, row.ceilingShare() / 0.85);
            measured.stream().min(Comparator.comparingDouble(reach)).ifPresent(worst -> targets.add(new Target(
                    family.title + ", every row", "≥ 1.2, or ≥ 85 % of the memory bandwidth", String.format(Locale.ROOT,
                            "%d of %d rows; geometric mean %.2f; furthest from it: %.2f and %.0f %% (%s)",
                            measured.stream().filter(row -> reach.applyAsDouble(row) >= 1).count(), measured.size(),
                            Statistics.geometricMean(measured.stream().mapToDouble(Row::ratio).toArray()), worst.ratio(),
                            100 * worst.ceilingShare(), place(worst)), reach.applyAsDouble(worst) >= 1)));
        }
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
        rows.stream().flatMap(row -> row.peers().entrySet().stream().filter(peer -> Lineup.isOfTheJvm(peer.getKey()))
                .map(peer -> new Object[] {peer.getValue().ratio(), peer.getKey() + ", " + place(row)}))
                .min(Comparator.comparingDouble(each -> (double) each[0])).ifPresent(least -> targets.add(new Target(
                        "every library of the JVM", "≥ 3", String.format(Locale.ROOT, "lowest %.2f (%s)", least),
                        (double) least[0] >= 3)));
    }

    private void allocation() {
        most("kernels", 1024, "about 0 B (here: below 1 KB) a run", row -> row.family() != Family.TRAINING_STEP);
        most("a training step", 64 * 1024, "below 64 KB a run", row -> row.family() == Family.TRAINING_STEP);
    }

    private void most(String what, double limit, String target, Predicate<Row> which) {
        rows.stream().filter(which).max(Comparator.comparingDouble(Row::bytesPerRun)).ifPresent(row -> targets.add(new Target(
                "allocated by " + what, target, String.format(Locale.ROOT, "at most %,.0f B (%s)", row.bytesPerRun(), place(row)),
                row.bytesPerRun() < limit)));
    }

    private Stream<Row> compared(Predicate<Row> which) {
        return rows.stream().filter(which).filter(row -> Double.isFinite(row.ratio()));
    }

    private void mean(String what, double target, Predicate<Row> which) {
        double mean = Statistics.geometricMean(compared(which).mapToDouble(Row::ratio).toArray());
        if (Double.isFinite(mean)) {
            targets.add(new Target(what, String.format(Locale.ROOT, "geometric mean ≥ %.2f", target),
                    String.format(Locale.ROOT, "%.2f over %d rows", mean, compared(which).count()), mean >= target));
        }
    }

    private void lowest(String what, double target, Predicate<Row> which) {
        compared(which).min(Comparator.comparingDouble(Row::ratio)).ifPresent(row -> targets.add(new Target(what,
                String.format(Locale.ROOT, "≥ %.2f", target), compared(which).count() == 1
                        ? String.format(Locale.ROOT, "%.2f (%s)", row.ratio(), row.bestPeer())
                        : String.format(Locale.ROOT, "lowest %.2f (%s), geometric mean %.2f", row.ratio(), place(row),
                                Statistics.geometricMean(compared(which).mapToDouble(Row::ratio).toArray())),
                row.ratio() >= target)));
    }

    private static String place(Row row) {
        return row.name() + ", " + row.threads() + (row.threads() == 1 ? " thread" : " threads");
    }
}
