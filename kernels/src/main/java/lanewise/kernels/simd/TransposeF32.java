package lanewise.kernels.simd;

import static lanewise.kernels.simd.AttentionBlockF32.QUERIES;

import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes in registers: attention's queries into the lanes, and B of a product with a panel as wide. A square of as many
 * rows as a vector has lanes is copied as it is and transposed in place: for each bit of the indices, pairs of rows exchange the lanes whose index differs from the row's in that bit.
 */
final class TransposeF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int VECTORS = QUERIES / LANES;
    static final int BITS = Integer.numberOfTrailingZeros(LANES);
    /** For each bit, the exchange of the lanes that differ in it, and those where it is set. */
    static final List<VectorShuffle<Float>> SWAP =
            IntStream.range(0, BITS).mapToObj(bit -> VectorShuffle.fromOp(SPECIES, lane -> lane ^ 1 << bit)).toList();
    static final List<VectorMask<Float>> UPPER =
            IntStream.range(0, BITS).mapToObj(TransposeF32::lanesWith).toList();

    private TransposeF32() {
    }

    /** Writes the transpose of [queries, width], times a factor, as width rows QUERIES apart; further lanes up to columns become 0. */
    static void transpose(int queries, int columns, int width, float[] from, int fromOffset, int fromRow,
            float factor, float[] to, int toOffset) {
        int whole = SPECIES.loopBound(queries);
        int body = SPECIES.loopBound(width);
        if (whole > 0 && body > 0) {
            copySquares(whole, body, from, fromOffset, fromRow, factor, to, toOffset);
            int bit = 0;
            for (; bit + 2 <= BITS; bit += 2) {
                exchangeTwoBits(bit, body, to, toOffset);
            }
            if (bit < BITS) {
                exchangeOneBit(bit, body, to, toOffset);
            }
        }
        for (int query = 0; query < columns; query++) {
            int read = fromOffset + query * fromRow;
            int write = toOffset + query;
            for (int p = query < whole ? body : 0; p < width; p++) {
                to[write + p * QUERIES] = query < queries ? factor * from[read + p] : 0f;
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

    private static void copySquares(int queries, int width, float[] from, int fromOffset, int fromRow, float factor,
            float[] to, int toOffset) {
        for (int query = 0; query < queries; query++) {
            int read = fromOffset + query * fromRow;
            int write = toOffset + query % LANES * QUERIES + query / LANES * LANES;
            for (int p = 0; p < width; p += LANES) {
                FloatVector.fromArray(SPECIES, from, read + p).mul(factor).intoArray(to, write + p * QUERIES);
            }
        }
    }

    /** Exchanges for two bits: the one of this number, and the next. */
    private static void exchangeTwoBits(int bit, int width, float[] to, int toOffset) {
        int distance = 1 << bit;
        VectorShuffle<Float> near = SWAP.get(bit);
        VectorShuffle<Float> far = SWAP.get(bit + 1);
        VectorMask<Float> odd = UPPER.get(bit);
        VectorMask<Float> high = UPPER.get(bit + 1);
        for (int i = 0; i < width / 4 * VECTORS; i++) {
            int group = i / VECTORS;
            int row0 = toOffset + ((group & -distance) * 4 + (group & distance - 1)) * QUERIES + i % VECTORS * LANES;
            int row1 = row0 + distance * QUERIES;
            int row2 = row1 + distance * QUERIES;
            int row3 = row2 + distance * QUERIES;
            FloatVector a = FloatVector.fromArray(SPECIES, to, row0);
            FloatVector b = FloatVector.fromArray(SPECIES, to, row1);
            FloatVector c = FloatVector.fromArray(SPECIES, to, row2);
            FloatVector d = FloatVector.fromArray(SPECIES, to, row3);
            FloatVector ab = a.blend(b.rearrange(near), odd);
            FloatVector ba = a.rearrange(near).blend(b, odd);
            FloatVector cd = c.blend(d.rearrange(near), odd);
            FloatVector dc = c.rearrange(near).blend(d, odd);
            ab.blend(cd.rearrange(far), high).intoArray(to, row0);
            ba.blend(dc.rearrange(far), high).intoArray(to, row1);
            ab.rearrange(far).blend(cd, high).intoArray(to, row2);
            ba.rearrange(far).blend(dc, high).intoArray(to, row3);
        }
    }

    private static void exchangeOneBit(int bit, int width, float[] to, int toOffset) {
        int distance = 1 << bit;
        VectorShuffle<Float> swap = SWAP.get(bit);
        VectorMask<Float> upper = UPPER.get(bit);
        for (int i = 0; i < width / 2 * VECTORS; i++) {
            int group = i / VECTORS;
            int row0 = toOffset + ((group & -distance) * 2 + (group & distance - 1)) * QUERIES + i % VECTORS * LANES;
            int row1 = row0 + distance * QUERIES;
            FloatVector a = FloatVector.fromArray(SPECIES, to, row0);
            FloatVector b = FloatVector.fromArray(SPECIES, to, row1);
            a.blend(b.rearrange(swap), upper).intoArray(to, row0);
            a.rearrange(swap).blend(b, upper).intoArray(to, row1);
        }
    }
}
