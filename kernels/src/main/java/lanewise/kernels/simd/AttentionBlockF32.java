package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The block of queries by keys in which attention works, and the copies it needs.
 *
 * <p>A block holds scores with the queries in the lanes: element (key j, query i) stands at {@code j * QUERIES + i}. Where
 * the mask is causal, query i of a block sees its first {@code seen + i} keys; seen may be negative, or larger than the
 * block. Scores are computed in panels, each as wide as the narrower tile and no taller than its last query sees.
 */
final class AttentionBlockF32 {
    /** Queries of a block: distance of its rows. */
    static final int QUERIES = 64;
    /** Keys of a block: a multiple of every tile's rows. */
    static final int KEYS = 96;
    /** The sight of queries that no mask limits. */
    static final int ALL = 1 << 28;
    /** Columns of the narrower tile: widths in lanes are padded to multiples of it. */
    static final int PANEL = AttentionTilesF32.PANEL;
    /** Rows of the tallest tile: heights are padded to multiples of it. */
    static final int ROWS = AttentionTilesF32.ROWS;
    /** Elements of a block's scores, with the rows that the last tile may touch beyond it. */
    static final int ELEMENTS = (KEYS + ROWS) * QUERIES + ROWS;

    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();

    private AttentionBlockF32() {
    }

    static int padToPanel(int columns) {
        return (columns + PANEL - 1) / PANEL * PANEL;
    }

    static int padToRows(int rows) {
        return (rows + ROWS - 1) / ROWS * ROWS;
    }

    /** Keys of the block that a query sees. */
    static int seenBy(int query, int seen, int keys) {
        return Math.max(0, Math.min(keys, seen + query));
    }

    /** Keys of the block that some query of the panel with this first column sees. */
    static int seenByPanel(int column, int seen, int keys) {
        return seenBy(column + PANEL - 1, seen, keys);
    }

    /**
     * Copies rows to rows {@code toRow} apart, filling them up with zeros. Rows of one head stand far apart in memory, often
     * at a power of two, and would push each other out of the cache; together they stay.
     */
    static void copyPadded(int rows, int width, float[] from, int fromOffset, int fromRow, float[] to, int toOffset, int toRow) {
        int body = SPECIES.loopBound(width);
        for (int r = 0; r < rows; r++) {
            int read = fromOffset + r * fromRow;
            int write = toOffset + r * toRow;
            for (int c = 0; c < body; c += LANES) {
                FloatVector.fromArray(SPECIES, from, read + c).intoArray(to, write + c);
            }
            for (int c = body; c < width; c++) {
                to[write + c] = from[read + c];
            }
            for (int c = width; c < toRow; c++) {
                to[write + c] = 0f;
            }
        }
    }

    /** Writes factor times the rows, contiguous width. */
    static void copyScaled(int rows, int width, float factor, float[] from, int fromOffset, int fromRow,
            float[] to, int toOffset, int toRow) {
        int body = SPECIES.loopBound(width);
        for (int r = 0; r < rows; r++) {
            int read = fromOffset + r * fromRow;
            int write = toOffset + r * toRow;
            for (int c = 0; c < body; c += LANES) {
                FloatVector.fromArray(SPECIES, from, read + c).mul(factor).intoArray(to, write + c);
            }
            for (int c = body; c < width; c++) {
                to[write + c] = factor * from[read + c];
            }
        }
    }

    /** dots[i] = the dot product of row i of a and row i of b; lanes is room for one vector. */
    static void rowDots(int rows, int width, float[] a, int aOffset, int aRow, float[] b, int bOffset, int bRow,
            float[] dots, int dotsOffset, float[] lanes) {
        int body = SPECIES.loopBound(width);
        for (int r = 0; r < rows; r++) {
            int x = aOffset + r * aRow;
            int y = bOffset + r * bRow;
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int p = 0; p < body; p += LANES) {
                sum = FloatVector.fromArray(SPECIES, a, x + p).fma(FloatVector.fromArray(SPECIES, b, y + p), sum);
            }
            sum.intoArray(lanes, 0);
            float dot = sumOf(lanes);
            for (int p = body; p < width; p++) {
                dot = Math.fma(a[x + p], b[y + p], dot);
            }
            dots[dotsOffset + r] = dot;
        }
    }

    /** The sum of a vector's lanes in an order of its own: reduceLanes does not promise the same bits twice. */
    static float sumOf(float[] lanes) {
        float even = 0f;
        float odd = 0f;
        for (int i = 0; i < LANES; i += 2) {
            even += lanes[i];
            odd += lanes[i + 1];
        }
        return even + odd;
    }

    /** Whether any of count elements, a multiple of the lanes, is infinite or NaN. */
    static boolean hasNonFinite(int count, float[] a, int offset) {
        FloatVector zeros = FloatVector.zero(SPECIES);
        // Stays 0 as long as all elements are finite. One loop: C2 of JDK 17 allocates a sum that crosses two.
        for (int i = 0; i < count; i += LANES) {
            zeros = FloatVector.fromArray(SPECIES, a, offset + i).fma(FloatVector.zero(SPECIES), zeros);
        }
        return !zeros.eq(0f).allTrue();
    }
}
