package lanewise.kernels.simd;

import static lanewise.kernels.simd.AttentionBlockF32.QUERIES;
import static lanewise.kernels.simd.AttentionTilesF32.PANEL;
import static lanewise.kernels.simd.AttentionTilesF32.WIDE;

/** The products of attention over one block: see {@link AttentionBlockF32} for the layout. */
final class AttentionProductsF32 {
    private AttentionProductsF32() {
    }

    /**
     * s[j][i] = sum over p of a[j][p] b[p][i], for the keys j and queries i of the block that see each other, and a few more.
     *
     * @param a keys or values, with ROWS readable rows after the last
     * @param b queries or output gradients, transposed, rows QUERIES apart
     */
    static void scores(int keys, int columns, int seen, int depth, float[] a, int aOffset, int aRow,
            float[] b, int bOffset, float[] s, int sOffset) {
        int from = 0;
        for (int panel = 0; panel < columns && from < keys; panel += PANEL) {
            // These keys are the first that this panel sees and the panels before it do not.
            int to = AttentionBlockF32.seenByPanel(panel, seen, keys);
            int column = panel;
            while (column < columns && from < to) {
                boolean wide = column + WIDE <= columns;
                int height;
                for (int j = from; j < to; j += height) {
                    height = AttentionTilesF32.height(wide, to - j);
                    AttentionTilesF32.multiply(wide, height, depth, a, aOffset + j * aRow, aRow, 1, b, bOffset + column, QUERIES,
                            s, sOffset + j * QUERIES + column, QUERIES, false);
                }
                column += wide ? WIDE : PANEL;
            }
            from = to;
        }
    }

    /** c[i] (= or +=) the sum of w[j][i] b[j] over the keys j that query i sees; width is a multiple of PANEL. */
    static void sumOverKeys(int queries, int keys, int seen, int width, float[] w, int wOffset,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow, boolean accumulate) {
        int column = 0;
        while (column < width) {
            boolean wide = column + WIDE <= width;
            int height;
            for (int i = 0; i < queries; i += height) {
                height = AttentionTilesF32.height(wide, queries - i);
                int depth = AttentionBlockF32.seenBy(Math.min(i + height, queries) - 1, seen, keys);
                if (depth > 0) {
                    AttentionTilesF32.multiply(wide, height, depth, w, wOffset + i, 1, QUERIES, b, bOffset + column, bRow,
                            c, cOffset + i * cRow + column, cRow, accumulate);
                }
            }
            column += wide ? WIDE : PANEL;
        }
    }

    /** c[j] += the sum of w[j][i] b[i] over the queries i that see key j; width is a multiple of PANEL. */
    static void sumOverQueries(int queries, int keys, int seen, int width, float[] w, int wOffset,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow) {
        int column = 0;
        while (column < width) {
            boolean wide = column + WIDE <= width;
            int height;
            for (int j = 0; j < keys; j += height) {
                height = AttentionTilesF32.height(wide, keys - j);
                int first = Math.max(0, j + 1 - seen);
                if (first < queries) {
                    AttentionTilesF32.multiply(wide, height, queries - first, w, wOffset + j * QUERIES + first, QUERIES, 1,
                            b, bOffset + first * bRow + column, bRow, c, cOffset + j * cRow + column, cRow, true);
                }
            }
            column += wide ? WIDE : PANEL;
        }
    }

    /** {@link #sumOverKeys} for rows b that are not all finite: touches nothing that the mask hides. The same bits. */
    static void sumOverKeysExactly(int queries, int keys, int seen, int width, float[] w, int wOffset,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow, boolean accumulate) {
        for (int i = 0; i < queries; i++) {
            int depth = AttentionBlockF32.seenBy(i, seen, keys);
            for (int p = 0; p < width; p++) {
                int at = cOffset + i * cRow + p;
                float sum = accumulate ? c[at] : 0f;
                for (int j = 0; j < depth; j++) {
                    sum = Math.fma(w[wOffset + j * QUERIES + i], b[bOffset + j * bRow + p], sum);
                }
                c[at] = sum;
            }
        }
    }

    /** {@link #sumOverQueries} for rows b that are not all finite: touches nothing that the mask hides. The same bits. */
    static void sumOverQueriesExactly(int queries, int keys, int seen, int width, float[] w, int wOffset,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow) {
        for (int j = 0; j < keys; j++) {
            for (int p = 0; p < width; p++) {
                int at = cOffset + j * cRow + p;
                float sum = c[at];
                for (int i = Math.max(0, j + 1 - seen); i < queries; i++) {
                    sum = Math.fma(w[wOffset + j * QUERIES + i], b[bOffset + i * bRow + p], sum);
                }
                c[at] = sum;
            }
        }
    }
}
