package lanewise.kernels.simd;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Elementary functions and activations of a vector, written to be inlined into the loops of the kernels: a chain of
 * arithmetic without branches, tables or calls. The bounds of the errors are in
 * {@link lanewise.kernels.ElementaryFunctions}.
 */
final class MathF32 {
    /** GELU's inner polynomial, twice sqrt(2/pi) (x + 0.044715 x^3). */
    private static final float GELU_LINEAR = (float) 1.5957691216057308;
    private static final float GELU_CUBIC = (float) (0.044715 * 1.5957691216057308);

    private MathF32() {
    }

    /** e^x. */
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.blend(Float32Math.EXP_MAX, x.compare(GT, Float32Math.EXP_MAX));
        clamped = clamped.blend(Float32Math.EXP_MIN, x.compare(LT, Float32Math.EXP_MIN));
        FloatVector rounded = clamped.fma(-Float32Math.LOG2_E, Float32Math.ROUNDER);
        FloatVector r = reduced(clamped, rounded);
        // Two factors: one alone could not reach subnormal results.
        return Float32Math.exp2Polynomial(r).mul(Float32Math.halfPower(rounded))
                .mul(Float32Math.otherHalfPower(rounded));
    }

    /** e^x for x &le; 0, as softmax needs it: results below the smallest normal number are 0. */
    static FloatVector expOfNonPositive(FloatVector x) {
        FloatVector clamped = x.blend(Float32Math.EXP_FLUSH, x.compare(LT, Float32Math.EXP_FLUSH));
        FloatVector rounded = clamped.fma(-Float32Math.LOG2_E, Float32Math.ROUNDER);
        FloatVector r = reduced(clamped, rounded);
        return Float32Math.exp2Polynomial(r).mul(Float32Math.powerOfTwo(rounded));
    }

    /** x log2(e) - n, where rounded = ROUNDER - n. */
    private static FloatVector reduced(FloatVector x, FloatVector rounded) {
        FloatVector r = x.fma(broadcast(Float32Math.SPECIES, Float32Math.LOG2_E), rounded.sub(Float32Math.ROUNDER));
        return x.fma(broadcast(Float32Math.SPECIES, Float32Math.LOG2_E_LOW), r);
    }

    /** ln x. */
    static FloatVector log(FloatVector x) {
        VectorMask<Float> subnormal = x.compare(LT, Float32Math.MIN_NORMAL);
        FloatVector normal = x.blend(x.mul(Float32Math.SUBNORMAL_SCALE), subnormal);
        FloatVector k = Float32Math.exponent(normal);
        k = k.blend(k.sub(Float32Math.SUBNORMAL_EXPONENT), subnormal);
        FloatVector f = Float32Math.significand(normal).sub(1f);
        // With s = f/(2+f): ln(1+f) = 2s + s z L(z) = f - (f^2/2 - s (f^2/2 + z L(z))), where f is exact.
        FloatVector s = f.div(f.add(2f));
        FloatVector z = s.mul(s);
        FloatVector h = f.mul(f).mul(0.5f);
        FloatVector tail = s.fma(z.fma(Float32Math.atanhPolynomial(z), h), k.mul(Float32Math.LN_2_LOW));
        FloatVector y = k.fma(broadcast(Float32Math.SPECIES, Float32Math.LN_2), f.sub(h.sub(tail)));
        // Not below infinity: infinite or NaN.
        y = x.blend(y, x.compare(LT, Float.POSITIVE_INFINITY));
        y = y.blend(Float.NaN, x.compare(LT, 0f));
        return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0f));
    }

    /** tanh |x| = (1 - e^(-2|x|)) / (1 + e^(-2|x|)), the sign restored. */
    static FloatVector tanh(FloatVector x) {
        FloatVector m = oneMinusExpOfMinus(magnitude(x, Float32Math.TANH_MAX).mul(2f));
        return Float32Math.withSign(m.div(broadcast(Float32Math.SPECIES, 2f).sub(m)), x);
    }

    /** erf t = (1 - e^(-t^2)) + e^(-t^2) t U(t) with U &gt; 0: nothing cancels, for small t or large. */
    static FloatVector erf(FloatVector x) {
        FloatVector sign = Float32Math.withSign(broadcast(Float32Math.SPECIES, 1f), x);
        FloatVector t = magnitude(x, Float32Math.ERF_MAX);
        FloatVector m = oneMinusExpOfMinus(t.mul(t));
        FloatVector u = Float32Math.erfPolynomial(t.div(t.add(Float32Math.ERF_SCALE)));
        FloatVector et = t.sub(t.mul(m));
        return u.fma(et, et.add(m)).mul(sign);
    }

    /** 1 - e^-a for a &ge; 0 of moderate size, precise near 0 too. */
    private static FloatVector oneMinusExpOfMinus(FloatVector a) {
        FloatVector rounded = a.fma(Float32Math.LOG2_E, Float32Math.ROUNDER);
        FloatVector power = Float32Math.powerOfTwo(rounded);
        FloatVector minusN = rounded.sub(Float32Math.ROUNDER);
        FloatVector r = minusN.fma(broadcast(Float32Math.SPECIES, -Float32Math.LN_2), a);
        r = minusN.fma(broadcast(Float32Math.SPECIES, -Float32Math.LN_2_LOW), r);
        FloatVector q = r.mul(r).fma(Float32Math.expm1Polynomial(r), r);
        return power.fma(q, broadcast(Float32Math.SPECIES, 1f).sub(power));
    }

    /** max(x, 0); NaN stays. */
    static FloatVector relu(FloatVector x) {
        return x.blend(0f, x.compare(LE, 0f));
    }

    /** x^2 / 2 from 0 to 1, then x - 1/2. */
    static FloatVector huberRelu(FloatVector x) {
        FloatVector positive = relu(x);
        FloatVector slope = positive.min(1f);
        return positive.sub(slope.mul(0.5f)).mul(slope);
    }

    /** Derivative of {@link #huberRelu}. */
    static FloatVector huberReluDerivative(FloatVector x) {
        return relu(x).min(1f);
    }

    /** dy where x &gt; 0, else 0; NaN where x is. */
    static FloatVector reluBackward(FloatVector x, FloatVector dy) {
        return relu(x).blend(dy, x.compare(GT, 0f));
    }

    /** x / (1 + e^-x). */
    static FloatVector silu(FloatVector x) {
        return gated(x, expOfMinus(magnitude(x, -Float32Math.EXP_FLUSH)));
    }

    /** Derivative of {@link #silu}. */
    static FloatVector siluDerivative(FloatVector x) {
        FloatVector a = magnitude(x, -Float32Math.EXP_FLUSH);
        return gatedDerivative(x, a, expOfMinus(a));
    }

    /** Gaussian error linear unit, tanh form: since (1 + tanh(z/2))/2 = 1/(1 + e^-z), one exponential is enough. */
    static FloatVector geluTanh(FloatVector x) {
        FloatVector a = magnitude(x, Float32Math.GELU_TANH_MAX);
        FloatVector slope = a.mul(a).fma(GELU_CUBIC, GELU_LINEAR);
        return gated(x, expOfMinus(a.mul(slope)));
    }

    /** Derivative of {@link #geluTanh}. */
    static FloatVector geluTanhDerivative(FloatVector x) {
        FloatVector a = magnitude(x, Float32Math.GELU_TANH_MAX);
        FloatVector square = a.mul(a);
        FloatVector e = expOfMinus(a.mul(square.fma(GELU_CUBIC, GELU_LINEAR)));
        return gatedDerivative(x, a.mul(square.fma(3f * GELU_CUBIC, GELU_LINEAR)), e);
    }

    /** x times 1 / (1 + e^-z), given e = e^-|z|, where z has the sign of x. */
    private static FloatVector gated(FloatVector x, FloatVector e) {
        return x.mul(broadcast(Float32Math.SPECIES, 1f).blend(e, x.compare(LT, 0f)).div(e.add(1f)));
    }

    /**
     * Derivative of x / (1 + e^-z) for z an odd function of x, given a = |x| z' and e = e^-|z|. The derivatives at x and -x
     * add up to 1; the small one is computed.
     */
    private static FloatVector gatedDerivative(FloatVector x, FloatVector a, FloatVector e) {
        FloatVector inverse = broadcast(Float32Math.SPECIES, 1f).div(e.add(1f));
        FloatVector small = e.mul(inverse).mul(broadcast(Float32Math.SPECIES, 1f).sub(a.mul(inverse)));
        return broadcast(Float32Math.SPECIES, 1f).sub(small).blend(small, x.compare(LT, 0f));
    }

    /** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). */
    static FloatVector softplus(FloatVector x) {
        FloatVector e = expOfMinus(magnitude(x, -Float32Math.EXP_FLUSH));
        FloatVector s = e.div(e.add(2f));
        FloatVector z = s.mul(s);
        FloatVector log = s.mul(z).fma(Float32Math.atanhPolynomial(z), s.add(s));
        return x.blend(0f, x.compare(LE, 0f)).add(log);
    }

    /** Derivative of {@link #softplus}: 1 / (1 + e^-x). */
    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = expOfMinus(magnitude(x, -Float32Math.EXP_FLUSH));
        return broadcast(Float32Math.SPECIES, 1f).blend(e, x.compare(LT, 0f)).div(e.add(1f));
    }

    /** Derivative of {@link #tanh}: 4 e / (1 + e)^2 with e = e^(-2|x|). */
    static FloatVector tanhDerivative(FloatVector x) {
        FloatVector e = expOfMinus(magnitude(x, -0.5f * Float32Math.EXP_FLUSH).mul(2f));
        FloatVector inverse = broadcast(Float32Math.SPECIES, 2f).div(e.add(1f));
        return e.mul(inverse).mul(inverse);
    }

    /** e^-a for 0 &le; a &le; -EXP_FLUSH; results below the smallest normal number are 0. */
    static FloatVector expOfMinus(FloatVector a) {
        FloatVector rounded = a.fma(Float32Math.LOG2_E, Float32Math.ROUNDER);
        FloatVector power = Float32Math.powerOfTwo(rounded);
        FloatVector r = a.fma(broadcast(Float32Math.SPECIES, -Float32Math.LOG2_E), rounded.sub(Float32Math.ROUNDER));
        r = a.fma(broadcast(Float32Math.SPECIES, -Float32Math.LOG2_E_LOW), r);
        return Float32Math.exp2Polynomial(r).mul(power);
    }

    /** |x|, at most the limit; NaN stays. */
    static FloatVector magnitude(FloatVector x, float limit) {
        FloatVector a = x.abs();
        return a.blend(limit, a.compare(GT, limit));
    }
}
