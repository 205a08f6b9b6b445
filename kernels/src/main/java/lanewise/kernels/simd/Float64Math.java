package lanewise.kernels.simd;

import static jdk.incubator.vector.DoubleVector.broadcast;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** What {@link MathF64} needs to know about float64; as {@link Float32Math}. */
final class Float64Math {
    static final VectorSpecies<Double> SPECIES = VectorSpecies.of(double.class, VectorWidth.SHAPE);
    static final VectorSpecies<Long> BITS = VectorSpecies.of(long.class, VectorWidth.SHAPE);

    /** log2(e), as the sum of two doubles. */
    static final double LOG2_E = 0x1.71547652b82fep0;
    static final double LOG2_E_LOW = 0x1.777d0ffda0d24p-56;
    /** ln(2), as the sum of two doubles, the first so short that its product with an exponent is exact. */
    static final double LN_2 = 0x1.62e42fefa3p-1;
    static final double LN_2_LOW = 0x1.3de6af278ece6p-42;
    /** Above the first e^x is infinite; below the second it rounds to 0. */
    static final double EXP_MAX = 710.5;
    static final double EXP_MIN = -746;
    /** Where {@link #powerOfTwo} ends and gives 0, as a power of e. */
    static final double EXP_FLUSH = -709.3;
    /** From here on the hyperbolic tangent, or the error function, rounds to 1. */
    static final double TANH_MAX = 19.1;
    static final double ERF_MAX = 6;
    /** Where e^-z is flushed to 0: x with z the argument of the sigmoid in the tanh form of GELU. */
    static final double GELU_TANH_MAX = 21.1548;
    /** Subnormal numbers times 2^54 are normal. */
    static final double MIN_NORMAL = Double.MIN_NORMAL;
    static final double SUBNORMAL_EXPONENT = 54;
    static final double SUBNORMAL_SCALE = 0x1p54;
    /** x + ROUNDER - ROUNDER is x rounded to an integer, and the integer stands in the low bits of the sum. */
    static final double ROUNDER = 0x1.8p52;
    /** See {@link #erfPolynomial}. */
    static final double ERF_SCALE = 3;
    /** 2^r = 1 + r (EXP2_1 + r (EXP2_2 + ..)) for |r| &le; 1/2; relative error 0.04 2^-53. */
    static final double EXP2_1 = 0x1.62e42fefa39efp-1;
    static final double EXP2_2 = 0x1.ebfbdff82c59cp-3;
    static final double EXP2_3 = 0x1.c6b08d704a0d4p-5;
    static final double EXP2_4 = 0x1.3b2ab6fba11f5p-7;
    static final double EXP2_5 = 0x1.5d87fe78b3bb2p-10;
    static final double EXP2_6 = 0x1.4309130c012acp-13;
    static final double EXP2_7 = 0x1.ffcbfbf8bc146p-17;
    static final double EXP2_8 = 0x1.62bfcdde579c8p-20;
    static final double EXP2_9 = 0x1.b5260dbd5ddeep-24;
    static final double EXP2_10 = 0x1.e611a0838eaccp-28;
    static final double EXP2_11 = 0x1.e80eb4e58bb2bp-32;

    private static final long SIGN = 0x8000000000000000L;
    private static final long FRACTION = 0x000fffffffffffffL;
    static final int FRACTION_BITS = 52;
    static final long ONE = 0x3ff0000000000000L;
    private static final long ROOT_HALF = 0x3fe6a09e667f3bcdL;
    private static final long ROUNDER_BITS = 0x4338000000000000L;

    private Float64Math() {
    }

    /** 2^r for |r| &le; 1/2. */
    static DoubleVector exp2Polynomial(DoubleVector r) {
        return r.fma(EXP2_11, EXP2_10)
                .fma(r, broadcast(SPECIES, EXP2_9))
                .fma(r, broadcast(SPECIES, EXP2_8))
                .fma(r, broadcast(SPECIES, EXP2_7))
                .fma(r, broadcast(SPECIES, EXP2_6))
                .fma(r, broadcast(SPECIES, EXP2_5))
                .fma(r, broadcast(SPECIES, EXP2_4))
                .fma(r, broadcast(SPECIES, EXP2_3))
                .fma(r, broadcast(SPECIES, EXP2_2))
                .fma(r, broadcast(SPECIES, EXP2_1))
                .fma(r, broadcast(SPECIES, 1));
    }

    /** Q(r) with 1 - e^-r = r + r^2 Q(r), for |r| &le; ln(2)/2; relative error of 1 - e^-r 0.2 2^-53. */
    static DoubleVector expm1Polynomial(DoubleVector r) {
        return r.fma(0x1.ae970614e9e92p-26, -0x1.28a16958284c4p-22)
                .fma(r, broadcast(SPECIES, 0x1.71de678dc6c81p-19))
                .fma(r, broadcast(SPECIES, -0x1.a019a7da57a65p-16))
                .fma(r, broadcast(SPECIES, 0x1.a01a0186b9f65p-13))
                .fma(r, broadcast(SPECIES, -0x1.6c16c17ec46ddp-10))
                .fma(r, broadcast(SPECIES, 0x1.1111111114e4p-7))
                .fma(r, broadcast(SPECIES, -0x1.555555555227cp-5))
                .fma(r, broadcast(SPECIES, 0x1.555555555554fp-3))
                .fma(r, broadcast(SPECIES, -0x1.0000000000005p-1));
    }

    /** L(z) with ln((1+s)/(1-s)) = 2s + s z L(z), z = s^2, for |s| &le; 1/3; relative error of the logarithm 0.02 2^-53. */
    static DoubleVector atanhPolynomial(DoubleVector z) {
        return z.fma(0x1.5a653e18ee515p-3, 0x1.5815602f5b754p-4)
                .fma(z, broadcast(SPECIES, 0x1.ef4192731a597p-4))
                .fma(z, broadcast(SPECIES, 0x1.10721cf98978ep-3))
                .fma(z, broadcast(SPECIES, 0x1.3b1cfde05b09ap-3))
                .fma(z, broadcast(SPECIES, 0x1.745cbf9aadc1dp-3))
                .fma(z, broadcast(SPECIES, 0x1.c71c73bc65a03p-3))
                .fma(z, broadcast(SPECIES, 0x1.24924921749c9p-2))
                .fma(z, broadcast(SPECIES, 0x1.999999999e31bp-2))
                .fma(z, broadcast(SPECIES, 0x1.5555555555546p-1));
    }

    /**
     * (1 - e^(t^2) erfc(t)) / t - 1 as a polynomial in y = t / (t + c), c = {@link #ERF_SCALE}, for
     * 0 &le; t &le; ERF_MAX; relative error of erf 0.1 2^-53.
     */
    static DoubleVector erfPolynomial(DoubleVector y) {
        return y.fma(-0x1.079d94f89c076p-8, 0x1.6434bf89c2f54p-7)
                .fma(y, broadcast(SPECIES, -0x1.454be00a5b5f6p-8))
                .fma(y, broadcast(SPECIES, -0x1.977abe361e5f1p-9))
                .fma(y, broadcast(SPECIES, -0x1.0b1ec1453b747p-6))
                .fma(y, broadcast(SPECIES, 0x1.4c1a51e8b814fp-7))
                .fma(y, broadcast(SPECIES, 0x1.e961494196094p-5))
                .fma(y, broadcast(SPECIES, -0x1.988a527c51a5cp-9))
                .fma(y, broadcast(SPECIES, -0x1.f66c439cdfcddp-3))
                .fma(y, broadcast(SPECIES, 0x1.2b41240f4861dp-4))
                .fma(y, broadcast(SPECIES, 0x1.2f0e80253b0cfp+0))
                .fma(y, broadcast(SPECIES, -0x1.7acf41e6a8afdp+1))
                .fma(y, broadcast(SPECIES, 0x1.e2985f0c7bbbep+1))
                .fma(y, broadcast(SPECIES, -0x1.7ffffffffffddp+1))
                .fma(y, broadcast(SPECIES, 0x1.06eba8214db68p-3));
    }

    /** 2^n from ROUNDER - n, for -1023 &le; n &le; 1023; 0 for n = -1023. */
    static DoubleVector powerOfTwo(DoubleVector rounded) {
        return power(rounded.reinterpretAsLongs());
    }

    /** The first of two factors, each a power of two in range, whose product is 2^n; from ROUNDER - n, |n| &le; 2040. */
    static DoubleVector halfPower(DoubleVector rounded) {
        return power(rounded.reinterpretAsLongs().lanewise(LSHR, 1));
    }

    /** The other factor. */
    static DoubleVector otherHalfPower(DoubleVector rounded) {
        LongVector bits = rounded.reinterpretAsLongs();
        return power(bits.sub(bits.lanewise(LSHR, 1)));
    }

    private static DoubleVector power(LongVector minusExponent) {
        return LongVector.broadcast(BITS, ONE).sub(minusExponent.lanewise(LSHL, FRACTION_BITS)).reinterpretAsDoubles();
    }

    /** k of x = 2^k m with m between the roots of 1/2 and 2, for normal positive x. */
    static DoubleVector exponent(DoubleVector x) {
        return x.reinterpretAsLongs().add(ONE - ROOT_HALF).lanewise(LSHR, FRACTION_BITS).lanewise(OR, ROUNDER_BITS)
                .reinterpretAsDoubles().sub(ROUNDER + 1023);
    }

    /** m of x = 2^k m. */
    static DoubleVector significand(DoubleVector x) {
        return x.reinterpretAsLongs().add(ONE - ROOT_HALF).lanewise(AND, FRACTION).add(ROOT_HALF).reinterpretAsDoubles();
    }

    /** The magnitude, which must not be negative, with the sign of the other. */
    static DoubleVector withSign(DoubleVector magnitude, DoubleVector sign) {
        return magnitude.reinterpretAsLongs().lanewise(OR, sign.reinterpretAsLongs().lanewise(AND, SIGN))
                .reinterpretAsDoubles();
    }
}
