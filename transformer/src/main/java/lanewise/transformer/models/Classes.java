package lanewise.transformer.models;

import lanewise.kernels.Tensor;

/** Classes and their scores. */
final class Classes {
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
        double[] row = new double[scores.columns()];
        int count = 0;
        for (int r = 0; r < scores.rows(); r++) {
            if (targets[r] == ignored) {
                continue;
            }
            scores.storage().read(scores.offset() + r * scores.rowStride(), row, 0, row.length);
            int best = 0;
            for (int c = 1; c < row.length; c++) {
                if (row[c] > row[best]) {
                    best = c;
                }
            }
            if (best == targets[r]) {
                count++;
            }
        }
        return count;
    }
}
