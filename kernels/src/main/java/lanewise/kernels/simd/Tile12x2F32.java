package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A tile of 12 rows by 2 vectors: 24 accumulators, for machines with 32 vector registers. */
final class Tile12x2F32 {
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();

    static final int ROWS = 12;
    static final int COLUMNS = 2 * LANES;

    private Tile12x2F32() {
    }

    /** See {@link TileF32#multiply}. */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        FloatVector c00, c01;
        FloatVector c10, c11;
        FloatVector c20, c21;
        FloatVector c30, c31;
        FloatVector c40, c41;
        FloatVector c50, c51;
        FloatVector c60, c61;
        FloatVector c70, c71;
        FloatVector c80, c81;
        FloatVector c90, c91;
        FloatVector ca0, ca1;
        FloatVector cb0, cb1;
        if (accumulate) {
            c00 = FloatVector.fromArray(SPECIES, c, cOffset);
            c01 = FloatVector.fromArray(SPECIES, c, cOffset + LANES);
            c10 = FloatVector.fromArray(SPECIES, c, cOffset + cRow);
            c11 = FloatVector.fromArray(SPECIES, c, cOffset + cRow + LANES);
            c20 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow);
            c21 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow + LANES);
            c30 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow);
            c31 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow + LANES);
            c40 = FloatVector.fromArray(SPECIES, c, cOffset + 4 * cRow);
            c41 = FloatVector.fromArray(SPECIES, c, cOffset + 4 * cRow + LANES);
            c50 = FloatVector.fromArray(SPECIES, c, cOffset + 5 * cRow);
            c51 = FloatVector.fromArray(SPECIES, c, cOffset + 5 * cRow + LANES);
            c60 = FloatVector.fromArray(SPECIES, c, cOffset + 6 * cRow);
            c61 = FloatVector.fromArray(SPECIES, c, cOffset + 6 * cRow + LANES);
            c70 = FloatVector.fromArray(SPECIES, c, cOffset + 7 * cRow);
            c71 = FloatVector.fromArray(SPECIES, c, cOffset + 7 * cRow + LANES);
            c80 = FloatVector.fromArray(SPECIES, c, cOffset + 8 * cRow);
            c81 = FloatVector.fromArray(SPECIES, c, cOffset + 8 * cRow + LANES);
            c90 = FloatVector.fromArray(SPECIES, c, cOffset + 9 * cRow);
            c91 = FloatVector.fromArray(SPECIES, c, cOffset + 9 * cRow + LANES);
            ca0 = FloatVector.fromArray(SPECIES, c, cOffset + 10 * cRow);
            ca1 = FloatVector.fromArray(SPECIES, c, cOffset + 10 * cRow + LANES);
            cb0 = FloatVector.fromArray(SPECIES, c, cOffset + 11 * cRow);
            cb1 = FloatVector.fromArray(SPECIES, c, cOffset + 11 * cRow + LANES);
        } else {
            c00 = c01 = FloatVector.zero(SPECIES);
            c10 = c11 = FloatVector.zero(SPECIES);
            c20 = c21 = FloatVector.zero(SPECIES);
            c30 = c31 = FloatVector.zero(SPECIES);
            c40 = c41 = FloatVector.zero(SPECIES);
            c50 = c51 = FloatVector.zero(SPECIES);
            c60 = c61 = FloatVector.zero(SPECIES);
            c70 = c71 = FloatVector.zero(SPECIES);
            c80 = c81 = FloatVector.zero(SPECIES);
            c90 = c91 = FloatVector.zero(SPECIES);
            ca0 = ca1 = FloatVector.zero(SPECIES);
            cb0 = cb1 = FloatVector.zero(SPECIES);
        }
        for (int p = 0; p < depth; p++) {
            int right = bOffset + p * bStep;
            int left = aOffset + p * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, right);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, right + LANES);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[left]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[left + aRow]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[left + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[left + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
            FloatVector a4 = FloatVector.broadcast(SPECIES, a[left + 4 * aRow]);
            c40 = a4.fma(b0, c40);
            c41 = a4.fma(b1, c41);
            FloatVector a5 = FloatVector.broadcast(SPECIES, a[left + 5 * aRow]);
            c50 = a5.fma(b0, c50);
            c51 = a5.fma(b1, c51);
            FloatVector a6 = FloatVector.broadcast(SPECIES, a[left + 6 * aRow]);
            c60 = a6.fma(b0, c60);
            c61 = a6.fma(b1, c61);
            FloatVector a7 = FloatVector.broadcast(SPECIES, a[left + 7 * aRow]);
            c70 = a7.fma(b0, c70);
            c71 = a7.fma(b1, c71);
            FloatVector a8 = FloatVector.broadcast(SPECIES, a[left + 8 * aRow]);
            c80 = a8.fma(b0, c80);
            c81 = a8.fma(b1, c81);
            FloatVector a9 = FloatVector.broadcast(SPECIES, a[left + 9 * aRow]);
            c90 = a9.fma(b0, c90);
            c91 = a9.fma(b1, c91);
            FloatVector aa = FloatVector.broadcast(SPECIES, a[left + 10 * aRow]);
            ca0 = aa.fma(b0, ca0);
            ca1 = aa.fma(b1, ca1);
            FloatVector ab = FloatVector.broadcast(SPECIES, a[left + 11 * aRow]);
            cb0 = ab.fma(b0, cb0);
            cb1 = ab.fma(b1, cb1);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, cOffset + cRow);
        c11.intoArray(c, cOffset + cRow + LANES);
        c20.intoArray(c, cOffset + 2 * cRow);
        c21.intoArray(c, cOffset + 2 * cRow + LANES);
        c30.intoArray(c, cOffset + 3 * cRow);
        c31.intoArray(c, cOffset + 3 * cRow + LANES);
        c40.intoArray(c, cOffset + 4 * cRow);
        c41.intoArray(c, cOffset + 4 * cRow + LANES);
        c50.intoArray(c, cOffset + 5 * cRow);
        c51.intoArray(c, cOffset + 5 * cRow + LANES);
        c60.intoArray(c, cOffset + 6 * cRow);
        c61.intoArray(c, cOffset + 6 * cRow + LANES);
        c70.intoArray(c, cOffset + 7 * cRow);
        c71.intoArray(c, cOffset + 7 * cRow + LANES);
        c80.intoArray(c, cOffset + 8 * cRow);
        c81.intoArray(c, cOffset + 8 * cRow + LANES);
        c90.intoArray(c, cOffset + 9 * cRow);
        c91.intoArray(c, cOffset + 9 * cRow + LANES);
        ca0.intoArray(c, cOffset + 10 * cRow);
        ca1.intoArray(c, cOffset + 10 * cRow + LANES);
        cb0.intoArray(c, cOffset + 11 * cRow);
        cb1.intoArray(c, cOffset + 11 * cRow + LANES);
    }
}
