package lanewise.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lanewise.bench.report.HtmlReport;
import lanewise.bench.report.MarkdownReport;
import lanewise.bench.results.Ceilings;
import lanewise.bench.results.Results;
import lanewise.bench.results.RunInfo;
import lanewise.kernels.Kernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From what the parts of the GPU check leave to its table and the reports, on results made up. */
class GpuResultsTest {
    private static final String ROWS = """
            # a comment
            copy float32 1000x1000
            matmul bfloat16 1000x1000x1000

            attention-forward bfloat16 2x3 100 64
            softmax float32 1000x1000
            training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256
            """;

    @TempDir
    Path folder;

    private void file(String name, String text) throws Exception {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private JsonObject gathered() throws Exception {
        file("rows.txt", ROWS);
        return GpuCheck.gather(folder, folder.resolve("rows.txt"));
    }

    private void everything() throws Exception {
        file("facts.txt", "commit: 0123456789\nGPU: a card <new>\n");
        file("tests/MatmulTest.log", "JUnit Jupiter > MatmulTest > one() :: STARTED\nJUnit Jupiter > MatmulTest > one() :: SUCCESSFUL\n"
                + "\tJUnit Jupiter > MatmulTest > two() :: FAILED\n\t=> Exception: no :: SUCCESS\n");
        file("tests/MatmulTest.code", "1\n");
        file("tests/SoftmaxTest.log", "JUnit Jupiter > SoftmaxTest > one() :: ABORTED\n");
        file("tests/SoftmaxTest.code", "124\n");
        file("lanewise.json", """
                {"implementation": "cuda: a card", "rows": {"copy float32 1000x1000": {"milliseconds": 0.002},
                 "matmul bfloat16 1000x1000x1000": {"milliseconds": 0.004}, "softmax float32 1000x1000": {"milliseconds": 0.0025},
                 "training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256": {"failure": "no such | thing"}}}
                """);
        file("pytorch.json", """
                {"version": "2.0", "rows": {"copy float32 1000x1000": {"milliseconds": 0.004}, "matmul bfloat16 1000x1000x1000": {"milliseconds": 0.002},
                 "training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256": {"milliseconds": 16.384}}}
                """);
        file("training/metrics.csv", "step,loss,validationLoss\n1,4.1,\n250,2.0,1.9\n500,1.5,1.48\n750,1.4,1.55\n");
        file("training.json", "{\"validationLoss\": 1.55, \"seconds\": 200.2}");
    }

    private static String[] line(GpuResults results, String what) {
        return results.lines().stream().filter(each -> each.what().startsWith(what)).findFirst().orElseThrow().cells();
    }

    @Test
    void countsWhatARunDoes() {
        assertEquals(2, GpuRow.parse("matmul tf32 10000x10000x10000").work(), 1e-12);
        assertEquals(1e-12 * 4 * 6 * 5050 * 64, GpuRow.parse("attention-forward bfloat16 2x3 100 64").work(), 1e-20);
        assertEquals(2.5, GpuRow.parse("attention-backward float32 2x3 100 64").work() / GpuRow.parse("attention-forward float32 2x3 100 64").work(), 1e-12);
        assertEquals(0.006, GpuRow.parse("layer-norm-backward bfloat16 1000x1000").work(), 1e-12);
        assertEquals(0.028, GpuRow.parse("adamw float32 1000x1000").work(), 1e-12);
        assertEquals(64 * 256, GpuRow.parse("training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256").work());
        assertThrows(IllegalArgumentException.class, () -> GpuRow.parse("matmul float32"));
        assertThrows(IllegalArgumentException.class, () -> GpuRow.parse("abacus float32 3x3").work());
    }

    @Test
    void everyPublishedRowIsKnown() throws Exception {
        List<GpuRow> rows = GpuTimings.rows(Path.of("gpu/rows.txt"));
        assertTrue(rows.size() > 15);
        for (GpuRow row : rows) {
            assertTrue(row.work() > 0, row.name());
        }
    }

    @Test
    void theTableHoldsRatiosSharesAndTargets() throws Exception {
        everything();
        GpuResults results = GpuResults.of(gathered());
        assertEquals("a card <new>", results.gpu());
        assertArrayEquals(new String[] {"copy float32 1000x1000", "GB/s", "4,000", "2,000", "2.00", "1.00", "", ""}, line(results, "copy"));
        assertArrayEquals(new String[] {"matmul bfloat16 1000x1000x1000", "TFLOP/s", "500", "1,000", "0.50", "", "≥ 0.60 of PyTorch", "no"},
                line(results, "matmul"));
        assertArrayEquals(new String[] {"softmax float32 1000x1000", "GB/s", "3,200", "–", "", "0.80", "≥ 0.85 of copy", "no"}, line(results, "softmax"));
        assertArrayEquals(new String[] {"attention-forward bfloat16 2x3 100 64", "TFLOP/s", "–", "–", "", "", "≥ 0.60 of PyTorch", "–"},
                line(results, "attention"));
        assertEquals("1,000,000", line(results, "training-step")[3]);
        assertEquals("1 passed, 1 failed, 1 skipped, 1 classes unfinished", line(results, "tests")[2]);
        assertEquals("no", line(results, "tests")[7]);
        assertEquals("1.4800 at best, 1.5500 at the end, in 200 s", line(results, "training of")[2]);
        assertEquals("yes", line(results, "training of")[7]);
        assertEquals(List.of("Test failed: MatmulTest > two()", "Tests did not come to their end: SoftmaxTest (stopped when its time was over)",
                "training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256, lanewise: no such | thing"), results.failures());
        assertTrue(results.text().contains("no such | thing\ncommit: 0123456789\n"), results.text());
        assertTrue(results.text().lines().reduce((first, last) -> last).orElseThrow().startsWith("training of shakespeare-char"), results.text());
    }

    @Test
    void whatIsMissingIsToldAndMeetsNothing() throws Exception {
        file("tests.failure", "there is no NVIDIA driver\n");
        file("training.failure", "there is no NVIDIA driver\n");
        GpuResults results = GpuResults.of(gathered());
        assertEquals("no GPU", results.gpu());
        assertTrue(results.lines().stream().allMatch(line -> line.met().equals("–") || line.met().isEmpty()), results.text());
        assertEquals(List.of("Tests: there is no NVIDIA driver", "Training: there is no NVIDIA driver"), results.failures());
        assertEquals(7, results.lines().size());
    }

    @Test
    void aTrainingThatWasStoppedTellsHowFarItCame() throws Exception {
        file("training/metrics.csv", "step,loss,validationLoss\n1,4.1,\n250,2.0,1.9\n");
        file("training.failure", "stopped\n");
        assertEquals("1.9000 at step 250, then stopped", line(GpuResults.of(gathered()), "training of")[2]);
    }

    @Test
    void theReportsNameTheGpu() throws Exception {
        everything();
        file("gpu.json", gathered().toString());
        Results all = new Results(info(), new Ceilings(List.of()), List.of(), null, GpuResults.read(folder.resolve("gpu.json")));
        String markdown = new MarkdownReport(all).text();
        assertTrue(markdown.contains("\n## On a GPU: a card <new>\n"), markdown);
        assertTrue(markdown.contains("| matmul bfloat16 1000x1000x1000 | TFLOP/s | 500 | 1,000 | 0.50 |  | ≥ 0.60 of PyTorch | no |"), markdown);
        assertTrue(markdown.contains("| 500 | 1.4800 |"), markdown);
        String page = new HtmlReport(all).text();
        assertTrue(page.contains("On a GPU: a card &lt;new&gt;"), page.substring(0, 500));
        assertRefused("it has no facts", "{\"rows\": []}");
        assertRefused("it holds no result of Lanewise on a GPU: Tests: no driver", """
                {"facts": {}, "tests": {"failure": "no driver"}, "rows": [], "training": {"failure": "no driver"}}""");
    }

    private void assertRefused(String why, String json) throws Exception {
        file("other.json", json);
        String message = assertThrows(IllegalArgumentException.class, () -> GpuResults.read(folder.resolve("other.json"))).getMessage();
        assertTrue(message.contains(why), message);
    }

    @Test
    void withoutACheckTheReportsSayThatNothingIsKnown() throws Exception {
        Results all = new Results(info(), new Ceilings(List.of()), List.of(), null, null);
        String markdown = new MarkdownReport(all).text();
        assertTrue(markdown.contains("\n## On a GPU\n\nThe device side is untested on hardware"), markdown);
        assertTrue(new HtmlReport(all).text().contains("The device side is untested on hardware"));
    }

    private static RunInfo info() {
        RunInfo info = new RunInfo();
        info.arguments = "";
        info.commit = "0123456789";
        info.settings = "none";
        info.begun = "2026-01-01 12:00";
        info.ended = info.begun;
        info.flags = List.of();
        info.trainingStepFlags = List.of();
        return info;
    }

    /** The CPU's kernels do what a device's would; types that they lack are told apart. */
    @Test
    void casesCheckWhatIsComputed() throws Exception {
        file("rows.txt", """
                copy float32 100x33
                matmul float32 65x70x90
                attention-forward float32 2x3 70 16
                attention-backward float32 2x3 70 16
                softmax float32 50x77
                layer-norm float32 50x77
                layer-norm-backward float32 50x77
                cross-entropy float32 50x77
                adamw float32 50x77
                training-step float32 1x16 heads 2 vocabulary 20 batch 2x8
                matmul float16 4x4x4
                """);
        try (Kernels kernels = Kernels.best()) {
            for (GpuRow row : GpuTimings.rows(folder.resolve("rows.txt"))) {
                if (row.type().equals("float16")) {
                    assertThrows(UnsupportedOperationException.class, () -> GpuCase.open(kernels, row, 1));
                    continue;
                }
                GpuCase it = GpuCase.open(kernels, row, 1);
                if (!row.operation().equals("training-step")) {
                    // NaN in the outputs, or AdamW's state without a step.
                    assertThrows(IllegalStateException.class, it::check, row.name());
                    it = GpuCase.open(kernels, row, 1);
                }
                it.run();
                it.check();
            }
        }
    }
}
