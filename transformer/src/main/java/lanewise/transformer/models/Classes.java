package lanewise.transformer.models;

import lanewise.kernels.Tensor;

/** Classes and their scores. */
final class Classes {
    /** Scores that come from a device in one go. */
    private static final int READ_AT_ONCE = 1 << 18;

    private Classes() {
    }

    /** Targets that count. */
    static int counted(int[] targets, int ignored) {
        int count = 0;
        for (int target : targets) {
            if (target != ignored) {
                count++;
            }
        }
        return count;
    }

    /**
     * Rows whose largest score is that of their target; of equal scores the first counts as largest.
     *
     * @param scores  [rows, classes]
     * @param targets [rows]
     */
    static int correct(Tensor scores, int[] targets, int ignored) {
        int count = 0;
        int rows = Math.max(1, READ_AT_ONCE / Math.max(1, scores.columns()));
        for (int from = 0; from < scores.rows(); from += rows) {
            int to = Math.min(from + rows, scores.rows());
            double[] some = scores.rowRange(from, to).toArray();
            for (int r = from; r < to; r++) {
                if (targets[r] != ignored && largest(some, (r - from) * scores.columns(), scores.columns()) == targets[r]) {
                    count++;
                }
            }
        }
        return count;
    }

    /** The place of the largest of some numbers. */
    private static int largest(double[] numbers, int from, int count) {
        int best = 0;
        for (int c = 1; c < count; c++) {
            if (numbers[from + c] > numbers[from + best]) {
                best = c;
            }
        }
        return best;
    }
}
