package lanewise.kernels.simd;

import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes in registers: attention's queries into the lanes, and B of a product into panels. In a square of as many rows as
 * a vector has lanes, for each bit of the indices, pairs of rows exchange the lanes whose index differs from the row's in that bit.
 */
final class TransposeF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Rows that are read together: a vector of each fits the registers. */
    private static final int ROWS = 16;
    static final int BITS = Integer.numberOfTrailingZeros(LANES);
    /** For each bit, the exchange of the lanes that differ in it, and those where it is set. */
    static final List<VectorShuffle<Float>> SWAP =
            IntStream.range(0, BITS).mapToObj(bit -> VectorShuffle.fromOp(SPECIES, lane -> lane ^ 1 << bit)).toList();
    static final List<VectorMask<Float>> UPPER =
            IntStream.range(0, BITS).mapToObj(TransposeF32::lanesWith).toList();

    private TransposeF32() {
    }

    /** Writes the transpose of [rows, width], times a factor, as width rows toRow apart; further lanes up to columns become 0. */
    static void transpose(int rows, int columns, int width, float[] from, int fromOffset, int fromRow, float factor,
            float[] to, int toOffset, int toRow) {
        int whole = rows - rows % ROWS;
        int body = SPECIES.loopBound(width);
        for (int row = 0; row < whole; row += ROWS) {
            for (int p = 0; p < body; p += LANES) {
                squares(from, fromOffset + row * fromRow + p, fromRow, factor, to, toOffset + p * toRow + row, toRow);
            }
        }
        copy(0, whole, rows, body, width, from, fromOffset, fromRow, factor, to, toOffset, toRow);
        copy(whole, columns, rows, 0, width, from, fromOffset, fromRow, factor, to, toOffset, toRow);
    }

    /** Transposes columns first to width - 1 of the rows from row to end - 1, one element after another; there are so many rows. */
    private static void copy(int row, int end, int rows, int first, int width, float[] from, int fromOffset, int fromRow,
            float factor, float[] to, int toOffset, int toRow) {
        if (first == width) {
            return;
        }
        int i = row;
        for (; i + 8 <= Math.min(end, rows); i += 8) {
            int r0 = fromOffset + i * fromRow;
            int r1 = r0 + fromRow;
            int r2 = r1 + fromRow;
            int r3 = r2 + fromRow;
            int r4 = r3 + fromRow;
            int r5 = r4 + fromRow;
            int r6 = r5 + fromRow;
            int r7 = r6 + fromRow;
            for (int p = first; p < width; p++) {
                int write = toOffset + p * toRow + i;
                to[write] = factor * from[r0 + p];
                to[write + 1] = factor * from[r1 + p];
                to[write + 2] = factor * from[r2 + p];
                to[write + 3] = factor * from[r3 + p];
                to[write + 4] = factor * from[r4 + p];
                to[write + 5] = factor * from[r5 + p];
                to[write + 6] = factor * from[r6 + p];
                to[write + 7] = factor * from[r7 + p];
            }
        }
        for (; i < end; i++) {
            int read = fromOffset + i * fromRow;
            for (int p = first; p < width; p++) {
                to[toOffset + p * toRow + i] = i < rows ? factor * from[read + p] : 0f;
            }
        }
    }

    private static VectorMask<Float> lanesWith(int bit) {
        boolean[] lanes = new boolean[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            lanes[lane] = (lane >> bit & 1) == 1;
        }
        return VectorMask.fromArray(SPECIES, lanes, 0);
    }

    private static VectorShuffle<Float> swap(int bit) {
        return SWAP.get(Math.min(bit, BITS - 1));
    }

    private static VectorMask<Float> upper(int bit) {
        return UPPER.get(Math.min(bit, BITS - 1));
    }

    /**
     * Transposes ROWS rows of LANES columns: as many squares as the rows hold. Without a loop of its own it is called often, and
     * so compiled early.
     */
    private static void squares(float[] from, int read, int fromRow, float factor, float[] to, int write, int toRow) {
        VectorShuffle<Float> swap0 = swap(0);
        VectorMask<Float> upper0 = upper(0);
        VectorShuffle<Float> swap1 = swap(1);
        VectorMask<Float> upper1 = upper(1);
        VectorShuffle<Float> swap2 = swap(2);
        VectorMask<Float> upper2 = upper(2);
        VectorShuffle<Float> swap3 = swap(3);
        VectorMask<Float> upper3 = upper(3);
        FloatVector r0 = FloatVector.fromArray(SPECIES, from, read).mul(factor);
        FloatVector r1 = FloatVector.fromArray(SPECIES, from, read + fromRow).mul(factor);
        FloatVector r2 = FloatVector.fromArray(SPECIES, from, read + 2 * fromRow).mul(factor);
        FloatVector r3 = FloatVector.fromArray(SPECIES, from, read + 3 * fromRow).mul(factor);
        FloatVector r4 = FloatVector.fromArray(SPECIES, from, read + 4 * fromRow).mul(factor);
        FloatVector r5 = FloatVector.fromArray(SPECIES, from, read + 5 * fromRow).mul(factor);
        FloatVector r6 = FloatVector.fromArray(SPECIES, from, read + 6 * fromRow).mul(factor);
        FloatVector r7 = FloatVector.fromArray(SPECIES, from, read + 7 * fromRow).mul(factor);
        FloatVector r8 = FloatVector.fromArray(SPECIES, from, read + 8 * fromRow).mul(factor);
        FloatVector r9 = FloatVector.fromArray(SPECIES, from, read + 9 * fromRow).mul(factor);
        FloatVector r10 = FloatVector.fromArray(SPECIES, from, read + 10 * fromRow).mul(factor);
        FloatVector r11 = FloatVector.fromArray(SPECIES, from, read + 11 * fromRow).mul(factor);
        FloatVector r12 = FloatVector.fromArray(SPECIES, from, read + 12 * fromRow).mul(factor);
        FloatVector r13 = FloatVector.fromArray(SPECIES, from, read + 13 * fromRow).mul(factor);
        FloatVector r14 = FloatVector.fromArray(SPECIES, from, read + 14 * fromRow).mul(factor);
        FloatVector r15 = FloatVector.fromArray(SPECIES, from, read + 15 * fromRow).mul(factor);
        FloatVector t;
        t = r0.rearrange(swap0).blend(r1, upper0);
        r0 = r0.blend(r1.rearrange(swap0), upper0);
        r1 = t;
        t = r2.rearrange(swap0).blend(r3, upper0);
        r2 = r2.blend(r3.rearrange(swap0), upper0);
        r3 = t;
        t = r4.rearrange(swap0).blend(r5, upper0);
        r4 = r4.blend(r5.rearrange(swap0), upper0);
        r5 = t;
        t = r6.rearrange(swap0).blend(r7, upper0);
        r6 = r6.blend(r7.rearrange(swap0), upper0);
        r7 = t;
        t = r8.rearrange(swap0).blend(r9, upper0);
        r8 = r8.blend(r9.rearrange(swap0), upper0);
        r9 = t;
        t = r10.rearrange(swap0).blend(r11, upper0);
        r10 = r10.blend(r11.rearrange(swap0), upper0);
        r11 = t;
        t = r12.rearrange(swap0).blend(r13, upper0);
        r12 = r12.blend(r13.rearrange(swap0), upper0);
        r13 = t;
        t = r14.rearrange(swap0).blend(r15, upper0);
        r14 = r14.blend(r15.rearrange(swap0), upper0);
        r15 = t;
        if (BITS > 1) {
            t = r0.rearrange(swap1).blend(r2, upper1);
            r0 = r0.blend(r2.rearrange(swap1), upper1);
            r2 = t;
            t = r1.rearrange(swap1).blend(r3, upper1);
            r1 = r1.blend(r3.rearrange(swap1), upper1);
            r3 = t;
            t = r4.rearrange(swap1).blend(r6, upper1);
            r4 = r4.blend(r6.rearrange(swap1), upper1);
            r6 = t;
            t = r5.rearrange(swap1).blend(r7, upper1);
            r5 = r5.blend(r7.rearrange(swap1), upper1);
            r7 = t;
            t = r8.rearrange(swap1).blend(r10, upper1);
            r8 = r8.blend(r10.rearrange(swap1), upper1);
            r10 = t;
            t = r9.rearrange(swap1).blend(r11, upper1);
            r9 = r9.blend(r11.rearrange(swap1), upper1);
            r11 = t;
            t = r12.rearrange(swap1).blend(r14, upper1);
            r12 = r12.blend(r14.rearrange(swap1), upper1);
            r14 = t;
            t = r13.rearrange(swap1).blend(r15, upper1);
            r13 = r13.blend(r15.rearrange(swap1), upper1);
            r15 = t;
        }
        if (BITS > 2) {
            t = r0.rearrange(swap2).blend(r4, upper2);
            r0 = r0.blend(r4.rearrange(swap2), upper2);
            r4 = t;
            t = r1.rearrange(swap2).blend(r5, upper2);
            r1 = r1.blend(r5.rearrange(swap2), upper2);
            r5 = t;
            t = r2.rearrange(swap2).blend(r6, upper2);
            r2 = r2.blend(r6.rearrange(swap2), upper2);
            r6 = t;
            t = r3.rearrange(swap2).blend(r7, upper2);
            r3 = r3.blend(r7.rearrange(swap2), upper2);
            r7 = t;
            t = r8.rearrange(swap2).blend(r12, upper2);
            r8 = r8.blend(r12.rearrange(swap2), upper2);
            r12 = t;
            t = r9.rearrange(swap2).blend(r13, upper2);
            r9 = r9.blend(r13.rearrange(swap2), upper2);
            r13 = t;
            t = r10.rearrange(swap2).blend(r14, upper2);
            r10 = r10.blend(r14.rearrange(swap2), upper2);
            r14 = t;
            t = r11.rearrange(swap2).blend(r15, upper2);
            r11 = r11.blend(r15.rearrange(swap2), upper2);
            r15 = t;
        }
        if (BITS > 3) {
            t = r0.rearrange(swap3).blend(r8, upper3);
            r0 = r0.blend(r8.rearrange(swap3), upper3);
            r8 = t;
            t = r1.rearrange(swap3).blend(r9, upper3);
            r1 = r1.blend(r9.rearrange(swap3), upper3);
            r9 = t;
            t = r2.rearrange(swap3).blend(r10, upper3);
            r2 = r2.blend(r10.rearrange(swap3), upper3);
            r10 = t;
            t = r3.rearrange(swap3).blend(r11, upper3);
            r3 = r3.blend(r11.rearrange(swap3), upper3);
            r11 = t;
            t = r4.rearrange(swap3).blend(r12, upper3);
            r4 = r4.blend(r12.rearrange(swap3), upper3);
            r12 = t;
            t = r5.rearrange(swap3).blend(r13, upper3);
            r5 = r5.blend(r13.rearrange(swap3), upper3);
            r13 = t;
            t = r6.rearrange(swap3).blend(r14, upper3);
            r6 = r6.blend(r14.rearrange(swap3), upper3);
            r14 = t;
            t = r7.rearrange(swap3).blend(r15, upper3);
            r7 = r7.blend(r15.rearrange(swap3), upper3);
            r15 = t;
        }
        r0.intoArray(to, write);
        r1.intoArray(to, write + 1 % LANES * toRow + 1 / LANES * LANES);
        r2.intoArray(to, write + 2 % LANES * toRow + 2 / LANES * LANES);
        r3.intoArray(to, write + 3 % LANES * toRow + 3 / LANES * LANES);
        r4.intoArray(to, write + 4 % LANES * toRow + 4 / LANES * LANES);
        r5.intoArray(to, write + 5 % LANES * toRow + 5 / LANES * LANES);
        r6.intoArray(to, write + 6 % LANES * toRow + 6 / LANES * LANES);
        r7.intoArray(to, write + 7 % LANES * toRow + 7 / LANES * LANES);
        r8.intoArray(to, write + 8 % LANES * toRow + 8 / LANES * LANES);
        r9.intoArray(to, write + 9 % LANES * toRow + 9 / LANES * LANES);
        r10.intoArray(to, write + 10 % LANES * toRow + 10 / LANES * LANES);
        r11.intoArray(to, write + 11 % LANES * toRow + 11 / LANES * LANES);
        r12.intoArray(to, write + 12 % LANES * toRow + 12 / LANES * LANES);
        r13.intoArray(to, write + 13 % LANES * toRow + 13 / LANES * LANES);
        r14.intoArray(to, write + 14 % LANES * toRow + 14 / LANES * LANES);
        r15.intoArray(to, write + 15 % LANES * toRow + 15 / LANES * LANES);
    }
}
