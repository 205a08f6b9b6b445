package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Dropout;

/** {@link Dropout#bits} for a vector of consecutive elements. */
final class Float32Dropout {
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, VectorWidth.SHAPE);
    private static final int[] IOTA = new int[INTS.length()];

    static {
        for (int i = 0; i < IOTA.length; i++) {
            IOTA[i] = i;
        }
    }

    private Float32Dropout() {
    }

    /** The values, with 0 for those that are dropped; the first is element number index. */
    static FloatVector apply(long key, long threshold, int index, FloatVector values) {
        if (threshold > 0xffffffffL) {
            return FloatVector.zero(Float32Math.SPECIES);
        }
        IntVector bits = IntVector.fromArray(INTS, IOTA, 0).add(index);
        bits = mix(bits.lanewise(XOR, (int) key));
        bits = mix(bits.add((int) (key >>> 32)));
        // Flipping the upper bits turns the comparison of unsigned numbers into one of signed numbers.
        IntVector result = values.reinterpretAsInts();
        result = result.blend(0, bits.lanewise(XOR, Integer.MIN_VALUE).compare(LT, (int) threshold ^ Integer.MIN_VALUE));
        return result.reinterpretAsFloats();
    }

    private static IntVector mix(IntVector x) {
        x = x.lanewise(XOR, x.lanewise(LSHR, 16)).mul(0x7feb352d);
        x = x.lanewise(XOR, x.lanewise(LSHR, 15)).mul(0x846ca68b);
        return x.lanewise(XOR, x.lanewise(LSHR, 16));
    }
}
