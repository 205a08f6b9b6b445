package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Copies an operand that is not transposed (else {@link TransposeF32}) into panels: p after p, each as wide as the panel, so that a tile reads it in one sweep. */
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
}
