package lanewise.bench.cases;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** A float32 operation on rows x columns elements, forward or backward. Work: its elements. */
abstract class RowsCase extends Case {
    /** Elements that are compared at either end and in the middle. */
    private static final int SAMPLE = 1 << 17;

    public final int rows;
    public final int columns;
    public final boolean backward;

    /** Reads a row such as {@code "768x65 backward"}. */
    RowsCase(String row) {
        String[] parts = row.split("[x ]");
        rows = Integer.parseInt(parts[0]);
        columns = Integer.parseInt(parts[1]);
        backward = parts[2].equals("backward");
    }

    @Override
    public double work() {
        return (double) rows * columns;
    }

    @Override
    public Unit unit() {
        return Unit.GELEMENT;
    }

    /** Inputs and outputs as large as the matrix: two forward, three backward. */
    @Override
    public double bytes() {
        return (backward ? 12.0 : 8.0) * rows * columns;
    }

    Tensor matrix(long seed) {
        return random(seed, ElementType.FLOAT32, rows, columns);
    }

    /** The implementation that defines what is right. */
    static Kernels definition() {
        return Kernels.builder().implementation("scalar").threads(1).build();
    }

    /** Computes some rows of a result by the definition. */
    interface Definition {
        void compute(Kernels definition, int from, int to, Tensor result);
    }

    /** Compares the first rows, some in the middle and the last of a result with the definition; all of them would take seconds. */
    void sameRows(String what, Task task, int index, double tolerance, Definition rowsByDefinition) {
        sameRows(what, task, index, tolerance, 1, rowsByDefinition);
    }

    /** The same with |difference| within tolerance (|expected| + scale), where the scale is that of typical elements. */
    void sameRows(String what, Task task, int index, double tolerance, double scale, Definition rowsByDefinition) {
        double[] actual = task.result(index);
        length(what, actual.length, rows * columns);
        int part = Math.min(rows, Math.max(1, SAMPLE / columns));
        Tensor expected = Tensor.zeros(ElementType.FLOAT32, part, columns);
        try (Kernels definition = definition()) {
            for (int from : new int[] {0, (rows - part) / 2, rows - part}) {
                rowsByDefinition.compute(definition, from, from + part, expected);
                for (int i = 0; i < part * columns; i++) {
                    double wanted = expected.floats()[i];
                    near(what, from * columns + i, actual[from * columns + i], wanted, tolerance * (scale + Math.abs(wanted)));
                }
            }
        }
    }

    private static void length(String what, int actual, int expected) {
        if (actual != expected) {
            throw new IllegalStateException(what + " has " + actual + " elements; expected " + expected);
        }
    }

    /** Compares a result with what the definition computed; errors may be some units of the largest element. */
    static void same(String what, Task task, int index, Tensor expected, double tolerance) {
        double[] wanted = expected.toArray();
        double[] actual = task.result(index);
        length(what, actual.length, wanted.length);
        for (int i = 0; i < wanted.length; i++) {
            near(what, i, actual[i], wanted[i], tolerance * (1 + Math.abs(wanted[i])));
        }
    }
}
