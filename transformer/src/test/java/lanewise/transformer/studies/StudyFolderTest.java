package lanewise.transformer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import lanewise.kernels.Kernels;
import lanewise.transformer.TestKernels;
import lanewise.transformer.reports.Series;
import lanewise.transformer.studies.Finding.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyFolderTest {
    /** A study of nothing, with a value that is no number. */
    private static final Study STUDY = new Study() {
        @Override
        public String name() {
            return "nothing";
        }

        @Override
        public String paper() {
            return "Nobody: <Nothing>";
        }

        @Override
        public StudyResult run(Lab lab) throws InterruptedException {
            List<Double> squares = lab.forSeeds("squares", (kernels, seed) -> (double) seed * seed);
            return new StudyResult(List.of("y = x"), Map.of("size", "none"), List.of(
                    Finding.of("squares grow", Label.DERIVED, Spread.of(squares).toString(), squares.get(1) > squares.get(0), ""),
                    Finding.untested("all is <well>", Label.READ, "no data")),
                    List.of(new Plot("squares", "Squares", "seed", true, "square, in \"units\"", true, List.of(
                            new Plot.Line("a,b", Series.Style.POINTS, new double[] {1, 2, 3}, new double[] {1, Double.POSITIVE_INFINITY, 9})))));
        }
    };

    private static StudyFolder.Done done() throws Exception {
        try (Lab lab = new Lab(false, List.of(3L, 4L), Map.of(), 2, (tasks, planned, what) -> { })) {
            return new StudyFolder.Done(STUDY, STUDY.run(lab), false, 1.5, "scalar: loops");
        }
    }

    @Test
    void everythingIsWritten(@TempDir Path folder) throws Exception {
        StudyFolder.write(folder.resolve("new"), done());
        assertEquals("line,seed,\"square, in \"\"units\"\"\"\n\"a,b\",1.0,1.0\n\"a,b\",2.0,\n\"a,b\",3.0,9.0\n",
                Files.readString(folder.resolve("new/squares.csv")));
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("new/results.json"))).getAsJsonObject();
        assertTrue(json.getAsJsonObject("machine").get("Java").getAsString().contains(System.getProperty("java.version")));
        JsonObject first = json.getAsJsonArray("findings").get(0).getAsJsonObject();
        assertEquals("HOLDS", first.get("verdict").getAsString());
        assertEquals("DERIVED", first.get("label").getAsString());
        assertEquals("12.5 (9.00 to 16.0)", first.get("measured").getAsString());
        String page = Files.readString(folder.resolve("new/report.html"));
        assertTrue(page.contains("all is &lt;well&gt;") && page.contains("read in the paper") && page.contains("not testable here"));
        assertFalse(page.contains("NaN,") || page.contains("Infinity,"));
        StudyFolder.writeIndex(folder, List.of(done()));
        assertTrue(Files.readString(folder.resolve("index.html")).contains("href=\"nothing/report.html\""));
    }

    @Test
    void longLinesAreThinnedAndKeepTheirEnds(@TempDir Path folder) throws Exception {
        double[] values = new double[4002];
        Arrays.setAll(values, i -> i / 3.0);
        Plot plot = new Plot("long", "Long", "step", false, "third", false, List.of(Plot.Line.overSteps("a", values)));
        StudyFolder.write(folder, new StudyFolder.Done(STUDY, new StudyResult(List.of(), Map.of(), List.of(), List.of(plot)), true, 1, "scalar: loops"));
        List<String> lines = Files.readAllLines(folder.resolve("long.csv"));
        assertEquals(List.of("a,0.0,0.0", "a,11.0,3.666667"), lines.subList(1, 3));
        assertEquals("a,4001.0,1333.667", lines.get(lines.size() - 1));
        assertEquals("a,3993.0,1331.0", lines.get(lines.size() - 2));
    }

    @Test
    void resultsComeInOrderAndFailuresComeThrough() throws Exception {
        List<String> told = new ArrayList<>();
        try (Lab lab = new Lab(true, List.of(1L), Map.of(), 2, (tasks, planned, what) -> told.add(tasks + " of " + planned + " " + what))) {
            assertEquals(List.of(4, 3, 2, 1, 0), lab.all("numbers", List.of(4, 3, 2, 1, 0), (kernels, item) -> {
                assertEquals(1, kernels.threads());
                return item;
            }));
            assertEquals("5 of 5 numbers", told.get(told.size() - 1));
            assertEquals(7, lab.sized(5, 7));
            assertEquals("broken", assertThrows(IllegalStateException.class, () -> lab.all("bad", List.of(1, 2), (kernels, item) -> {
                throw new IllegalStateException("broken");
            })).getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> new Lab(false, List.of(), Map.of(), 1, (tasks, planned, what) -> { }));
    }

    @Test
    void spreadsAreShort() {
        assertEquals("2.00 (1.00 to 30.0)", Spread.of(30, 1, 2).toString());
        assertEquals("0.250", Spread.of(0.25).toString());
        assertEquals("1.2e-7", Spread.number(1.23e-7));
        assertEquals("4.6e12", Spread.number(4.56e12));
        assertEquals("0", Spread.number(0));
        assertEquals("infinite", Spread.number(Double.POSITIVE_INFINITY));
        assertEquals("2", Spread.plain(2));
        assertEquals("0.05", Spread.plain(0.05));
        assertEquals("5e-5", Spread.plain(5e-5));
        assertEquals("1.5e-4", Spread.plain(1.5e-4));
        assertEquals("0", Spread.plain(0));
        assertEquals(2.5, Spread.of(1, 2, 3, 4).median());
        assertThrows(IllegalArgumentException.class, () -> Spread.of(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Spread.of(new double[0]));
    }

    @Test
    void curvesThatEndEarlyCountAsInfinite() {
        double[] median = Curves.median(List.of(new double[] {1, 2}, new double[] {3, 4, 5}, new double[] {2}));
        assertEquals(2, median[0]);
        assertEquals(4, median[1]);
        assertEquals(Double.POSITIVE_INFINITY, median[2]);
    }

    @Test
    void verdictsHaveWords() {
        assertEquals(Verdict.FAILS, Finding.of("x", Label.CHOICE, "", false, "").verdict());
        assertEquals("does not hold", Verdict.FAILS.words());
        assertThrows(IllegalArgumentException.class, () -> new Plot("Bad Name", "", "", false, "", false, List.of()));
    }

    @Test
    void tasksShareTheKernelsOfADevice() throws Exception {
        try (Kernels shared = TestKernels.open(1); Lab lab = new Lab(false, List.of(1L, 2L), Map.of(), 2, shared, (tasks, planned, what) -> { })) {
            assertEquals(List.of(shared, shared), lab.forSeeds("nothing", (kernels, seed) -> kernels));
        }
    }
}
