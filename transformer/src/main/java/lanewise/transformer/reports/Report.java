package lanewise.transformer.reports;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page about a run that needs nothing beside itself: key figures, plots, samples and tables; tables that are added before the first
 * plot stand above the plots. They are drawn by uPlot, which is written into the page. All text given to it is shown as it is, never
 * read as HTML.
 */
public final class Report {
    /** Points kept of a series. */
    static final int POINTS = 2000;

    private static final Pattern PLACE = Pattern.compile("\\$\\{([a-z.]+)}");

    private final String title;
    private final String subtitle;
    private final StringBuilder figures = new StringBuilder();
    private final StringBuilder samples = new StringBuilder();
    private final StringBuilder above = new StringBuilder();
    private final StringBuilder below = new StringBuilder();
    private final List<Chart> charts = new ArrayList<>();

    public Report(String title, String subtitle) {
        this.title = title;
        this.subtitle = subtitle;
    }

    /** Adds a key figure, such as "parameters", "0.8 million". */
    public Report figure(String name, String value) {
        figures.append("<div class=\"figure\"><span>").append(escape(name)).append("</span><b>").append(escape(value))
                .append("</b></div>\n");
        return this;
    }

    /** Adds a plot; one without a finite value is left out. Long series are {@linkplain Series#binned binned}. */
    public Report chart(Chart chart) {
        if (chart.series().stream().anyMatch(Report::hasValues)) {
            charts.add(chart);
        }
        return this;
    }

    /** Adds a piece of text under a label, such as what the model writes after a prompt. */
    public Report sample(String label, String text) {
        samples.append("<h3>").append(escape(label)).append("</h3>\n<pre>").append(escape(text)).append("</pre>\n");
        return this;
    }

    /** Adds a table of names and values, in the map's order. */
    public Report table(String heading, Map<String, String> rows) {
        StringBuilder tables = tables();
        tables.append("<div class=\"card\"><h2>").append(escape(heading)).append("</h2>\n<table class=\"settings\">\n");
        rows.forEach((name, value) -> tables.append("<tr><th scope=\"row\">").append(escape(name)).append("</th><td>")
                .append(escape(value)).append("</td></tr>\n"));
        tables.append("</table></div>\n");
        return this;
    }

    /** Adds a table with a line of headings above. */
    public Report table(String heading, List<String> columns, List<List<String>> rows) {
        StringBuilder tables = tables();
        tables.append("<div class=\"card wide\"><h2>").append(escape(heading)).append("</h2>\n<table class=\"rows\">\n<tr>");
        columns.forEach(column -> tables.append("<th scope=\"col\">").append(escape(column)).append("</th>"));
        tables.append("</tr>\n");
        for (List<String> row : rows) {
            tables.append("<tr>");
            row.forEach(cell -> tables.append("<td>").append(escape(cell)).append("</td>"));
            tables.append("</tr>\n");
        }
        tables.append("</table></div>\n");
        return this;
    }

    /** Adds a link to another page. */
    public Report link(String text, String address) {
        tables().append("<p class=\"wide\"><a href=\"").append(escape(address)).append("\">").append(escape(text)).append("</a></p>\n");
        return this;
    }

    private StringBuilder tables() {
        return charts.isEmpty() ? above : below;
    }

    /** The page. */
    public String html() {
        Map<String, String> content = new HashMap<>();
        content.put("title", escape(title));
        content.put("subtitle", escape(subtitle));
        content.put("figures", figures.toString());
        content.put("above", above.toString());
        content.put("samples", samples.length() == 0 ? "" : "<div class=\"card wide\"><h2>Samples</h2>\n" + samples + "</div>");
        content.put("below", below.toString());
        content.put("data", data().toString().replace("<", "\\u003c"));
        content.put("report.css", own("report.css"));
        content.put("report.js", own("report.js"));
        content.put("library.css", PlotLibrary.css());
        content.put("library.js", PlotLibrary.script());
        // In one pass, so that a "${" in somebody's text stays what it is.
        Matcher places = PLACE.matcher(own("report.html"));
        return places.replaceAll(place -> Matcher.quoteReplacement(content.get(place.group(1))));
    }

    /** Writes the page; a reader sees an old one or the new one, never half of it. */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, html());
    }

    /** Text as HTML that shows it, in an element or in a quoted attribute. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(character -> {
            switch (character) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> {
                    // HTML allows no other control characters, and no halves of surrogate pairs.
                    boolean allowed = character >= ' ' && (character < 0x7f || character > 0x9f)
                            && (character < 0xd800 || character > 0xdfff) || character == '\n' || character == '\t';
                    escaped.appendCodePoint(allowed ? character : 0xfffd);
                }
            }
        });
        return escaped.toString();
    }

    private JsonArray data() {
        JsonArray data = new JsonArray();
        for (Chart chart : charts) {
            int longest = chart.series().stream().mapToInt(series -> series.values().length).max().orElse(0);
            int bin = Series.binSize(longest, POINTS);
            JsonObject one = new JsonObject();
            one.addProperty("title", chart.title());
            one.addProperty("note", bin == 1 ? chart.note() : chart.note() + " (means of " + bin + " steps)");
            one.addProperty("across", chart.across());
            one.addProperty("acrossLogs", chart.acrossLogs());
            one.addProperty("logarithmic", chart.logarithmic());
            JsonArray lines = new JsonArray();
            chart.series().stream().filter(Report::hasValues).map(series -> series.binned(POINTS)).forEach(series -> {
                JsonObject line = new JsonObject();
                line.addProperty("name", series.name());
                line.addProperty("style", series.style().name());
                line.addProperty("colour", series.colour());
                line.add("steps", numbers(series.steps(), false));
                line.add("values", numbers(series.values(), chart.logarithmic()));
                lines.add(line);
            });
            one.add("series", lines);
            data.add(one);
        }
        return data;
    }

    /** @param positive whether only those have a place */
    private static JsonArray numbers(double[] values, boolean positive) {
        JsonArray numbers = new JsonArray(values.length);
        for (double value : values) {
            if (Double.isFinite(value) && (value > 0 || !positive)) {
                BigDecimal rounded = new BigDecimal(value, new MathContext(6)).stripTrailingZeros();
                numbers.add(new JsonPrimitive(rounded));
            } else {
                numbers.add(JsonNull.INSTANCE);
            }
        }
        return numbers;
    }

    private static boolean hasValues(Series series) {
        for (double value : series.values()) {
            if (Double.isFinite(value)) {
                return true;
            }
        }
        return false;
    }

    private static String own(String name) {
        return PlotLibrary.text(Report.class.getResourceAsStream(name), name);
    }
}
