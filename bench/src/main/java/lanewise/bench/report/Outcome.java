package lanewise.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.results.Results;

/** What a job has brought, on one line. */
public final class Outcome {
    private Outcome() {
    }

    /** The speed and the ratios, or what failed. */
    public static String line(Results results, Job job) {
        if (job.family() == null) {
            boolean arithmetic = job.row().startsWith("Fma");
            double value = arithmetic ? results.ceilings().arithmetic(job.row().endsWith("64") ? Family.MATMUL_FLOAT64
                    : Family.MATMUL_FLOAT32, job.threads()) : results.ceilings().bandwidth(job.row(), job.threads());
            return job.place() + ": " + Text.number(value) + (arithmetic ? " GFLOP/s" : " GB/s");
        }
        List<String> others = job.contenders();
        return results.rows().stream().filter(row -> row.place().equals(job.place())).findFirst()
                .map(row -> row.only(others::contains))
                .map(row -> job.place() + ": " + Text.number(row.lanewise()) + " " + row.unit() + row.peers().entrySet()
                        .stream().map(peer -> String.format(Locale.ROOT, ", %.2f x %s", peer.getValue().ratio(), peer.getKey()))
                        .collect(Collectors.joining())
                        + row.failures().entrySet().stream().map(each -> ", " + each.getKey() + " failed: " + each.getValue())
                        .collect(Collectors.joining()))
                .orElse(job.place() + ": nothing");
    }
}
