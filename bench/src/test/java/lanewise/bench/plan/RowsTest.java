package lanewise.bench.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lanewise.bench.benchmarks.ContenderBenchmark;
import lanewise.bench.cases.Case;
import lanewise.bench.cases.Task;
import lanewise.bench.contenders.Lanewise;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rows of all benchmarks: their names can be read, and what is timed is right. */
class RowsTest {
    /** Rows whose inputs and check take a moment only. */
    private static final double MOST_WORK = 3e8;

    private static Case open(Family family, String row) throws Exception {
        ContenderBenchmark benchmark = family.benchmark.getDeclaredConstructor().newInstance();
        family.benchmark.getField("row").set(benchmark, row);
        return benchmark.open();
    }

    private static boolean isSmall(Family family, String row) {
        return !row.matches(".*(50257|2048x2048|16384|12x768|10384|4096).*") && family != Family.TRAINING_STEP || row.startsWith("4x128 ");
    }

    @TestFactory
    Stream<DynamicTest> rowsCanBeRead() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Family family : Family.values()) {
            for (String row : family.rows()) {
                if (isSmall(family, row)) {
                    tests.add(DynamicTest.dynamicTest(family.title + " " + row, () -> {
                        Case operation = open(family, row);
                        assertEquals(family.unit, operation.unit());
                        assertTrue(operation.work() > 0 && operation.operations() + operation.bytes() > 0);
                        if (family == Family.TRAINING_STEP || operation.work() < MOST_WORK) {
                            runAndCheck(operation);
                        }
                    }));
                }
            }
        }
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> resultsThatAreWrongByAHundredthAreFound() {
        return Stream.of(Family.values()).flatMap(family -> family.rows().stream().filter(row -> isSmall(family, row))
                .map(row -> DynamicTest.dynamicTest(family.title + " " + row, () -> {
                    Case operation = open(family, row);
                    if (family != Family.TRAINING_STEP && operation.work() >= MOST_WORK) {
                        return;
                    }
                    // Training compares with what was checked first.
                    runAndCheck(operation);
                    try (Task task = operation.prepare(new Lanewise(), 2)) {
                        task.run();
                        assertThrows(IllegalStateException.class, () -> operation.check(new Scaled(task)));
                    }
                })));
    }

    private record Scaled(Task task) implements Task {
        @Override
        public void run() {
            task.run();
        }

        @Override
        public double[] result(int index) {
            return Arrays.stream(task.result(index)).map(element -> 1.01 * element).toArray();
        }
    }

    /** As a benchmark does before it measures. */
    private static void runAndCheck(Case operation) {
        try (Task task = operation.prepare(new Lanewise(), 2)) {
            task.run();
            operation.check(task);
        }
    }

    @Test
    void aWrongResultIsFound() throws Exception {
        for (Family family : List.of(Family.MATMUL_FLOAT32, Family.ATTENTION, Family.SOFTMAX, Family.CROSS_ENTROPY)) {
            Case operation = open(family, family.quickRows().get(0));
            try (Task task = operation.prepare(new Lanewise(), 1)) {
                task.run();
                IllegalStateException wrong = assertThrows(IllegalStateException.class,
                        () -> operation.check(new Disturbed(task)), family.title);
                assertTrue(wrong.getMessage().contains("expected"), wrong.getMessage());
            }
        }
    }

    /** The same results, with an error in the first element of each. */
    private record Disturbed(Task task) implements Task {
        @Override
        public void run() {
            task.run();
        }

        @Override
        public double[] result(int index) {
            double[] result = task.result(index);
            result[0] += 0.01;
            return result;
        }
    }

    @Test
    void subsetsAreRows() {
        for (Family family : Family.values()) {
            assertTrue(family.rows().containsAll(family.quickRows()), family.title);
            assertTrue(family.rows().containsAll(family.jvmRows()), family.title);
            assertEquals(family.rows().size(), new HashSet<>(family.rows()).size(), family.title + " has a row twice");
        }
    }

    @Test
    void plansLeaveOutWhatIsNotAskedFor() {
        List<Job> quick = Job.plan(true, false, Pattern.compile("softmax"), 2);
        assertEquals(2 * Job.CEILINGS.size() + 2, quick.size());
        assertTrue(Job.plan(false, true, Pattern.compile("causal 1x12 1024 64 forward+backward"), 1).stream()
                .anyMatch(job -> job.family() == Family.ATTENTION && job.row().endsWith("+backward")));
        assertTrue(Job.plan(false, true, null, 1).stream().allMatch(job -> job.threads() == 1));
        assertTrue(Job.plan(false, true, Pattern.compile("no such row"), 2).isEmpty());
        List<Job> full = Job.plan(false, true, null, 2);
        assertEquals(full.size(), new HashSet<>(full).size());
        assertTrue(full.stream().noneMatch(job -> job.family() == Family.TRAINING_STEP && job.threads() == 1));
        assertTrue(full.stream().noneMatch(job -> job.family() == Family.SOFTMAX && job.lineup() != Lineup.MKL));
    }
}
