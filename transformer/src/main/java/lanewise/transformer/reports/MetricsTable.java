package lanewise.transformer.reports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The columns of a run's metrics.csv, as {@link lanewise.transformer.training.MetricsLog} writes it. */
final class MetricsTable {
    private final List<String> names;
    private final List<double[]> rows;

    private MetricsTable(List<String> names, List<double[]> rows) {
        this.names = names;
        this.rows = rows;
    }

    /** Reads the file; a row that is cut off, such as the last one of a run that writes it just now, is left out. */
    static MetricsTable read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<String> names = List.of(lines.get(0).split(","));
        return new MetricsTable(names, lines.stream().skip(1).map(line -> line.split(",", -1))
                .filter(cells -> cells.length == names.size()).map(MetricsTable::numbers).toList());
    }

    /** The values of a column, one per row; NaN where the cell is empty. */
    double[] column(String name) {
        int index = names.indexOf(name);
        return rows.stream().mapToDouble(row -> row[index]).toArray();
    }

    /** The values of one column in the rows where another one has a value. */
    double[] columnWhere(String name, String present) {
        int index = names.indexOf(name);
        int other = names.indexOf(present);
        return rows.stream().filter(row -> !Double.isNaN(row[other])).mapToDouble(row -> row[index]).toArray();
    }

    private static double[] numbers(String[] cells) {
        return Arrays.stream(cells).mapToDouble(cell -> cell.isEmpty() ? Double.NaN : Double.parseDouble(cell))
                .toArray();
    }
}
