package lanewise.transformer.reports;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import lanewise.transformer.reports.Series.Style;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final String HOSTILE = "</script><script>alert(\"1\")</script> & '${data}' $1 \\ \u0000 \ud800";

    private static double[] steps(int count) {
        return IntStream.rangeClosed(1, count).asDoubleStream().toArray();
    }

    private static Chart chart(String title, Series... series) {
        return new Chart(title, "unit", false, List.of(series));
    }

    private static Series line(String name, double... values) {
        return new Series(name, Style.LINE, 0, steps(values.length), values);
    }

    private static JsonArray data(String html) {
        Matcher matcher = Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL)
                .matcher(html);
        assertTrue(matcher.find());
        return JsonParser.parseString(matcher.group(1)).getAsJsonArray();
    }

    @Test
    void showsTextsAsTheyAre() {
        String html = new Report(HOSTILE, HOSTILE).figure(HOSTILE, HOSTILE).sample(HOSTILE, HOSTILE)
                .table(HOSTILE, Map.of(HOSTILE, HOSTILE)).chart(chart(HOSTILE, line(HOSTILE, 1, 2))).html();
        assertFalse(html.contains("<script>alert"), "read as HTML");
        String shown = "&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;${data}&#39; $1 \\ "
                + "\ufffd \ufffd";
        assertEquals(10, html.split(Pattern.quote(shown), -1).length - 1, "nine places, the title in two of them");
        assertEquals(HOSTILE, data(html).get(0).getAsJsonObject().get("title").getAsString());
    }

    @Test
    void aLinkToAFileStays(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        AtomicFile.write(link, "new");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(file));
    }

    @Test
    void needsNothingBesideItself() {
        String html = new Report("t", "s").chart(chart("c", line("l", 1))).html();
        assertTrue(html.contains("uPlot"));
        assertFalse(Pattern.compile("<(link|img|iframe)|<script[^>]+src|@import|url\\(").matcher(html).find());
        assertFalse(Pattern.compile("\\$\\{[a-z.]+}").matcher(html).find(), "a place that was not filled");
    }

    @Test
    void containsTheSeriesAndLeavesGaps() {
        String html = new Report("t", "s").chart(chart("c", line("a", 1.5, Double.NaN, 1e-7, 1 / 0.0),
                line("nothing", Double.NaN))).chart(chart("empty", line("nothing", Double.NaN, 1 / 0.0))).html();
        JsonArray charts = data(html);
        assertEquals(1, charts.size(), "a plot without values is left out");
        JsonArray series = charts.get(0).getAsJsonObject().getAsJsonArray("series");
        assertEquals(1, series.size(), "a line without values is left out");
        JsonObject line = series.get(0).getAsJsonObject();
        assertEquals("a", line.get("name").getAsString());
        assertEquals("[1,2,3,4]", line.get("steps").toString());
        JsonArray values = line.getAsJsonArray("values");
        assertEquals(1.5, values.get(0).getAsDouble());
        assertTrue(values.get(1).isJsonNull() && values.get(3).isJsonNull());
        assertEquals(1e-7, values.get(2).getAsDouble());
    }

    @Test
    void binsLongSeries() {
        double[] values = Arrays.stream(steps(100_001)).map(step -> 2 * step).toArray();
        Report report = new Report("t", "s").chart(chart("c", line("a", values)));
        assertTrue(report.html().length() < 200_000, "size is " + report.html().length());
        JsonObject chart = data(report.html()).get(0).getAsJsonObject();
        assertEquals("unit (means of 51 steps)", chart.get("note").getAsString());
        JsonObject line = chart.getAsJsonArray("series").get(0).getAsJsonObject();
        assertTrue(line.getAsJsonArray("values").size() <= Report.POINTS);
        assertEquals(26, line.getAsJsonArray("steps").get(0).getAsDouble());
        assertEquals(52, line.getAsJsonArray("values").get(0).getAsDouble());
    }

    @Test
    void binsAreMeansOfWhatIsFinite() {
        Series series = line("a", 1, 3, Double.NaN, 5, Double.NaN, Double.NaN, 7).binned(4);
        assertArrayEquals(new double[] {2, 5, Double.NaN, 7}, series.values());
        assertArrayEquals(new double[] {2, 4, 6, 7}, series.steps());
        Series few = line("a", 1, 2);
        assertEquals(few, few.binned(2));
    }

    @Test
    void smoothingStartsUnbiased() {
        double[] constant = Series.smooth(new double[] {4, 4, Double.NaN, 4}, 20);
        for (double value : constant) {
            assertEquals(4, value, 1e-12);
        }
        double keep = Math.exp(-0.5);
        double[] smoothed = Series.smooth(new double[] {1, 2}, 2);
        assertEquals((keep + 2) / (keep + 1), smoothed[1], 1e-12);
        assertTrue(Double.isNaN(Series.smooth(new double[] {Double.NaN}, 2)[0]));
    }

    @Test
    void replacesTheFileAsAWhole(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("report.html"), "old");
        new Report("new", "").write(file);
        assertTrue(Files.readString(file).contains("<title>new</title>"));
        try (var entries = Files.list(folder)) {
            assertEquals(1, entries.count(), "a temporary file is left");
        }
        assertThrows(IOException.class, () -> new Report("t", "").write(folder.resolve("none/report.html")));
    }

    @Test
    void knowsTheMachine() {
        Machine machine = Machine.here();
        assertEquals(Runtime.getRuntime().availableProcessors(), machine.cores());
        assertTrue(machine.memoryBytes() > 1 << 26, "memory is " + machine.memoryBytes());
        assertFalse(machine.processor().isBlank());
        assertTrue(machine.rows().get("Java").contains(System.getProperty("java.version")));
    }
}
