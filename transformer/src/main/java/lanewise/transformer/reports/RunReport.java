package lanewise.transformer.reports;

import java.io.IOException;
import java.nio.file.Files;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.reports.Series.Style;

/**
 * The report of a training run, from its {@code metrics.csv} and what is known about it.
 *
 * @param title          of the page
 * @param configurations records under headings, such as "model"; each becomes a table
 * @param parameters     trained numbers
 * @param precision      what it computed in
 * @param kernels        what it computed with
 */
public record RunReport(String title, Map<String, Record> configurations, long parameters, ElementType precision, Kernels kernels) {
    /** Steps over which the smoothed lines average. */
    private static final double SMOOTHING = 20;

    /** Writes report.html of a run that goes on. */
    public void write(Path folder) throws IOException {
        write(folder, null, Map.of());
    }

    /**
     * Writes report.html beside the metrics.csv of a run.
     *
     * @param summary how the run ended; null while it goes on
     * @param samples texts under labels
     */
    public void write(Path folder, Summary summary, Map<String, String> samples) throws IOException {
        MetricsTable metrics = MetricsTable.read(folder.resolve("metrics.csv"));
        String when = LocalDateTime.now().format(DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm", Locale.ENGLISH));
        Report report = new Report(title, (summary == null ? "still running, " : "") + when);
        if (summary != null) {
            figures(report, summary);
        }
        charts(metrics).forEach(report::chart);
        readings(folder.resolve("instruments.csv")).forEach(report::chart);
        samples.forEach(report::sample);
        configurations.forEach((heading, record) -> report.table(heading, rows(record)));
        Map<String, String> machine = new LinkedHashMap<>(Machine.here().rows());
        machine.put("kernels", kernels.describe());
        machine.put("precision", plain(precision));
        report.table("Machine", machine);
        report.write(folder.resolve("report.html"));
    }

    private void figures(Report report, Summary summary) {
        var result = summary.result();
        if (summary.accuracy() != null) {
            report.figure("exact answers, held out", String.format(Locale.ROOT, "%.1f %%", 100 * summary.accuracy()));
        }
        if (result.heldOut() != null) {
            report.figure("validation loss", String.format(Locale.ROOT, "%.4f", result.heldOut().meanLoss()));
        }
        // A run that is resumed when it is already done takes no step, and has neither.
        if (Double.isFinite(result.trainLoss())) {
            report.figure("training loss", String.format(Locale.ROOT, "%.4f", result.trainLoss()))
                    .figure("tokens per second", String.format(Locale.ROOT, "%,.0f", result.tokensPerSecond()));
        }
        report.figure("steps", String.format(Locale.ROOT, result.finished() ? "%,d" : "%,d (stopped)", result.step()))
                .figure("parameters", String.format(Locale.ROOT, "%,d", parameters))
                .figure("minutes", String.format(Locale.ROOT, "%d:%02d", Math.round(result.seconds()) / 60,
                        Math.round(result.seconds()) % 60));
    }

    private static List<Chart> charts(MetricsTable metrics) {
        double[] steps = metrics.column("step");
        double[] evaluated = metrics.columnWhere("step", "validationLoss");
        double[] loss = metrics.column("loss");
        double[] norm = metrics.column("gradientNorm");
        double[] speed = metrics.column("tokensPerSecond");
        return List.of(
                new Chart("Loss", "nats per token", false, List.of(
                        new Series("training, each step", Style.FAINT, 0, steps, loss),
                        new Series("training, smoothed", Style.LINE, 0, steps, Series.smooth(loss, SMOOTHING)),
                        new Series("validation", Style.POINTS, 1, evaluated,
                                metrics.columnWhere("validationLoss", "validationLoss")))),
                new Chart("Learning rate", "", false, List.of(
                        new Series("learning rate", Style.LINE, 2, steps, metrics.column("learningRate")))),
                new Chart("Gradient norm", "before clipping", true, List.of(
                        new Series("each step", Style.FAINT, 3, steps, norm),
                        new Series("smoothed", Style.LINE, 3, steps, Series.smooth(norm, SMOOTHING)))),
                new Chart("Speed", "tokens per second", false, List.of(
                        new Series("each step", Style.FAINT, 0, steps, speed),
                        new Series("smoothed", Style.LINE, 0, steps, Series.smooth(speed, SMOOTHING)))));
    }

    /** What instruments have read, a chart for each quantity; none if there were none. */
    private static List<Chart> readings(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        Map<String, Map<String, List<double[]>>> charts = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] cells = line.split(",");
            if (cells.length == 4 && cells[0].matches("\\d+")) {
                charts.computeIfAbsent(cells[1], chart -> new LinkedHashMap<>()).computeIfAbsent(cells[2], name -> new ArrayList<>())
                        .add(new double[] {Double.parseDouble(cells[0]), Double.parseDouble(cells[3])});
            }
        }
        List<Chart> all = new ArrayList<>();
        charts.forEach((title, lines) -> {
            List<Series> series = new ArrayList<>();
            lines.forEach((name, points) -> series.add(new Series(name, Style.LINE, series.size() % Series.COLOURS,
                    points.stream().mapToDouble(point -> point[0]).toArray(), points.stream().mapToDouble(point -> point[1]).toArray())));
            boolean logarithmic = title.matches(".*(singular|condition|eigenvalues|norm).*");
            all.add(new Chart(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1), "", logarithmic, series));
        });
        return all;
    }

    /** A record's components as names in plain words and values; records inside it are unfolded. */
    private static Map<String, String> rows(Record record) {
        Map<String, String> rows = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            Object value;
            try {
                value = component.getAccessor().invoke(record);
            } catch (ReflectiveOperationException notPublic) {
                throw new IllegalArgumentException(record.getClass() + " must be public", notPublic);
            }
            if (value instanceof Record inner) {
                rows.putAll(rows(inner));
            } else if (value != null) {
                rows.put(component.getName().replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT),
                        plain(value));
            }
        }
        return rows;
    }

    private static String plain(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
        // 1.0E-4 is 1e-4, and 0.0 is 0.
        return value instanceof Double ? value.toString().replace("E", "e").replaceFirst("\\.0(?=e|$)", "")
                : value.toString();
    }
}
