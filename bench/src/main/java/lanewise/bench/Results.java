package lanewise.bench;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lanewise.transformer.reports.AtomicFile;

/** All that a folder of raw results holds, as rows. */
record Results(RunInfo info, Ceilings ceilings, List<Row> rows) {
    /** Reads a folder that {@link BenchRun} wrote. */
    static Results read(Path folder) throws IOException {
        return of(RunInfo.read(folder.resolve("run.json")), measurements(folder));
    }

    /** Reads the raw results of a folder. */
    static List<Measurement> measurements(Path folder) throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".json") && !file.endsWith("run.json")).toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString().replace(".json", "");
            for (JsonElement result : RawFile.read(file)) {
                measurements.add(Measurement.of(result.getAsJsonObject(), name));
            }
        }
        return measurements;
    }

    static Results of(RunInfo info, List<Measurement> measurements) {
        Ceilings ceilings = new Ceilings(measurements);
        List<Row> rows = new ArrayList<>();
        for (Family family : Family.values()) {
            for (int threads : family.threads()) {
                for (String name : family.rows()) {
                    Row row = Row.of(family, name, threads, measurements.stream().filter(each -> each.family() == family
                            && each.row().equals(name) && each.threads() == threads)
                            .sorted(Comparator.comparing(Measurement::lineup)).toList(), ceilings, info);
                    if (!row.isEmpty()) {
                        rows.add(row);
                    }
                }
            }
        }
        return new Results(info, ceilings, rows);
    }

    /** Writes RESULTS.md and RESULTS.html. */
    void write(Path folder) throws IOException {
        AtomicFile.write(folder.resolve("RESULTS.md"), new MarkdownReport(this).text());
        AtomicFile.write(folder.resolve("RESULTS.html"), new HtmlReport(this).text());
    }

    /** The rows of one family and number of threads, in order. */
    List<Row> rows(Family family, int threads) {
        return rows.stream().filter(row -> row.family() == family && row.threads() == threads).toList();
    }

    /** Numbers of threads that the rows have. */
    List<Integer> threads() {
        return rows.stream().map(Row::threads).distinct().sorted().toList();
    }

    /** What a job has brought, on one line. */
    String line(Job job) {
        String threads = ", " + Page.threads(job.threads()) + ": ";
        if (job.family() == null) {
            double value = job.row().startsWith("Fma") ? ceilings.arithmetic(job.row().endsWith("64") ? Family.MATMUL_FLOAT64
                    : Family.MATMUL_FLOAT32, job.threads()) : ceilings.bandwidth(job.threads());
            return job.name() + threads + Text.number(value) + (job.row().startsWith("Fma") ? " GFLOP/s" : " GB/s at best");
        }
        List<String> others = job.contenders();
        return rows.stream().filter(row -> row.name().equals(job.name()) && row.threads() == job.threads()).findFirst()
                .map(row -> row.only(others::contains))
                .map(row -> job.name() + threads + Text.number(row.lanewise()) + " " + row.unit() + row.peers().entrySet()
                        .stream().map(peer -> String.format(Locale.ROOT, ", %.2f x %s", peer.getValue().ratio(), peer.getKey()))
                        .collect(Collectors.joining())
                        + row.failures().entrySet().stream().map(each -> ", " + each.getKey() + " failed: " + each.getValue())
                        .collect(Collectors.joining()))
                .orElse(job.name() + threads + "nothing");
    }
}
