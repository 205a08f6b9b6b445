package lanewise.kernels.simd;

import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * Splits an operation into tasks by its output. Small ones stay on the caller's thread: a task is worth handing over from
 * about ten microseconds on. What is computed for an element never depends on the splitting.
 */
final class Split {
    /** Work is counted in about the time of one multiplication of a vector's lane: a task takes some microseconds. */
    private static final long WORK_PER_TASK = 65_536;
    /** Ranges of columns start at multiples of this, so that threads share no cache line of an aligned array. */
    private static final int BLOCK = 256;

    private Split() {
    }

    /** The computation of some rows or columns: from (inclusive) to (exclusive). */
    @FunctionalInterface
    interface Range {
        void run(int from, int to);
    }

    /** The computation of some columns of one row. */
    @FunctionalInterface
    interface Piece {
        void run(int row, int from, int to);
    }

    /** Splits rows. */
    static void rows(Workers workers, int rows, long workPerRow, Range range) {
        int tasks = tasks(workers, rows, rows * workPerRow);
        if (tasks == 1) {
            range.run(0, rows);
        } else {
            workers.run(tasks, task ->
                    range.run((int) ((long) task * rows / tasks), (int) ((task + 1L) * rows / tasks)));
        }
    }

    /** Splits columns, at multiples of a block of them. */
    static void columns(Workers workers, int columns, long workPerColumn, Range range) {
        int blocks = (columns + BLOCK - 1) / BLOCK;
        rows(workers, blocks, BLOCK * workPerColumn,
                (from, to) -> range.run(from * BLOCK, Math.min(to * BLOCK, columns)));
    }

    /**
     * Splits the elements of tensors of one shape. When all are contiguous, the piece gets parts of a single long row.
     *
     * @param contiguous whether all tensors are
     */
    static void elements(Workers workers, Tensor shape, boolean contiguous, long workPerElement, Piece piece) {
        int columns = shape.columns();
        if (contiguous) {
            columns(workers, shape.elements(), workPerElement, (from, to) -> piece.run(0, from, to));
        } else {
            rows(workers, shape.rows(), columns * workPerElement, (from, to) -> {
                for (int row = from; row < to; row++) {
                    piece.run(row, 0, columns);
                }
            });
        }
    }

    private static int tasks(Workers workers, int most, long work) {
        // More tasks than threads, so that a thread that was held up does not hold up the rest.
        long wanted = workers.threads() == 1 ? 1 : Math.min(4L * workers.threads(), work / WORK_PER_TASK);
        return (int) Math.max(1, Math.min(wanted, most));
    }
}
