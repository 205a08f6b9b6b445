package lanewise.kernels.scalar;

import lanewise.kernels.Workers;

/** Splits the rows of a result into tasks. One task computes all of a row, so the splitting does not touch the values. */
final class Split {
    private static final long WORK_PER_TASK = 16_384;

    private Split() {
    }

    /** The computation of some rows: from (inclusive) to (exclusive). */
    @FunctionalInterface
    interface Range {
        void run(int from, int to);
    }

    /** Computes all rows; the work of a row is about the number of its innermost steps. */
    static void rows(Workers workers, int rows, long workPerRow, Range range) {
        long worthwhile = Math.max(1, Math.min(rows, 4L * workers.threads()));
        int tasks = (int) Math.max(1, Math.min(worthwhile, rows * Math.max(1, workPerRow) / WORK_PER_TASK));
        workers.run(tasks, task ->
                range.run((int) ((long) task * rows / tasks), (int) ((task + 1L) * rows / tasks)));
    }
}
