package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Dropout;

/** {@link Dropout#bits} for a vector of consecutive elements: 32-bit arithmetic in the lower halves of 64-bit lanes. */
final class Float64Dropout {
    private static final VectorSpecies<Long> LONGS = VectorSpecies.of(long.class, VectorWidth.SHAPE);
    private static final long[] IOTA = new long[LONGS.length()];
    private static final long LOWER_HALF = 0xffffffffL;

    static {
        for (int i = 0; i < IOTA.length; i++) {
            IOTA[i] = i;
        }
    }

    private Float64Dropout() {
    }

    /** The values, with 0 for those that are dropped; the first is element number index. */
    static DoubleVector apply(long key, long threshold, int index, DoubleVector values) {
        LongVector bits = LongVector.fromArray(LONGS, IOTA, 0).add(index);
        bits = mix(bits.lanewise(XOR, key & LOWER_HALF));
        bits = mix(bits.add(key >>> 32).lanewise(AND, LOWER_HALF));
        return values.reinterpretAsLongs().blend(0, bits.compare(LT, threshold)).reinterpretAsDoubles();
    }

    private static LongVector mix(LongVector x) {
        x = x.lanewise(XOR, x.lanewise(LSHR, 16)).mul(0x7feb352dL).lanewise(AND, LOWER_HALF);
        x = x.lanewise(XOR, x.lanewise(LSHR, 15)).mul(0x846ca68bL).lanewise(AND, LOWER_HALF);
        return x.lanewise(XOR, x.lanewise(LSHR, 16));
    }
}
