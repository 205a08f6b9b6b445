package lanewise.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Settings;
import lanewise.bench.results.Results;
import lanewise.bench.results.RunInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    }

    @Test
    void aFilterThatMatchesNothingIsToldSo() {
        assertEquals(2, run("--filter", "no such row"));
        assertTrue(err.toString().contains("--filter is 'no such row', which no row matches"), err.toString());
    }

    @Test
    void aFilterThatIsNoExpressionIsToldSo() {
        assertEquals(2, run("--filter", "("));
        assertTrue(err.toString().contains("no regular expression"), err.toString());
    }

    @Test
    void aListMeasuresNothing() {
        assertEquals(0, run("--list", "--peers", "--filter", "training step 4x128"));
        assertTrue(out.toString().contains("training step 4x128 heads 4 vocabulary 65 batch 12x64"), out.toString());
        assertTrue(out.toString().contains("openblas") && out.toString().contains("About "), out.toString());
    }

    @Test
    void aFileThatCannotBeWrittenIsRefusedBeforeMeasuring(@TempDir Path folder) {
        assertEquals(2, run("--quick", "--filter", "softmax", "--json", folder.resolve("no/such/out.json").toString()));
        assertTrue(err.toString().contains("in a directory that does not exist"), err.toString());
        assertEquals(2, run("--quick", "--filter", "softmax", "--json", folder.toString()));
        assertTrue(err.toString().contains("a directory; expected a file"), err.toString());
    }

    @Test
    void theUsersHeapAndCollectorReplaceOurs() {
        assertEquals(List.of("-Xmx6g", "-Xmn1g", "-XX:+UseSerialGC", "--add-modules", "jdk.incubator.vector"),
                Heap.flags(Family.TRAINING_STEP, List.of()));
        assertEquals(List.of("-Xmx3g", "-Xmn1g", "--add-modules", "jdk.incubator.vector", "-XX:+UseParallelGC"),
                Heap.flags(Family.GELU, List.of("-XX:+UseParallelGC")));
        assertEquals(List.of("-XX:+UseSerialGC", "--add-modules", "jdk.incubator.vector", "-Xmx2g"),
                Heap.flags(null, List.of("-Xmx2g")));
    }

    @Test
    void twoRunsAtOnceAreRefused(@TempDir Path home) throws Exception {
        List<Job> jobs = Job.plan(true, false, null, 2);
        try (BenchRun first = new BenchRun(home, Settings.QUICK, jobs, new RunInfo())) {
            IOException refused = assertThrows(IOException.class, () -> new BenchRun(home, Settings.QUICK, jobs, new RunInfo()));
            assertTrue(refused.getMessage().contains("another run"), refused.getMessage());
        }
    }

    @Test
    void aFileThatTheRunItselfWouldTouchIsRefused(@TempDir Path home) throws Exception {
        Path partial = Files.createDirectories(home.resolve("results/partial"));
        for (Path folder : List.of(partial, home.resolve("results"), partial.resolve("../../results"))) {
            assertEquals(2, runAt(home, "--quick", "--filter", "softmax", "--json", folder.resolve("out.json").toString()));
            assertTrue(err.toString().contains("out.json', among the files of the run itself"), err.toString());
        }
        Path device = Path.of("/dev/null");
        if (Files.exists(device)) {
            assertEquals(2, runAt(home, "--quick", "--filter", "softmax", "--json", device.toString()));
            assertTrue(err.toString().contains("no regular file"), err.toString());
        }
    }

    private int runAt(Path home, String... arguments) {
        System.setProperty("lanewise.bench.home", home.toString());
        try {
            return run(arguments);
        } finally {
            System.clearProperty("lanewise.bench.home");
        }
    }

    @Test
    void aComparisonStandsAloneAndNeedsItsFile(@TempDir Path home) throws Exception {
        assertEquals(2, runAt(home, "--compare", "x.json", "--quick", "--filter", "softmax"));
        assertTrue(err.toString().contains("leave out --quick, --filter"), err.toString());
        assertEquals(2, runAt(home, "--compare", home.resolve("none.json").toString()));
        assertTrue(err.toString().contains("none.json', no file that can be read"), err.toString());
        Path file = Files.writeString(home.resolve("other.json"), "{}");
        assertEquals(1, runAt(home, "--compare", file.toString()));
        assertTrue(err.toString().contains("no full run to compare with"), err.toString());
        Files.writeString(Files.createDirectories(home.resolve("results")).resolve("run.json"), new RunInfo().json());
        assertEquals(2, runAt(home, "--compare", file.toString()));
        assertTrue(err.toString().contains("other.json is not what --json of a run wrote"), err.toString());
        assertFalse(Files.exists(home.resolve("results/compared.json")));
    }

    @Test
    void onlyWhatARunWritesIsMovedAndRemoved(@TempDir Path home) throws Exception {
        RunFolder partial = RunFolder.partial(home);
        RunInfo info = new RunInfo();
        info.full = true;
        partial.writeInfo(info);
        Files.writeString(partial.path().resolve("ceilings.json"), "[]");
        Files.writeString(partial.path().resolve("mine.json"), "{}");
        partial.clear();
        assertFalse(partial.hasRun());
        assertTrue(Files.exists(partial.path().resolve("old/ceilings.json")));
        assertTrue(Files.exists(partial.path().resolve("mine.json")));
        assertTrue(Results.measurements(partial.path()).isEmpty());
    }

    @Test
    void nothingLeftToContinueStillWritesForPrograms(@TempDir Path home) throws Exception {
        RunInfo info = new RunInfo();
        info.arguments = "";
        try (BenchRun run = new BenchRun(home, Settings.QUICK, List.of(), info); Progress progress = new Progress(new PrintWriter(err), 0, 0)) {
            run.execute(progress, home.resolve("out.json"));
        }
        assertTrue(Files.readString(home.resolve("out.json")).contains("\"rows\""));
    }

    @Test
    void aFailedStartIsLanewisesOwnFailure() {
        RunInfo info = new RunInfo();
        info.startUp = true;
        info.failures.put(RunInfo.START_UP, "no such class");
        assertEquals(List.of(RunInfo.START_UP), info.ownFailures());
        assertTrue(StartUp.due(info));
        info.attentionBytes = List.of(1L, 2L, 4L);
        assertFalse(StartUp.due(info));
    }
}
