package lanewise.bench.benchmarks;

import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.Task;
import lanewise.bench.contenders.Lanewise;

/**
 * What attention, forward and backward, holds in the heap beside its inputs: outputs, gradients, and what the kernels keep to work
 * in. Since they allocate nothing in the steady state, that is all they need.
 */
public final class AttentionMemory {
    private AttentionMemory() {
    }

    /** Prints bytes, a line for each of the rows that the arguments name. */
    public static void main(String[] rows) {
        // Classes and their constants come with the first use.
        bytes("causal 1x12 64 64 forward+backward");
        for (String row : rows) {
            System.out.println(bytes(row));
        }
    }

    private static long bytes(String row) {
        AttentionCase operation = new AttentionCase(row);
        long before = used();
        try (Task task = new Lanewise().attention(operation, Runtime.getRuntime().availableProcessors())) {
            task.run();
            return used() - before;
        }
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
