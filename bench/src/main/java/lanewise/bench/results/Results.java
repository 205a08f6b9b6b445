package lanewise.bench.results;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import lanewise.bench.BenchRun;
import lanewise.bench.plan.Family;

/** All that a folder of raw results holds, as rows. */
public record Results(RunInfo info, Ceilings ceilings, List<Row> rows) {
    /** Reads a folder that {@link BenchRun} wrote. */
    public static Results read(Path folder) throws IOException {
        return of(RunInfo.read(folder.resolve("run.json")), measurements(folder));
    }

    /** Reads the raw results of a folder. */
    public static List<Measurement> measurements(Path folder) throws IOException {
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

    /** The rows of one family and number of threads, in order. */
    public List<Row> rows(Family family, int threads) {
        return rows.stream().filter(row -> row.family() == family && row.threads() == threads).toList();
    }

    /** Numbers of threads that the rows have. */
    public List<Integer> threads() {
        return rows.stream().map(Row::threads).distinct().sorted().toList();
    }
}
