package lanewise.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.bench.plan.Settings;
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
}
