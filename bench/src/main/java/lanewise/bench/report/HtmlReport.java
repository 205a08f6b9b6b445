package lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lanewise.bench.gpu.GpuResults;
import lanewise.bench.plan.Job;
import lanewise.bench.results.Results;
import lanewise.bench.results.Row;
import lanewise.bench.results.Targets;
import lanewise.transformer.reports.PlotLibrary;
import lanewise.transformer.reports.Report;

/** The report as a page that needs nothing beside itself, with a chart above every table. */
public final class HtmlReport {
    private static final Pattern PLACE = Pattern.compile("\\$\\{([a-z.]+)}");

    private final Results results;
    private final StringBuilder body = new StringBuilder();
    private final JsonArray charts = new JsonArray();

    public HtmlReport(Results results) {
        this.results = results;
    }

    public String text() {
        targets();
        results.threads().forEach(this::tables);
        if (results.comparison() != null) {
            body.append("<section><h2>Beside another run</h2>\n<p>").append(Report.escape(Page.compared(results.comparison())))
                    .append("</p>\n");
            table(Page.COMPARED, Page.comparedCells(results.comparison()), "numbers");
            body.append("</section>\n");
        }
        gpu();
        Map<String, String> missing = Page.notMeasured(results.info());
        if (!missing.isEmpty()) {
            facts("Not measured", missing);
        }
        facts("Circumstances", Page.circumstances(results.info()));
        facts("Contenders", results.info().versions);
        Map<String, String> content = Map.of("title", Report.escape(Page.title(results.info())),
                "subtitle", Report.escape(Page.subtitle(results.info())), "body", body.toString(),
                "data", charts.toString().replace("<", "\\u003c"), "results.css", resource("results.css"),
                "results.js", resource("results.js"), "library.css", PlotLibrary.css(), "library.js", PlotLibrary.script());
        Matcher places = PLACE.matcher(resource("results.html"));
        return places.replaceAll(place -> Matcher.quoteReplacement(content.get(place.group(1))));
    }

    private void gpu() {
        GpuResults gpu = results.gpu();
        body.append("<section><h2>").append(Report.escape(Page.gpuTitle(gpu))).append("</h2>\n<p>").append(Report.escape(Page.gpu(gpu)))
                .append("</p>\n");
        if (gpu == null) {
            body.append("</section>\n");
            return;
        }
        table(GpuResults.HEADING, gpu.lines().stream().map(GpuResults.Line::cells).toList(), "numbers");
        gpu.failures().forEach(each -> body.append("<p>").append(Report.escape(each)).append("</p>\n"));
        if (!gpu.curve().isEmpty()) {
            body.append("<p>").append(Page.GPU_CURVE).append("</p>\n");
            table(GpuResults.CURVE_HEADING, gpu.curve(), "numbers");
        }
        body.append("</section>\n");
    }

    private void targets() {
        List<Targets.Target> targets = Targets.of(results);
        if (!targets.isEmpty()) {
            List<String[]> rows = new ArrayList<>();
            targets.forEach(each -> rows.add(new String[] {each.what(), each.target(), each.measured(),
                each.reached() ? "yes" : "no"}));
            body.append("<section><h2>Targets</h2><p>Speeds are ratios to the best peer in the row.</p>\n");
            table(new String[] {"what", "target", "measured", "reached"}, rows, "words");
            body.append("</section>\n");
        }
    }

    private void tables(int threads) {
        body.append("<h1>").append(Job.threads(threads)).append("</h1>\n<p>")
                .append(Report.escape(Page.ceilings(results.ceilings(), threads))).append("</p>\n");
        Page.tables(results, threads).forEach((title, rows) -> {
            body.append("<section><h2>").append(title).append("</h2>\n<div class=\"chart\"></div>\n");
            charts.add(chart(rows));
            table(Page.heading(rows), rows.stream().map(row -> Page.cells(row, rows)).toList(), "numbers");
            body.append("<p>").append(Page.mean(rows)).append("</p>\n");
            Page.failures(rows).forEach(each -> body.append("<p>").append(Report.escape(each)).append("</p>\n"));
            body.append("</section>\n");
        });
    }

    /** The speeds of all contenders, row by row. */
    private static JsonObject chart(List<Row> rows) {
        JsonObject chart = new JsonObject();
        JsonArray names = new JsonArray();
        rows.forEach(row -> names.add(row.row()));
        chart.add("rows", names);
        chart.addProperty("unit", rows.get(0).unit());
        JsonArray series = new JsonArray();
        series.add(series("lanewise", rows, row -> row.lanewise()));
        for (String peer : Page.peers(rows)) {
            series.add(series(peer, rows, row -> row.peers().containsKey(peer) ? row.peers().get(peer).speed() : Double.NaN));
        }
        chart.add("series", series);
        return chart;
    }

    private static JsonObject series(String name, List<Row> rows, ToDoubleFunction<Row> value) {
        JsonObject one = new JsonObject();
        one.addProperty("name", name);
        JsonArray values = new JsonArray();
        for (Row row : rows) {
            double speed = value.applyAsDouble(row);
            if (Double.isFinite(speed)) {
                values.add(Double.parseDouble(String.format(Locale.ROOT, "%.4g", speed)));
            } else {
                values.add(JsonNull.INSTANCE);
            }
        }
        one.add("values", values);
        return one;
    }

    private void facts(String heading, Map<String, String> facts) {
        body.append("<section><h2>").append(heading).append("</h2>\n");
        List<String[]> rows = new ArrayList<>();
        facts.forEach((name, value) -> rows.add(new String[] {name, value}));
        table(null, rows, "words");
        body.append("</section>\n");
    }

    private void table(String[] heading, List<String[]> rows, String style) {
        body.append("<div class=\"wide\"><table class=\"").append(style).append("\">\n");
        if (heading != null) {
            line("th", heading);
        }
        rows.forEach(row -> line("td", row));
        body.append("</table></div>\n");
    }

    private void line(String tag, String[] cells) {
        body.append("<tr>");
        for (String cell : cells) {
            body.append('<').append(tag).append('>').append(Report.escape(cell)).append("</").append(tag).append('>');
        }
        body.append("</tr>\n");
    }

    private static String resource(String name) {
        try (InputStream stream = HtmlReport.class.getResourceAsStream(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
