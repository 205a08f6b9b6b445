package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static lanewise.kernels.simd.AttentionBlockF32.QUERIES;
import static lanewise.kernels.simd.AttentionBlockF32.ROWS;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The softmax of attention over one block, down its columns: scores are to base 2, each lane is a query. See
 * {@link AttentionBlockF32} for the layout.
 */
final class AttentionSoftmaxF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();
    /** So much, to base 2, scores may exceed the reference. Small, so that only the largest values overflow sooner. */
    private static final float GROWTH = 8f;

    private AttentionSoftmaxF32() {
    }

    /** Rows of a column of vectors that later steps may read: as many as the last query sees of a tile that begins in it. */
    private static int rowsRead(int column, int seen, int keys) {
        return AttentionBlockF32.seenBy(column + LANES + ROWS - 2, seen, keys);
    }

    /** Sets the elements that the mask hides, as far as they are read: the first j + 1 - seen queries of row j. */
    private static void hide(int columns, int keys, int seen, float[] s, int sOffset, float hidden) {
        int rows = rowsRead(columns - 1, seen, keys);
        for (int j = Math.max(0, seen); j < rows; j++) {
            int row = sOffset + j * QUERIES;
            Arrays.fill(s, row, row + Math.min(columns, j + 1 - seen), hidden);
        }
    }

    /**
     * One step of the online softmax: replaces the scores s by 2^(s - reference) and brings the sums up to date. The
     * reference of a query is the maximum of its first scores until a score exceeds it by {@link #GROWTH}; then it becomes
     * the new maximum, and rescale the factor by which earlier results shrink, otherwise 1.
     *
     * @param sums of each query's exponentials; likewise references and rescale, QUERIES apart from sums
     */
    static void online(int columns, int keys, int seen, float[] s, int sOffset, float[] statistics, int sums) {
        int references = sums + QUERIES;
        int rescale = sums + 2 * QUERIES;
        hide(columns, keys, seen, s, sOffset, Float.NEGATIVE_INFINITY);
        for (int column = 0; column < columns; column += LANES) {
            int rows = rowsRead(column, seen, keys);
            FloatVector old = FloatVector.fromArray(SPECIES, statistics, references + column);
            // Comparing and blending is shorter than MAX, which cares for NaN: here a NaN comes out with the exponentials.
            FloatVector max0 = old;
            FloatVector max1 = old;
            FloatVector max2 = old;
            FloatVector max3 = old;
            int at = sOffset + column;
            // Up to a whole step, so that no maximum crosses from loop to loop, where JDK 17 would box it.
            for (int j = rows; j % 4 != 0; j++) {
                FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY).intoArray(s, at + j * QUERIES);
            }
            for (int j = 0; j < rows; j += 4) {
                FloatVector s0 = FloatVector.fromArray(SPECIES, s, at + j * QUERIES);
                FloatVector s1 = FloatVector.fromArray(SPECIES, s, at + j * QUERIES + QUERIES);
                FloatVector s2 = FloatVector.fromArray(SPECIES, s, at + j * QUERIES + 2 * QUERIES);
                FloatVector s3 = FloatVector.fromArray(SPECIES, s, at + j * QUERIES + 3 * QUERIES);
                max0 = max0.blend(s0, max0.compare(LT, s0));
                max1 = max1.blend(s1, max1.compare(LT, s1));
                max2 = max2.blend(s2, max2.compare(LT, s2));
                max3 = max3.blend(s3, max3.compare(LT, s3));
            }
            max0 = max0.blend(max1, max0.compare(LT, max1));
            max2 = max2.blend(max3, max2.compare(LT, max3));
            max0 = max0.blend(max2, max0.compare(LT, max2));
            FloatVector reference = old.blend(max0, old.add(GROWTH).compare(LT, max0));
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int j = 0; j < rows; j++) {
                FloatVector p = Float32Exp2.exp2(FloatVector.fromArray(SPECIES, s, at + j * QUERIES).sub(reference));
                p.intoArray(s, at + j * QUERIES);
                sum = sum.add(p);
            }
            FloatVector shrink = Float32Exp2.exp2(old.sub(reference));
            FloatVector.fromArray(SPECIES, statistics, sums + column).fma(shrink, sum).intoArray(statistics, sums + column);
            reference.intoArray(statistics, references + column);
            shrink.intoArray(statistics, rescale + column);
        }
    }

    /**
     * The backward step: replaces the scores s by P = 2^(s - logSumExp) and the products dp by dS = P (dP - dots), both 0
     * where the mask hides the key.
     *
     * @param logSumExp of each query, to base 2; dots stand QUERIES behind
     */
    static void gradient(int columns, int keys, int seen, float[] s, int sOffset, float[] dp, int dpOffset,
            float[] statistics, int logSumExp) {
        int dots = logSumExp + QUERIES;
        for (int column = 0; column < columns; column += LANES) {
            int rows = rowsRead(column, seen, keys);
            FloatVector sum = FloatVector.fromArray(SPECIES, statistics, logSumExp + column);
            FloatVector dot = FloatVector.fromArray(SPECIES, statistics, dots + column);
            int at = sOffset + column;
            int dAt = dpOffset + column;
            for (int j = 0; j < rows; j++) {
                FloatVector x = FloatVector.fromArray(SPECIES, s, at + j * QUERIES).sub(sum);
                // Above 0 by rounding only.
                FloatVector p = Float32Exp2.exp2(x.blend(0f, x.compare(GT, 0f)));
                p.intoArray(s, at + j * QUERIES);
                FloatVector.fromArray(SPECIES, dp, dAt + j * QUERIES).sub(dot).mul(p).intoArray(dp, dAt + j * QUERIES);
            }
        }
        hide(columns, keys, seen, s, sOffset, 0f);
        hide(columns, keys, seen, dp, dpOffset, 0f);
    }
}
