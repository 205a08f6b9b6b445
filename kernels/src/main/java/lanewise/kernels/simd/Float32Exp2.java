package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Powers and logarithms to base 2 as the softmax of attention needs them: float32. The polynomials minimise the largest
 * error over their interval (Remez exchange).
 */
final class Float32Exp2 {
    static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    static final float LOG2_E = 1.442695f;
    static final float LN_2 = 0.6931472f;

    private static final int LANES = SPECIES.length();
    private static final int MANTISSA_BITS = 23;
    /** 2^x is 0 from here down. */
    private static final float LOWEST = -127f;
    /** 1.5 * 2^23 plus the exponent's bias: adding it rounds x to an integer and leaves the biased exponent in the low bits. */
    private static final float ROUNDER = 0x1.8p23f + 127f;

    private static final float E1 = 0x1.62e42ap-1f;
    private static final float E2 = 0x1.ebf9c2p-3f;
    private static final float E3 = 0x1.c6b6d8p-5f;
    private static final float E4 = 0x1.3ce8aep-7f;
    private static final float E5 = 0x1.5bda4ap-10f;

    private static final int ROOT_OF_HALF = 0x3f3504f3;
    private static final int INTEGER = 0x4b400000;
    private static final float L0 = 0x1.715476p+0f;
    private static final float L1 = -0x1.71546cp-1f;
    private static final float L2 = 0x1.ec73c2p-2f;
    private static final float L3 = -0x1.715ed8p-2f;
    private static final float L4 = 0x1.26d388p-2f;
    private static final float L5 = -0x1.e8f2eap-3f;
    private static final float L6 = 0x1.b98034p-3f;
    private static final float L7 = -0x1.ab14cap-3f;
    private static final float L8 = 0x1.056ea8p-3f;

    private Float32Exp2() {
    }

    /** 2^x for x up to 127, within 2 ULP; 0 below -126.5, so that 2^-inf is 0; NaN for NaN. */
    static FloatVector exp2(FloatVector x) {
        FloatVector rounded = x.add(ROUNDER);
        FloatVector f = x.sub(rounded.sub(ROUNDER));
        FloatVector power = rounded.reinterpretAsInts().lanewise(LSHL, MANTISSA_BITS).reinterpretAsFloats();
        FloatVector p = FloatVector.broadcast(SPECIES, E5).fma(f, FloatVector.broadcast(SPECIES, E4));
        p = p.fma(f, FloatVector.broadcast(SPECIES, E3));
        p = p.fma(f, FloatVector.broadcast(SPECIES, E2));
        p = p.fma(f, FloatVector.broadcast(SPECIES, E1));
        p = p.fma(f, FloatVector.broadcast(SPECIES, 1f));
        // Far down the factors are meaningless. NaN is not below.
        return p.mul(power).blend(0f, x.compare(LT, LOWEST));
    }

    /** Replaces count elements, a multiple of the lanes, by their log2, within 2 ULP or 1e-7; they must be normal numbers above 0. */
    static void log2(float[] x, int offset, int count) {
        for (int i = 0; i < count; i += LANES) {
            IntVector bits = FloatVector.fromArray(SPECIES, x, offset + i).reinterpretAsInts();
            IntVector exponent = bits.sub(ROOT_OF_HALF).lanewise(ASHR, MANTISSA_BITS);
            FloatVector t = bits.sub(exponent.lanewise(LSHL, MANTISSA_BITS)).reinterpretAsFloats().sub(1f);
            FloatVector whole = exponent.add(INTEGER).reinterpretAsFloats().sub(0x1.8p23f);
            FloatVector p = FloatVector.broadcast(SPECIES, L8).fma(t, FloatVector.broadcast(SPECIES, L7));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L6));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L5));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L4));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L3));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L2));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L1));
            p = p.fma(t, FloatVector.broadcast(SPECIES, L0));
            p.fma(t, whole).intoArray(x, offset + i);
        }
    }
}
