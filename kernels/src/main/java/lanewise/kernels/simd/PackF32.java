package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Copies an operand into panels: p after p, each as wide as the panel, so that a tile reads it in one sweep. */
final class PackF32 {
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();

    private PackF32() {
    }

    /**
     * {@code panel[panelOffset + p*width + j] = factor * x[xOffset + p*xStep + j]} for p &lt; depth and j &lt; columns,
     * and 0 for j from columns to width.
     */
    static void rows(int depth, int columns, int width, float factor, float[] x, int xOffset, int xStep,
            float[] panel, int panelOffset) {
        int whole = SPECIES.loopBound(columns);
        for (int p = 0; p < depth; p++) {
            int from = xOffset + p * xStep;
            int to = panelOffset + p * width;
            for (int j = 0; j < whole; j += LANES) {
                FloatVector.fromArray(SPECIES, x, from + j).mul(factor).intoArray(panel, to + j);
            }
            for (int j = whole; j < width; j++) {
                panel[to + j] = j < columns ? factor * x[from + j] : 0f;
            }
        }
    }

    /**
     * {@code panel[panelOffset + p*width + j] = factor * x[xOffset + j*xRow + p]} for p &lt; depth and j &lt; columns,
     * and 0 for j from columns to width.
     */
    static void transposed(int depth, int columns, int width, float factor, float[] x, int xOffset, int xRow,
            float[] panel, int panelOffset) {
        if (columns == width && width == AttentionBlockF32.QUERIES) {
            TransposeF32.transpose(columns, width, depth, x, xOffset, xRow, factor, panel, panelOffset);
            return;
        }
        int j = 0;
        for (; j + 8 <= columns; j += 8) {
            int r0 = xOffset + j * xRow;
            int r1 = r0 + xRow;
            int r2 = r1 + xRow;
            int r3 = r2 + xRow;
            int r4 = r3 + xRow;
            int r5 = r4 + xRow;
            int r6 = r5 + xRow;
            int r7 = r6 + xRow;
            int to = panelOffset + j;
            for (int p = 0; p < depth; p++, to += width) {
                panel[to] = factor * x[r0 + p];
                panel[to + 1] = factor * x[r1 + p];
                panel[to + 2] = factor * x[r2 + p];
                panel[to + 3] = factor * x[r3 + p];
                panel[to + 4] = factor * x[r4 + p];
                panel[to + 5] = factor * x[r5 + p];
                panel[to + 6] = factor * x[r6 + p];
                panel[to + 7] = factor * x[r7 + p];
            }
        }
        for (; j < width; j++) {
            int from = xOffset + j * xRow;
            int to = panelOffset + j;
            for (int p = 0; p < depth; p++) {
                panel[to + p * width] = j < columns ? factor * x[from + p] : 0f;
            }
        }
    }
}
