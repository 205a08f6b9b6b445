package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A tile of 4 rows by 4 vectors: 16 accumulators, for machines with 32 vector registers. See {@link TileF32}. */
final class Tile4x4F32 {
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();

    static final int ROWS = 4;
    static final int COLUMNS = 4 * LANES;

    private Tile4x4F32() {
    }

    /** See {@link TileF32#multiply}. */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        FloatVector c00, c01, c02, c03;
        FloatVector c10, c11, c12, c13;
        FloatVector c20, c21, c22, c23;
        FloatVector c30, c31, c32, c33;
        if (accumulate) {
            c00 = FloatVector.fromArray(SPECIES, c, cOffset);
            c01 = FloatVector.fromArray(SPECIES, c, cOffset + LANES);
            c02 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * LANES);
            c03 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * LANES);
            c10 = FloatVector.fromArray(SPECIES, c, cOffset + cRow);
            c11 = FloatVector.fromArray(SPECIES, c, cOffset + cRow + LANES);
            c12 = FloatVector.fromArray(SPECIES, c, cOffset + cRow + 2 * LANES);
            c13 = FloatVector.fromArray(SPECIES, c, cOffset + cRow + 3 * LANES);
            c20 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow);
            c21 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow + LANES);
            c22 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow + 2 * LANES);
            c23 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow + 3 * LANES);
            c30 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow);
            c31 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow + LANES);
            c32 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow + 2 * LANES);
            c33 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow + 3 * LANES);
        } else {
            c00 = c01 = c02 = c03 = FloatVector.zero(SPECIES);
            c10 = c11 = c12 = c13 = FloatVector.zero(SPECIES);
            c20 = c21 = c22 = c23 = FloatVector.zero(SPECIES);
            c30 = c31 = c32 = c33 = FloatVector.zero(SPECIES);
        }
        for (int p = 0; p < depth; p++) {
            int right = bOffset + p * bStep;
            int left = aOffset + p * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, right);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, right + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, right + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, right + 3 * LANES);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[left]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            c02 = a0.fma(b2, c02);
            c03 = a0.fma(b3, c03);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[left + aRow]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            c12 = a1.fma(b2, c12);
            c13 = a1.fma(b3, c13);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[left + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            c22 = a2.fma(b2, c22);
            c23 = a2.fma(b3, c23);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[left + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
            c32 = a3.fma(b2, c32);
            c33 = a3.fma(b3, c33);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + 2 * LANES);
        c03.intoArray(c, cOffset + 3 * LANES);
        c10.intoArray(c, cOffset + cRow);
        c11.intoArray(c, cOffset + cRow + LANES);
        c12.intoArray(c, cOffset + cRow + 2 * LANES);
        c13.intoArray(c, cOffset + cRow + 3 * LANES);
        c20.intoArray(c, cOffset + 2 * cRow);
        c21.intoArray(c, cOffset + 2 * cRow + LANES);
        c22.intoArray(c, cOffset + 2 * cRow + 2 * LANES);
        c23.intoArray(c, cOffset + 2 * cRow + 3 * LANES);
        c30.intoArray(c, cOffset + 3 * cRow);
        c31.intoArray(c, cOffset + 3 * cRow + LANES);
        c32.intoArray(c, cOffset + 3 * cRow + 2 * LANES);
        c33.intoArray(c, cOffset + 3 * cRow + 3 * LANES);
    }
}
