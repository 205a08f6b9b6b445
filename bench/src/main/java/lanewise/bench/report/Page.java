package lanewise.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lanewise.bench.gpu.GpuResults;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;
import lanewise.bench.results.Ceilings;
import lanewise.bench.results.Comparison;
import lanewise.bench.results.Results;
import lanewise.bench.results.Row;
import lanewise.bench.results.RunInfo;
import lanewise.bench.results.Statistics;

/** What both forms of the report say in the same words. */
public final class Page {
    private Page() {
    }

    static String title(RunInfo info) {
        return "Lanewise beside its peers" + (info.complete() ? "" : info.quick ? " (quick and partial)" : " (partial)");
    }

    static String subtitle(RunInfo info) {
        String state = info.done < info.planned ? "Stopped or still running: " + info.done + " of " + info.planned
                + " measurements are done. " : "";
        String what = info.full && info.done == info.planned ? "A full run" : "A partial run" + (info.arguments.isEmpty() ? "" : ", `" + info.arguments + "`");
        return state + what + ", " + info.begun + " to " + info.ended + ", commit " + info.commit + ", " + info.settings + ".";
    }

    /** The tables of the report: every family at every number of threads, and apart from it the libraries of the JVM. */
    static Map<String, List<Row>> tables(Results results, int threads) {
        Map<String, List<Row>> tables = new LinkedHashMap<>();
        for (Family family : Family.values()) {
            List<Row> rows = results.rows(family, threads);
            if (!rows.isEmpty()) {
                tables.put(family.title + ", " + Job.threads(threads),
                        rows.stream().map(row -> row.only(peer -> !Lineup.isOfTheJvm(peer))).toList());
                List<Row> jvm = rows.stream().map(row -> row.only(Lineup::isOfTheJvm))
                        .filter(row -> !peers(List.of(row)).isEmpty()).toList();
                if (!jvm.isEmpty()) {
                    tables.put(family.title + ", " + Job.threads(threads) + ", beside libraries of the JVM", jvm);
                }
            }
        }
        return tables;
    }

    static String ceilings(Ceilings ceilings, int threads) {
        return "Ceilings: multiply-adds " + Text.number(ceilings.arithmetic(Family.MATMUL_FLOAT32, threads))
                + " GFLOP/s in float32, " + Text.number(ceilings.arithmetic(Family.MATMUL_FLOAT64, threads))
                + " in float64; memory bandwidth " + Job.CEILINGS.stream().filter(loop -> loop.startsWith("Bandwidth"))
                .map(loop -> Text.number(ceilings.bandwidth(loop, threads)) + " GB/s (" + loop.substring(loop.indexOf('.') + 1) + ")")
                .collect(Collectors.joining(", ")) + ".";
    }

    /** A sentence about the other run. */
    static String compared(Comparison comparison) {
        return "Lanewise on " + comparison.other() + ", measured by itself at another time, beside this run. Geometric mean of the speeds, there "
                + "/ here: " + Text.ratio(comparison.mean()) + ", with the machine's state at both times in it; of the shares of the ceilings, "
                + "which each run measured for itself at its start (for data that fit into the cache, of the speeds again): "
                + Text.ratio(comparison.meanShare()) + (comparison.missing() == 0 ? "."
                : "; " + comparison.missing() + " of this run's rows are not in the other.");
    }

    static final String[] COMPARED = {"row", "threads", "here", "there", "there / here", "shares of the ceilings, there / here"};

    static List<String[]> comparedCells(Comparison comparison) {
        return comparison.rows().stream().map(each -> new String[] {each.row().name(), Integer.toString(each.row().threads()),
            Text.number(each.here()) + " " + each.row().unit(), Text.number(each.there()), Text.ratio(each.ratio()),
            Text.ratio(each.share())}).toList();
    }

    static String gpuTitle(GpuResults gpu) {
        return gpu == null ? "On a GPU" : "On a GPU: " + gpu.gpu();
    }

    /** A sentence or two about the check on a machine with a GPU, or that there was none. */
    static String gpu(GpuResults gpu) {
        return gpu == null ? "The device side is untested on hardware: no GPU was at hand so far. Its kernels have been compiled, and tested "
                + "on the CPU by an emulation of a GPU's blocks; nothing is known about their speed. bench/gpu/check is the script that finds "
                + "out on a machine with a GPU, and its table will stand here." : gpu.facts().entrySet().stream().map(fact -> fact.getKey() + ": " + fact.getValue()).collect(Collectors.joining("; "))
                + ". From bench/gpu/check, whose README says how it measures. A ratio is Lanewise's speed by PyTorch's; what moves data "
                + "is held against copying within the device's memory.";
    }

    static final String GPU_CURVE = "Training of shakespeare-char on the GPU, loss on held-out text:";

    static String[] heading(List<Row> rows) {
        List<String> heading = new ArrayList<>(List.of(rows.get(0).unit(), "lanewise"));
        heading.addAll(peers(rows));
        if (!peers(rows).isEmpty()) {
            heading.add("ratio to the best");
        }
        heading.add(rows.stream().anyMatch(Row::memoryBound) ? rows.stream().allMatch(Row::memoryBound) ? "of the bandwidth"
                : "of the ceiling" : "of the multiply-adds");
        heading.add("B/op");
        return heading.toArray(String[]::new);
    }

    static String[] cells(Row row, List<Row> rows) {
        List<String> cells = new ArrayList<>(List.of(row.row(),
                Double.isNaN(row.lanewise()) && row.failures().containsKey("lanewise") ? "failed" : Text.number(row.lanewise())));
        for (String name : peers(rows)) {
            cells.add(row.peers().containsKey(name) ? Text.number(row.peers().get(name).speed())
                    : row.failures().containsKey(name) ? "failed" : "");
        }
        if (!peers(rows).isEmpty()) {
            cells.add(row.bestPeer() == null ? "" : Text.ratio(row.ratio()) + " " + row.bestPeer());
        }
        cells.add(Text.percent(row.ceilingShare()) + (row.memoryBound() && !rows.stream().allMatch(Row::memoryBound)
                ? " of the bandwidth" : ""));
        cells.add(Double.isNaN(row.bytesPerRun()) ? "–" : String.format(Locale.ROOT, "%,.0f", row.bytesPerRun()));
        return cells.toArray(String[]::new);
    }

    /** The peers of a table, in the order in which they come. */
    static Set<String> peers(List<Row> rows) {
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> names.addAll(row.peers().keySet()));
        rows.forEach(row -> names.addAll(row.failures().keySet()));
        names.remove("lanewise");
        return names;
    }

    /** A sentence below a table; empty where there is no peer. */
    static String mean(List<Row> rows) {
        double[] ratios = rows.stream().mapToDouble(Row::ratio).filter(Double::isFinite).toArray();
        return ratios.length == 0 ? "" : String.format(Locale.ROOT, "Geometric mean of the ratios: %.2f.",
                Statistics.geometricMean(ratios));
    }

    /** A sentence for every contender that failed and every reason. */
    static List<String> failures(List<Row> rows) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        rows.forEach(row -> row.failures().forEach((peer, reason) -> byReason.computeIfAbsent(peer + " failed: " + reason,
                all -> new ArrayList<>()).add(row.row())));
        return byReason.entrySet().stream().map(each -> each.getKey().replaceAll("\\s+", " ") + " ("
                + (each.getValue().size() == rows.size() ? "in every row" : String.join("; ", each.getValue())) + ")").toList();
    }

    /** What has no figure for want of time or because of a failure, and why: for both forms of the report. */
    static Map<String, String> notMeasured(RunInfo info) {
        Map<String, String> rows = new LinkedHashMap<>();
        info.failures.forEach((key, reason) -> rows.put(key, reason.replaceAll("\\s+", " ")));
        if (info.done < info.planned) {
            rows.put(info.planned - info.done + " of " + info.planned + " measurements", "not reached");
        }
        return rows;
    }

    static Map<String, String> circumstances(RunInfo info) {
        Map<String, String> rows = new LinkedHashMap<>(info.machine);
        rows.put("flags", String.join(" ", info.flags));
        rows.put("flags of training steps", String.join(" ", info.trainingStepFlags));
        info.processes.forEach((lineup, settings) -> rows.put("processes with " + lineup, settings));
        rows.put("commit", info.commit);
        rows.put("time", info.begun + " to " + info.ended);
        rows.put("measured", info.settings + ", " + info.done + " of " + info.planned + " measurements");
        return rows;
    }
}
