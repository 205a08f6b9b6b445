package lanewise.kernels.simd;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What {@link MathF32} needs to know about float32: coefficients, limits and the layout of the bits.
 *
 * <p>Each polynomial is the one of its degree with the smallest weighted maximum of the error over its interval, found by
 * Remez exchange in 40 digits. Its coefficients were rounded to float one at a time, lowest order first, and the others
 * fitted again after each. The errors stated are those of the approximation, before any rounding in its evaluation.
 */
final class Float32Math {
    static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    static final VectorSpecies<Integer> BITS = VectorSpecies.of(int.class, VectorWidth.SHAPE);

    /** log2(e), as the sum of two floats. */
    static final float LOG2_E = 0x1.715476p+0f;
    static final float LOG2_E_LOW = 0x1.4ae0cp-26f;
    /** ln(2), as the sum of two floats, the first so short that its product with an exponent is exact. */
    static final float LN_2 = 0x1.62e4p-1f;
    static final float LN_2_LOW = 0x1.7f7d1cp-20f;
    /** Above the first e^x is infinite; below the second it rounds to 0. */
    static final float EXP_MAX = 89;
    static final float EXP_MIN = -104;
    /** Where {@link #powerOfTwo} ends and gives 0, as a power of e. */
    static final float EXP_FLUSH = -88.2f;
    /** From here on the hyperbolic tangent, or the error function, rounds to 1. */
    static final float TANH_MAX = 9.1f;
    static final float ERF_MAX = 4;
    /** Where e^-z is flushed to 0: x with z the argument of the sigmoid in the tanh form of GELU. */
    static final float GELU_TANH_MAX = 10.038f;
    /** Subnormal numbers times 2^24 are normal. */
    static final float MIN_NORMAL = Float.MIN_NORMAL;
    static final float SUBNORMAL_EXPONENT = 24;
    static final float SUBNORMAL_SCALE = 0x1p24f;
    /** x + ROUNDER - ROUNDER is x rounded to an integer, and the integer stands in the low bits of the sum. */
    static final float ROUNDER = 0x1.8p23f;
    /** See {@link #erfPolynomial}. */
    static final float ERF_SCALE = 3;
    /** 2^r = 1 + r (EXP2_1 + r (EXP2_2 + ..)) for |r| &le; 1/2; relative error 0.06 2^-24. */
    static final float EXP2_1 = 0x1.62e43p-1f;
    static final float EXP2_2 = 0x1.ebfbdcp-3f;
    static final float EXP2_3 = 0x1.c6af7cp-5f;
    static final float EXP2_4 = 0x1.3b2dep-7f;
    static final float EXP2_5 = 0x1.5f082ep-10f;
    static final float EXP2_6 = 0x1.416b5ep-13f;

    private static final int SIGN = 0x80000000;
    private static final int FRACTION = 0x007fffff;
    static final int FRACTION_BITS = 23;
    static final int ONE = 0x3f800000;
    private static final int ROOT_HALF = 0x3f3504f3;
    private static final int ROUNDER_BITS = 0x4b400000;

    private Float32Math() {
    }

    /** 2^r for |r| &le; 1/2. */
    static FloatVector exp2Polynomial(FloatVector r) {
        return r.fma(EXP2_6, EXP2_5)
                .fma(r, broadcast(SPECIES, EXP2_4))
                .fma(r, broadcast(SPECIES, EXP2_3))
                .fma(r, broadcast(SPECIES, EXP2_2))
                .fma(r, broadcast(SPECIES, EXP2_1))
                .fma(r, broadcast(SPECIES, 1));
    }

    /** Q(r) with 1 - e^-r = r + r^2 Q(r), for |r| &le; ln(2)/2; relative error of 1 - e^-r 0.01 2^-24. */
    static FloatVector expm1Polynomial(FloatVector r) {
        return r.fma(0x1.9e66cp-13f, -0x1.6d3a26p-10f)
                .fma(r, broadcast(SPECIES, 0x1.1112dep-7f))
                .fma(r, broadcast(SPECIES, -0x1.5554f8p-5f))
                .fma(r, broadcast(SPECIES, 0x1.555554p-3f))
                .fma(r, broadcast(SPECIES, -0x1.0p-1f));
    }

    /** L(z) with ln((1+s)/(1-s)) = 2s + s z L(z), z = s^2, for |s| &le; 1/3; relative error of the logarithm 0.002 2^-24. */
    static FloatVector atanhPolynomial(FloatVector z) {
        return z.fma(0x1.f08cd4p-3f, 0x1.b72b6p-3f)
                .fma(z, broadcast(SPECIES, 0x1.250512p-2f))
                .fma(z, broadcast(SPECIES, 0x1.9996d8p-2f))
                .fma(z, broadcast(SPECIES, 0x1.555558p-1f));
    }

    /**
     * (1 - e^(t^2) erfc(t)) / t - 1 as a polynomial in y = t / (t + c), c = {@link #ERF_SCALE}, for
     * 0 &le; t &le; ERF_MAX; relative error of erf 0.1 2^-24.
     */
    static FloatVector erfPolynomial(FloatVector y) {
        return y.fma(-0x1.67616p-3f, 0x1.63e042p-6f)
                .fma(y, broadcast(SPECIES, 0x1.3301a4p+0f))
                .fma(y, broadcast(SPECIES, -0x1.7b181ep+1f))
                .fma(y, broadcast(SPECIES, 0x1.e29d32p+1f))
                .fma(y, broadcast(SPECIES, -0x1.80001ep+1f))
                .fma(y, broadcast(SPECIES, 0x1.06ebaap-3f));
    }

    /** 2^n from ROUNDER - n, for -127 &le; n &le; 127; 0 for n = -127. */
    static FloatVector powerOfTwo(FloatVector rounded) {
        return power(rounded.reinterpretAsInts());
    }

    /** The first of two factors, each a power of two in range, whose product is 2^n; from ROUNDER - n, |n| &le; 250. */
    static FloatVector halfPower(FloatVector rounded) {
        return power(rounded.reinterpretAsInts().lanewise(LSHR, 1));
    }

    /** The other factor. */
    static FloatVector otherHalfPower(FloatVector rounded) {
        IntVector bits = rounded.reinterpretAsInts();
        return power(bits.sub(bits.lanewise(LSHR, 1)));
    }

    private static FloatVector power(IntVector minusExponent) {
        return IntVector.broadcast(BITS, ONE).sub(minusExponent.lanewise(LSHL, FRACTION_BITS)).reinterpretAsFloats();
    }

    /** k of x = 2^k m with m between the roots of 1/2 and 2, for normal positive x. */
    static FloatVector exponent(FloatVector x) {
        return x.reinterpretAsInts().add(ONE - ROOT_HALF).lanewise(LSHR, FRACTION_BITS).lanewise(OR, ROUNDER_BITS)
                .reinterpretAsFloats().sub(ROUNDER + 127);
    }

    /** m of x = 2^k m. */
    static FloatVector significand(FloatVector x) {
        return x.reinterpretAsInts().add(ONE - ROOT_HALF).lanewise(AND, FRACTION).add(ROOT_HALF).reinterpretAsFloats();
    }

    /** The magnitude, which must not be negative, with the sign of the other. */
    static FloatVector withSign(FloatVector magnitude, FloatVector sign) {
        return magnitude.reinterpretAsInts().lanewise(OR, sign.reinterpretAsInts().lanewise(AND, SIGN))
                .reinterpretAsFloats();
    }
}
