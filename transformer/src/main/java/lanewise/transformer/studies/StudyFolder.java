package lanewise.transformer.studies;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import lanewise.transformer.reports.AtomicFile;
import lanewise.transformer.reports.Chart;
import lanewise.transformer.reports.Machine;
import lanewise.transformer.reports.Report;
import lanewise.transformer.reports.Series;

/**
 * What a study leaves: results.json, a CSV file for every plot, of at most some 400 points a line with 7 digits, and report.html, which
 * needs nothing beside it.
 */
public final class StudyFolder {
    /** Of a line in a CSV file, about; of longer ones only every so manieth is written. */
    private static final int POINTS = 400;
    private static final List<String> COLUMNS = List.of("claim", "where it is from", "measured", "verdict", "note");

    /**
     * A study that has been run.
     *
     * @param kernels what it computed with, in words
     */
    public record Done(Study study, StudyResult result, boolean full, double seconds, String kernels) {
    }

    private static Map<String, String> machine(Done done) {
        Map<String, String> machine = new LinkedHashMap<>(Machine.here().rows());
        machine.put("kernels", done.kernels);
        return machine;
    }

    private StudyFolder() {
    }

    /** Writes all files of a study into a folder, which is made if it is not there. */
    public static void write(Path folder, Done done) throws IOException {
        Files.createDirectories(folder);
        for (Plot plot : done.result.plots()) {
            AtomicFile.write(folder.resolve(plot.name() + ".csv"), csv(plot));
        }
        AtomicFile.write(folder.resolve("results.json"), new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create()
                .toJson(json(done)) + "\n");
        Report report = new Report(done.study.paper(), subtitle(done));
        figures(report, done.result.findings());
        Map<String, String> model = new LinkedHashMap<>();
        model.put("model", String.join("\n", done.result.model()));
        model.putAll(done.result.settings());
        report.table("Verdicts", COLUMNS, rows(done.result.findings())).table("Model and sizes", model);
        done.result.plots().forEach(plot -> report.chart(chart(plot)));
        report.table("Machine", machine(done));
        report.write(folder.resolve("report.html"));
    }

    /** Writes index.html, with the verdicts of several studies, each in a folder of its name beside it. */
    public static void writeIndex(Path folder, List<Done> all) throws IOException {
        Report index = new Report("Studies", all.size() + (all.size() == 1 ? " study" : " studies"));
        List<Finding> findings = new ArrayList<>();
        all.forEach(done -> findings.addAll(done.result.findings()));
        figures(index, findings);
        for (Done done : all) {
            index.link(done.study.paper(), done.study.name() + "/report.html");
            index.table(done.study.name() + ", " + seconds(done), COLUMNS, rows(done.result.findings()));
        }
        index.table("Machine", machine(all.get(0))).write(folder.resolve("index.html"));
    }

    /** What programs want to know of several studies. */
    public static String json(List<Done> all) {
        JsonArray studies = new JsonArray();
        all.forEach(done -> studies.add(json(done)));
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create().toJson(studies) + "\n";
    }

    private static String subtitle(Done done) {
        return done.study.name() + ", " + (done.full ? "full" : "quick") + " run, " + seconds(done) + ", " + LocalDateTime.now()
                .format(DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm", Locale.ENGLISH));
    }

    private static String seconds(Done done) {
        return String.format(Locale.ROOT, "%.0f s", done.seconds);
    }

    private static void figures(Report report, List<Finding> findings) {
        for (Finding.Verdict verdict : Finding.Verdict.values()) {
            report.figure(verdict.words(), Long.toString(findings.stream().filter(finding -> finding.verdict() == verdict).count()));
        }
    }

    private static List<List<String>> rows(List<Finding> findings) {
        return findings.stream().map(finding -> List.of(finding.claim(), finding.label().words(), finding.measured(),
                finding.verdict().words(), finding.note())).toList();
    }

    private static Chart chart(Plot plot) {
        List<Series> series = new ArrayList<>();
        for (Plot.Line line : plot.lines()) {
            series.add(new Series(line.name(), line.style(), series.size() % Series.COLOURS, line.x(), line.y()));
        }
        return new Chart(plot.title(), plot.y(), plot.x(), plot.xLogarithmic(), plot.yLogarithmic(), series);
    }

    private static String csv(Plot plot) {
        StringBuilder csv = new StringBuilder("line," + quoted(plot.x()) + "," + quoted(plot.y()) + "\n");
        for (Plot.Line line : plot.lines()) {
            int last = line.x().length - 1;
            int every = last / POINTS + 1;
            for (int i = 0; i <= last; i = i == last ? i + 1 : Math.min(i + every, last)) {
                csv.append(quoted(line.name())).append(',').append(rounded(line.x()[i])).append(',').append(rounded(line.y()[i])).append('\n');
            }
        }
        return csv.toString();
    }

    /** Of a number that is not finite, nothing. */
    private static String rounded(double value) {
        return Double.isFinite(value) ? Double.toString(new BigDecimal(value).round(MathContext.DECIMAL32).doubleValue()) : "";
    }

    private static String quoted(String cell) {
        return cell.matches("[^,\"\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    private static JsonObject json(Done done) {
        JsonObject json = new JsonObject();
        json.addProperty("study", done.study.name());
        json.addProperty("paper", done.study.paper());
        json.addProperty("full", done.full);
        json.addProperty("seconds", done.seconds);
        JsonObject machine = new JsonObject();
        machine(done).forEach(machine::addProperty);
        json.add("machine", machine);
        JsonObject settings = new JsonObject();
        done.result.settings().forEach(settings::addProperty);
        json.add("settings", settings);
        JsonArray findings = new JsonArray();
        for (Finding finding : done.result.findings()) {
            JsonObject one = new JsonObject();
            one.addProperty("claim", finding.claim());
            one.addProperty("label", finding.label().name());
            one.addProperty("measured", finding.measured());
            one.addProperty("verdict", finding.verdict().name());
            one.addProperty("note", finding.note());
            findings.add(one);
        }
        json.add("findings", findings);
        JsonArray plots = new JsonArray();
        for (Plot plot : done.result.plots()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", plot.name());
            one.addProperty("title", plot.title());
            one.addProperty("csv", plot.name() + ".csv");
            plots.add(one);
        }
        json.add("plots", plots);
        return json;
    }
}
