package lanewise.bench.results;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import lanewise.bench.gpu.GpuResults;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;

/**
 * All that a folder of raw results holds, as rows.
 *
 * @param comparison with another run; null if there is none
 * @param gpu        what the check on a machine with a GPU found; null if there was none
 */
public record Results(RunInfo info, Ceilings ceilings, List<Row> rows, Comparison comparison, GpuResults gpu) {
    /** Reads a folder that a run wrote. */
    public static Results read(Path folder) throws IOException {
        return read(folder, folder.resolve(Comparison.FILE), folder.resolve(GpuResults.FILE));
    }

    /**
     * Reads a folder that a run wrote.
     *
     * @param other what another run wrote for {@code --json}, to be compared with; it need not exist
     * @param gpu   what the GPU check wrote; it need not exist
     * @throws IllegalArgumentException if it can't be compared with, or the GPU check wrote no such file
     */
    public static Results read(Path folder, Path other, Path gpu) throws IOException {
        RunInfo info = RunInfo.read(folder.resolve("run.json"));
        List<Measurement> measurements = measurements(folder);
        Ceilings ceilings = new Ceilings(measurements);
        List<Row> rows = rows(info, measurements, ceilings);
        return new Results(info, ceilings, rows, Files.exists(other) ? Comparison.read(other, info, rows) : null,
                Files.exists(gpu) ? GpuResults.read(gpu) : null);
    }

    /** Reads the raw results of a folder. */
    public static List<Measurement> measurements(Path folder) throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        for (String name : Job.files()) {
            for (JsonElement result : RawFile.read(folder.resolve(name + ".json"))) {
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
