package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A tile of 12 rows and one vector, for the columns that do not fill a wider tile. See {@link TileF32}. */
final class Tile12x1F32 {
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();

    static final int ROWS = 12;
    static final int COLUMNS = LANES;

    private Tile12x1F32() {
    }

    /** See {@link TileF32#multiply}. */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        FloatVector c00;
        FloatVector c10;
        FloatVector c20;
        FloatVector c30;
        FloatVector c40;
        FloatVector c50;
        FloatVector c60;
        FloatVector c70;
        FloatVector c80;
        FloatVector c90;
        FloatVector c100;
        FloatVector c110;
        if (accumulate) {
            c00 = FloatVector.fromArray(SPECIES, c, cOffset);
            c10 = FloatVector.fromArray(SPECIES, c, cOffset + cRow);
            c20 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow);
            c30 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow);
            c40 = FloatVector.fromArray(SPECIES, c, cOffset + 4 * cRow);
            c50 = FloatVector.fromArray(SPECIES, c, cOffset + 5 * cRow);
            c60 = FloatVector.fromArray(SPECIES, c, cOffset + 6 * cRow);
            c70 = FloatVector.fromArray(SPECIES, c, cOffset + 7 * cRow);
            c80 = FloatVector.fromArray(SPECIES, c, cOffset + 8 * cRow);
            c90 = FloatVector.fromArray(SPECIES, c, cOffset + 9 * cRow);
            c100 = FloatVector.fromArray(SPECIES, c, cOffset + 10 * cRow);
            c110 = FloatVector.fromArray(SPECIES, c, cOffset + 11 * cRow);
        } else {
            c00 = FloatVector.zero(SPECIES);
            c10 = FloatVector.zero(SPECIES);
            c20 = FloatVector.zero(SPECIES);
            c30 = FloatVector.zero(SPECIES);
            c40 = FloatVector.zero(SPECIES);
            c50 = FloatVector.zero(SPECIES);
            c60 = FloatVector.zero(SPECIES);
            c70 = FloatVector.zero(SPECIES);
            c80 = FloatVector.zero(SPECIES);
            c90 = FloatVector.zero(SPECIES);
            c100 = FloatVector.zero(SPECIES);
            c110 = FloatVector.zero(SPECIES);
        }
        for (int p = 0; p < depth; p++) {
            int right = bOffset + p * bStep;
            int left = aOffset + p * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, right);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[left]);
            c00 = a0.fma(b0, c00);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[left + aRow]);
            c10 = a1.fma(b0, c10);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[left + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[left + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            FloatVector a4 = FloatVector.broadcast(SPECIES, a[left + 4 * aRow]);
            c40 = a4.fma(b0, c40);
            FloatVector a5 = FloatVector.broadcast(SPECIES, a[left + 5 * aRow]);
            c50 = a5.fma(b0, c50);
            FloatVector a6 = FloatVector.broadcast(SPECIES, a[left + 6 * aRow]);
            c60 = a6.fma(b0, c60);
            FloatVector a7 = FloatVector.broadcast(SPECIES, a[left + 7 * aRow]);
            c70 = a7.fma(b0, c70);
            FloatVector a8 = FloatVector.broadcast(SPECIES, a[left + 8 * aRow]);
            c80 = a8.fma(b0, c80);
            FloatVector a9 = FloatVector.broadcast(SPECIES, a[left + 9 * aRow]);
            c90 = a9.fma(b0, c90);
            FloatVector a10 = FloatVector.broadcast(SPECIES, a[left + 10 * aRow]);
            c100 = a10.fma(b0, c100);
            FloatVector a11 = FloatVector.broadcast(SPECIES, a[left + 11 * aRow]);
            c110 = a11.fma(b0, c110);
        }
        c00.intoArray(c, cOffset);
        c10.intoArray(c, cOffset + cRow);
        c20.intoArray(c, cOffset + 2 * cRow);
        c30.intoArray(c, cOffset + 3 * cRow);
        c40.intoArray(c, cOffset + 4 * cRow);
        c50.intoArray(c, cOffset + 5 * cRow);
        c60.intoArray(c, cOffset + 6 * cRow);
        c70.intoArray(c, cOffset + 7 * cRow);
        c80.intoArray(c, cOffset + 8 * cRow);
        c90.intoArray(c, cOffset + 9 * cRow);
        c100.intoArray(c, cOffset + 10 * cRow);
        c110.intoArray(c, cOffset + 11 * cRow);
    }
}
