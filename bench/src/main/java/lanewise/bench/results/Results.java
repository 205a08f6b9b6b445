package lanewise.bench.results;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import lanewise.bench.plan.Family;

/**
 * All that a folder of raw results holds, as rows.
 *
 * @param comparison with another run; null if there is none
 */
public record Results(RunInfo info, Ceilings ceilings, List<Row> rows, Comparison comparison) {
    /** Reads a folder that a run wrote. */
    public static Results read(Path folder) throws IOException {
        RunInfo info = RunInfo.read(folder.resolve("run.json"));
        List<Measurement> measurements = measurements(folder);
        Ceilings ceilings = new Ceilings(measurements);
        List<Row> rows = rows(info, measurements, ceilings);
        Path other = folder.resolve(Comparison.FILE);
        return new Results(info, ceilings, rows, Files.exists(other) ? Comparison.read(other, info, rows) : null);
    }

    /** Reads the raw results of a folder. */
    public static List<Measurement> measurements(Path folder) throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".json") && !file.endsWith("run.json")
                    && !file.endsWith(Comparison.FILE)).toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString().replace(".json", "");
            for (JsonElement result : RawFile.read(file)) {
                measurements.add(Measurement.of(result.getAsJsonObject(), name));
            }
        }
        return measurements;
    }

    private static List<Row> rows(RunInfo info, List<Measurement> measurements, Ceilings ceilings) {
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
        return rows;
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
