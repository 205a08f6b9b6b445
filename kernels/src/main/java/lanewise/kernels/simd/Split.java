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
    /** Parts of a long row start at multiples of this: whole vectors, and few cache lines shared by threads. */
    private static final int ELEMENTS = 256;
    /** The same for columns of a matrix: at least a vector of any width and type. */
    private static final int COLUMNS = 16;

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

    /** Splits the columns of a matrix, between whole vectors. */
    static void columns(Workers workers, int columns, long workPerColumn, Range range) {
        blocks(workers, columns, COLUMNS, workPerColumn, range);
    }

    private static void blocks(Workers workers, int count, int size, long workPerElement, Range range) {
        int blocks = (int) ((count + size - 1L) / size);
        rows(workers, blocks, size * workPerElement,
                (from, to) -> range.run(from * size, (int) Math.min((long) to * size, count)));
    }

    /**
     * Splits the elements of tensors of one shape. When all are contiguous, the piece gets parts of a single long row.
     *
     * @param contiguous whether all tensors are
     */
    static void elements(Workers workers, Tensor shape, boolean contiguous, long workPerElement, Piece piece) {
        int columns = shape.columns();
        if (contiguous) {
            blocks(workers, shape.elements(), ELEMENTS, workPerElement, (from, to) -> piece.run(0, from, to));
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
