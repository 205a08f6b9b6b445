package lanewise.bench.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
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
                    Set<Integer> checked = runAndCheck(operation);
                    try (Task task = operation.prepare(new Lanewise(), 2)) {
                        task.run();
                        for (int index : checked) {
                            assertThrows(IllegalStateException.class, () -> operation.check(new Spoiled(task, index,
                                    result -> Arrays.stream(result).map(element -> 1.01 * element).toArray())), "result " + index);
                        }
                    }
                })));
    }

    /** The same results, but for one of them. */
    private record Spoiled(Task task, int spoiled, UnaryOperator<double[]> spoil) implements Task {
        @Override
        public void run() {
            task.run();
        }

        @Override
        public double[] result(int index) {
            return index == spoiled ? spoil.apply(task.result(index)) : task.result(index);
        }
    }

    /** Notes which results are asked for. */
    private record Asked(Task task, Set<Integer> indices) implements Task {
        @Override
        public void run() {
            task.run();
        }

        @Override
        public double[] result(int index) {
            indices.add(index);
            return task.result(index);
        }
    }

    /** As a benchmark does before it measures; returns which results were compared. */
    private static Set<Integer> runAndCheck(Case operation) {
        Set<Integer> indices = new TreeSet<>();
        try (Task task = operation.prepare(new Lanewise(), 2)) {
            task.run();
            operation.check(new Asked(task, indices));
        }
        return indices;
    }

    @Test
    void aWrongResultIsFound() throws Exception {
        for (Family family : List.of(Family.MATMUL_FLOAT32, Family.ATTENTION, Family.SOFTMAX, Family.CROSS_ENTROPY)) {
            Case operation = open(family, family.quickRows().get(0));
            for (int index : runAndCheck(operation)) {
                try (Task task = operation.prepare(new Lanewise(), 1)) {
                    task.run();
                    IllegalStateException wrong = assertThrows(IllegalStateException.class,
                            () -> operation.check(new Spoiled(task, index, RowsTest::disturb)), family.title + ", result " + index);
                    assertTrue(wrong.getMessage().contains("expected"), wrong.getMessage());
                }
            }
        }
    }

    /** An error in the first element. */
    private static double[] disturb(double[] result) {
        result[0] += 0.01;
        return result;
    }

    @Test
    void theBandwidthIsThatOfACeiling() {
        for (Family family : Family.values()) {
            family.rows().forEach(row -> assertTrue(Job.CEILINGS.contains(family.bandwidth(row)), family.title + " " + row));
        }
        assertEquals("BandwidthBenchmark.copy", Family.SOFTMAX.bandwidth("768x65 forward"));
        assertEquals("BandwidthBenchmark.triad", Family.GELU.bandwidth("768x512 backward exact"));
        assertEquals("BandwidthBenchmark.update", Family.ADAMW.bandwidth("784x1024"));
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
