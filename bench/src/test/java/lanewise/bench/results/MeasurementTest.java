package lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Lineup;
import lanewise.bench.report.HtmlReport;
import lanewise.bench.report.MarkdownReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From JMH's raw results to rows and reports, on results made up. */
class MeasurementTest {
    /** Two forks of six iterations, in which lanewise, mkl and onednn have their turns. */
    private static final String MATMUL = """
            [{"benchmark": "lanewise.bench.Float32MatmulBenchmark.run", "threads": 1,
              "params": {"contenders": "lanewise,mkl,onednn", "row": "1024x1024x1024 NN", "threads": "1"},
              "primaryMetric": {"rawData": [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]},
              "secondaryMetrics": {
                "contender": {"rawData": [[0, 1, 2, 0, 1, 2], [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]]},
                "gflops": {"rawData": [[200, 100, 160, 220, 110, 140], [100, 50, 100, 100, 50, 100]]},
                "gelements": {"rawData": [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]},
                "tokens": {"rawData": [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]},
                "gbytes": {"rawData": [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]},
                "allocated": {"rawData": [[8, 9, 9, 8, 9, 9], [8, 9, 9, 24, 9, 9]]}}}]
            """;
    private static final String SOFTMAX = """
            [{"benchmark": "lanewise.bench.SoftmaxBenchmark.run", "threads": 1,
              "params": {"contenders": "lanewise,pytorch+mkl", "row": "768x65 forward", "threads": "1"},
              "primaryMetric": {"rawData": [[1, 1]]},
              "secondaryMetrics": {
                "contender": {"rawData": [[1, 0]]}, "gflops": {"rawData": [[0, 0]]}, "tokens": {"rawData": [[0, 0]]},
                "gelements": {"rawData": [[2, 3]]}, "gbytes": {"rawData": [[16, 24]]}, "allocated": {"rawData": [[0, 0]]}}}]
            """;
    private static final String CEILINGS = """
            [{"benchmark": "lanewise.bench.FmaBenchmark.float32", "threads": 1,
              "secondaryMetrics": {"gflops": {"rawData": [[230, 240], [240, 250]]}}},
             {"benchmark": "lanewise.bench.BandwidthBenchmark.copy", "threads": 1,
              "secondaryMetrics": {"gbytes": {"rawData": [[30]]}}},
             {"benchmark": "lanewise.bench.BandwidthBenchmark.triad", "threads": 1,
              "secondaryMetrics": {"gbytes": {"rawData": [[36, 40, 44], [20, 20, 20]]}}}]
            """;

    @TempDir
    Path folder;

    private static Measurement measurement(String results, int index, String file) {
        JsonObject one = JsonParser.parseString(results).getAsJsonArray().get(index).getAsJsonObject();
        return Measurement.of(one, file);
    }

    private Results results() throws Exception {
        RunInfo info = new RunInfo();
        info.arguments = "--peers --filter x";
        info.settings = "2 forks";
        info.flags = List.of("-Xmx3g");
        info.trainingStepFlags = List.of("-Xmx6g");
        info.begun = "2026-01-01 12:00";
        info.ended = "2026-01-01 13:00";
        info.commit = "0123456789";
        info.machine.put("JDK", "JDK 25");
        info.machine.put("processor", "a processor");
        info.planned = 2;
        info.done = 2;
        info.versions.put("mkl", "MKL <2025>");
        info.versions.put("lanewise", "simd");
        info.flags = List.of("-Xmx3g");
        Job job = new Job(Family.MATMUL_FLOAT32, "1024x1024x1024 NN", 1, Lineup.MKL);
        info.failures.put(RunInfo.key(job, "onednn"), "no | such library");
        Files.writeString(folder.resolve("run.json"), info.json());
        Files.writeString(folder.resolve("ceilings.json"), CEILINGS);
        Files.writeString(folder.resolve("matmul-float32-mkl.json"), MATMUL);
        Files.writeString(folder.resolve("softmax-mkl.json"), SOFTMAX);
        return Results.read(folder);
    }

    @Test
    void everyIterationGoesToItsContender() {
        Measurement measurement = measurement(MATMUL, 0, "matmul-float32-mkl");
        assertEquals(Family.MATMUL_FLOAT32, measurement.family());
        assertEquals(Lineup.MKL, measurement.lineup());
        assertEquals(List.of("lanewise", "mkl", "onednn"), List.copyOf(measurement.samples().keySet()));
        assertEquals(List.of(200.0, 220.0), list(measurement.samples().get("lanewise").rates().get(0)));
        assertEquals(List.of(50.0, 50.0), list(measurement.samples().get("mkl").rates().get(1)));
        assertEquals(120, measurement.samples().get("onednn").median(), 1e-9);
    }

    @Test
    void ratiosCompareWithinForks() {
        Measurement measurement = measurement(MATMUL, 0, "matmul-float32-mkl");
        // 210 / 150 in one fork, 100 / 100 in the other.
        assertEquals((1.4 + 1.0) / 2, measurement.ratioTo("onednn"), 1e-12);
        assertEquals(2, measurement.ratioTo("mkl"), 1e-12);
    }

    @Test
    void aRowHasItsBestPeerAndItsShareOfTheCeiling() throws Exception {
        List<Row> rows = results().rows();
        assertEquals(2, rows.size());
        Row matmul = rows.get(0);
        assertEquals("matmul float32 1024x1024x1024 NN", matmul.name());
        assertEquals(150, matmul.lanewise(), 1e-9);
        assertEquals("onednn", matmul.bestPeer());
        assertEquals(1.2, matmul.ratio(), 1e-12);
        assertEquals(150 / 245.0, matmul.ceilingShare(), 1e-12);
        assertEquals(8, matmul.bytesPerRun(), 1e-12);
        assertEquals("no | such library", matmul.failures().get("onednn"));
        Row softmax = rows.get(1);
        assertEquals("Gelement/s", softmax.unit());
        assertEquals(1.5, softmax.ratio(), 1e-12);
        // 24 of 30 GB/s: what is read and written here is that of copy.
        assertEquals(0.8, softmax.ceilingShare(), 1e-12);
        assertEquals(24e9, softmax.movedBytes(), 1);
    }

    @Test
    void aPeerThatFailedInOneForkIsComparedInTheOther() {
        Measurement measurement = measurement(MATMUL.replace("[0, 1, 2, 0, 1, 2]", "[0, 1, 0, 0, 1, 0]"), 0, "matmul-float32-mkl");
        assertEquals(1, measurement.ratioTo("onednn"), 1e-12);
        assertEquals(100, measurement.samples().get("onednn").median(), 1e-9);
    }

    @Test
    void whatFailedIsInTheReport() throws Exception {
        results();
        RunInfo info = RunInfo.read(folder.resolve("run.json"));
        info.full = true;
        info.planned = 3;
        info.failures.put(RunInfo.key(new Job(Family.GELU, Family.GELU.rows().get(0), 1, Lineup.MKL), "lanewise"), "wrong");
        Files.writeString(folder.resolve("run.json"), info.json());
        Results results = Results.read(folder);
        String text = new MarkdownReport(results).text();
        assertFalse(info.complete());
        assertEquals(1, info.ownFailures().size());
        assertTrue(text.contains("(partial)"), text);
        assertTrue(text.contains("| " + Family.GELU.rows().get(0) + " | failed |"), text);
        assertTrue(text.contains("| gelu " + Family.GELU.rows().get(0) + ", 1 thread, mkl, lanewise | wrong |"), text);
        assertTrue(text.contains("| 1 of 3 measurements | not reached |"), text);
        assertTrue(text.contains("| adamw, every row | ≥ 1.2, or ≥ 85 % of the memory bandwidth if its data exceed the cache | not measured | **no** |"), text);
        assertTrue(text.contains("1.20 over 1 rows; not measured: "), text);
        assertTrue(new HtmlReport(results).text().contains("not reached"));
    }

    @Test
    void aRowWithoutPeersHasNoRatio() throws Exception {
        Row alone = results().rows().get(0).only(peer -> false);
        assertNull(alone.bestPeer());
        assertTrue(Double.isNaN(alone.ratio()));
    }

    @Test
    void statisticsAreWhatTheirNamesSay() {
        assertEquals(2.5, Statistics.median(new double[] {4, 1, 3, 2}));
        assertEquals(3, Statistics.median(new double[] {9, 1, 3}));
        assertTrue(Double.isNaN(Statistics.median(new double[0])));
        assertEquals(2, Statistics.geometricMean(new double[] {1, 4}), 1e-12);
        assertTrue(Double.isNaN(Statistics.geometricMean(new double[0])));
    }

    @Test
    void theReportsHoldWhatWasMeasured() throws Exception {
        Results results = results();
        String text = new MarkdownReport(results).text();
        assertTrue(text.contains("(partial)"), text);
        assertTrue(text.contains("| 1024x1024x1024 NN | 150 | 75.0 | 120 | 1.20 onednn | 61 % | 8 |"), text);
        assertTrue(text.contains("onednn failed: no | such library (in every row)"), text);
        assertTrue(text.contains("| 768x65 forward | 3.00 | 2.00 | 1.50 pytorch+mkl | 80 % | 0 |"), text);
        assertTrue(text.contains("multiply-adds 245 GFLOP/s"), text);
        assertTrue(text.contains("| float32 matmul, 1 thread | geometric mean ≥ 1.00 | 1.20 over 1 rows | yes |"), text);
        assertTrue(text.contains("≥ 92 % of the multiply-add ceiling | 61.2 % | **no** |"), text);
        String html = new HtmlReport(results).text();
        assertTrue(html.contains("MKL &lt;2025&gt;"));
        assertTrue(html.contains("{\"name\":\"onednn\",\"values\":[120.0]}"), "the chart's data");
        assertFalse(html.contains("${body}") || html.contains("${data}") || html.contains("${results."), "a place of the page is empty");
        assertFalse(html.contains("src=\"http") || html.contains("href=\"http"), "the page needs others");
    }

    @Test
    void startsAndMemoryAreTargets() throws Exception {
        results();
        RunInfo info = RunInfo.read(folder.resolve("run.json"));
        info.infoSeconds = List.of(0.5, 0.7, 0.6);
        info.firstStepSeconds = List.of(3.5);
        info.attentionBytes = List.of(1_000_000L, 2_000_000L, 4_100_000L);
        Files.writeString(folder.resolve("run.json"), info.json());
        String text = new MarkdownReport(Results.read(folder)).text();
        assertTrue(text.contains("`lanewise info`, from the start of the JVM to its end | below 1 s | 0.60 s (0.50 to 0.70 in 3 starts) | yes |"), text);
        assertTrue(text.contains("| below 3 s | 3.50 s (3.50 to 3.50 in 1 starts) | **no** |"), text);
        assertTrue(text.contains("| linear in the length | 1.0 MB at 1024, 2.0 MB at 2048, 4.1 MB at 4096 | yes |"), text);
        info.attentionBytes = List.of(1_000_000L, 4_000_000L, 16_000_000L);
        Files.writeString(folder.resolve("run.json"), info.json());
        assertTrue(new MarkdownReport(Results.read(folder)).text().contains("16.0 MB at 4096 | **no** |"));
    }

    @Test
    void anotherRunStandsBeside() throws Exception {
        Results here = results();
        String other = Summary.json(here).replace("\"lanewise\": 150.0", "\"lanewise\": 120.0")
                .replace("\"ceilingShare\": 0.8,", "\"ceilingShare\": 0.6,").replace("JDK 25", "JDK 17");
        Files.writeString(folder.resolve(Comparison.FILE), other);
        Results both = Results.read(folder);
        assertEquals(2, both.comparison().rows().size());
        assertEquals(Math.sqrt(0.8), both.comparison().mean(), 1e-12);
        assertEquals(Math.sqrt(0.75), both.comparison().meanShare(), 1e-12);
        String text = new MarkdownReport(both).text();
        assertTrue(text.contains("| speed on JDK 17, commit 0123456789 | geometric mean of the ratios of shares of the ceilings, there / here, ≥ 0.90 | 0.87; 1 of 2 "
                + "rows at 0.90 or more; lowest 0.75 (softmax 768x65 forward, 1 thread); of the speeds themselves 0.89 | **no** |"), text);
        assertTrue(text.contains("| matmul float32 1024x1024x1024 NN | 1 | 150 GFLOP/s | 120 | 0.80 | 1.00 |"), text);
        assertTrue(new HtmlReport(both).text().contains("<td>0.80</td><td>1.00</td>"));
    }

    @Test
    void anotherRunThatIsNotComparableIsRefused() throws Exception {
        Results here = results();
        String other = Summary.json(here).replace("JDK 25", "JDK 17");
        refused(here, "[]", "not what --json");
        refused(here, "{\"machine\": {\"JDK\": \"17\"}}", "not what --json");
        refused(here, other.replaceAll("\"name\": \"[^\"]*\"", "\"name\": \"unknown\""), "no row");
        refused(here, other.replaceAll("\"lanewise\": [0-9.]+", "\"lanewise\": -1"), "a speed of -1.0, ");
        refused(here, other.replaceAll("\"ceilingShare\": [0-9.]+", "\"ceilingShare\": 0"), "0.0 of the ceiling, for ");
        refused(here, other.replaceAll("\"ceilingShare\": [0-9.]+", "\"ceilingShare\": 1e999"), "Infinity of the ceiling, for ");
        refused(here, other.replaceAll("\"ceilingShare\": [0-9.]+,", ""), "no row");
        refused(here, other.replace("simd", "scalar"), "other kernels: scalar; expected simd");
        refused(here, other.replace("-Xmx3g", "-Xmx2g"), "other flags: -Xmx2g; expected -Xmx3g");
        refused(here, other.replaceAll("\"unit\": \"[^\"]*\"", "\"unit\": \"GB\""), "no row");
        refused(here, other.replace("JDK 17", "JDK 25"), "the same JDK");
        refused(here, other.replace("a processor", "another"), "other processor: another; expected a processor");
        refused(here, other.replace("2 forks", "1 fork"), "other settings: 1 fork; expected 2 forks");
    }

    private void refused(Results here, String text, String why) throws Exception {
        Path file = folder.resolve("other");
        Files.writeString(file, text);
        String message = assertThrows(IllegalArgumentException.class, () -> Comparison.read(file, here.info(), here.rows())).getMessage();
        assertTrue(message.startsWith(file + " ") && message.contains(why), message);
    }

    @Test
    void rowsThatTheOtherRunHasNotAreCounted() throws Exception {
        Results here = results();
        Path file = folder.resolve("other");
        Files.writeString(file, Summary.json(here).replace("JDK 25", "JDK 17").replace("softmax 768x65 forward", "unknown"));
        Comparison comparison = Comparison.read(file, here.info(), here.rows());
        assertEquals(1, comparison.rows().size());
        assertEquals(1, comparison.missing());
    }

    @Test
    void theBandwidthCountsAloneAndOnlyForWhatNoCacheHolds() throws Exception {
        String alone = SOFTMAX.replace("[[1, 0]]", "[[0, 0]]").replace("[[2, 3]]", "[[3, 3]]");
        // Of the 30 GB/s of copy; more than all of them is no less than all.
        assertEquals("1 of 1 rows; furthest from it: no peer and 90 % of the bandwidth (softmax 768x65 forward, 1 thread)",
                softmaxTarget(alone.replace("[[16, 24]]", "[[27, 27]]")));
        assertEquals("1 of 1 rows; furthest from it: no peer and 120 % of the bandwidth (softmax 768x65 forward, 1 thread)",
                softmaxTarget(alone.replace("[[16, 24]]", "[[36, 36]]")));
        assertEquals("not measured", softmaxTarget(alone.replace("[[16, 24]]", "[[24, 24]]")));
        assertEquals("not measured", softmaxTarget(alone.replace("[[16, 24]]", "[[27, 27]]").replace("[[1, 1]]", "[[1000000, 1000000]]")));
        assertEquals("1 of 1 rows; geometric mean 1.50; furthest from it: 1.50 (softmax 768x65 forward, 1 thread)",
                softmaxTarget(SOFTMAX.replace("[[1, 1]]", "[[1000000, 1000000]]")));
    }

    /** Of a full run, without what is said of missing rows. */
    private String softmaxTarget(String raw) throws Exception {
        results();
        RunInfo info = RunInfo.read(folder.resolve("run.json"));
        info.full = true;
        Files.writeString(folder.resolve("run.json"), info.json());
        Files.writeString(folder.resolve("softmax-mkl.json"), raw);
        return Targets.of(Results.read(folder)).stream().filter(target -> target.what().startsWith("softmax")).findFirst().orElseThrow()
                .measured().replaceFirst("; not measured.*", "");
    }

    @Test
    void theSummaryHoldsEveryRow() throws Exception {
        JsonObject json = JsonParser.parseString(Summary.json(results())).getAsJsonObject();
        JsonObject row = json.getAsJsonArray("rows").get(0).getAsJsonObject();
        assertEquals("matmul float32 1024x1024x1024 NN", row.get("name").getAsString());
        assertEquals(1, row.get("threads").getAsInt());
        assertEquals(150, row.get("lanewise").getAsDouble());
        assertEquals(120, row.get("bestPeer").getAsDouble());
        assertEquals("onednn", row.get("bestPeerName").getAsString());
        assertEquals(1.2, row.get("ratio").getAsDouble(), 1e-12);
        assertEquals(150 / 245.0, row.get("ceilingShare").getAsDouble(), 1e-12);
        assertEquals(8, row.get("bytesPerOp").getAsDouble());
        assertEquals("0123456789", json.get("commit").getAsString());
    }

    private static List<Double> list(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
