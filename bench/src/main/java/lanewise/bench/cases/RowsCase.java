package lanewise.bench.cases;

import lanewise.bench.contenders.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** A float32 operation on rows x columns elements, forward or backward. Work: its elements. */
abstract class RowsCase extends Case {
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

    /** Compares a result with what the definition computed; errors may be some units of the largest element. */
    static void same(String what, Task task, int index, Tensor expected, double tolerance) {
        double[] wanted = expected.toArray();
        double[] actual = task.result(index);
        if (actual.length != wanted.length) {
            throw new IllegalStateException(what + " has " + actual.length + " elements; expected " + wanted.length);
        }
        for (int i = 0; i < wanted.length; i++) {
            near(what, i, actual[i], wanted[i], tolerance * (1 + Math.abs(wanted[i])));
        }
    }
}
