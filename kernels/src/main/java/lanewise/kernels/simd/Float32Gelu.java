package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.OR;
import static lanewise.kernels.simd.Float32Math.BITS;
import static lanewise.kernels.simd.Float32Math.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The exact GELU and its derivative, x Phi(x) and Phi(x) + x Phi'(x) with the normal distribution function Phi. From
 * a = -|x| come f = max(x, 0) + a Phi(a), and f' = s or 1 - s with s = Phi(a) + a Phi'(a).
 *
 * <p>The fourth root of Phi(a), and of s divided by its distance to its zero, are so smooth that a polynomial of degree 11
 * is enough, without an exponential or a division; they were found as those of {@link Float32Math}, with the error of the
 * power weighted. Far from 0, a is replaced by the zero of the product.
 *
 * <p>Each loop is a method of more than 325 bytes of code without calls but those of vectors, as {@link Float32Exponentials}.
 * Two chains, of even and of odd powers, half as long as one, keep the processor's multipliers busy.
 */
final class Float32Gelu {
    /** Elements of a work area: none is needed. */
    static final int WORK = 0;

    private static final int LANES = SPECIES.length();

    /** From here on, the fourth root of Phi(a), whose fourth power is off by 1.1 2^-24 (Phi(a) + 0.005) at most. */
    private static final float TAIL_END = -6.4f;
    private static final float TAIL_0 = 0x1.ae89fap-1f;
    private static final float TAIL_1 = 0x1.57859cp-3f;
    private static final float TAIL_2 = -0x1.9b12f6p-5f;
    private static final float TAIL_3 = -0x1.2b586p-8f;
    private static final float TAIL_4 = 0x1.049c82p-8f;
    private static final float TAIL_5 = 0x1.0d32acp-12f;
    private static final float TAIL_6 = -0x1.31dc5cp-13f;
    private static final float TAIL_7 = 0x1.d30998p-17f;
    private static final float TAIL_8 = 0x1.135a6p-16f;
    private static final float TAIL_9 = 0x1.abbe4ap-19f;
    private static final float TAIL_10 = 0x1.22406p-22f;
    private static final float TAIL_11 = 0x1.34c69p-27f;

    /** The same for s, divided by a - SLOPE_ZERO; s is off by 2.4 2^-24 (|s| + 0.1) at most. */
    private static final float SLOPE_END = -6.4f;
    private static final float SLOPE_ZERO = -0x1.80ead2p-1f;
    private static final float SLOPE_0 = 0x1.ce5e4ep-1f;
    private static final float SLOPE_1 = 0x1.eb43d6p-5f;
    private static final float SLOPE_2 = -0x1.5f123ep-4f;
    private static final float SLOPE_3 = 0x1.809ef4p-9f;
    private static final float SLOPE_4 = 0x1.d77e78p-8f;
    private static final float SLOPE_5 = 0x1.5486e8p-12f;
    private static final float SLOPE_6 = -0x1.d11b5ep-14f;
    private static final float SLOPE_7 = 0x1.39ee92p-14f;
    private static final float SLOPE_8 = 0x1.20564ep-15f;
    private static final float SLOPE_9 = 0x1.7a0b46p-18f;
    private static final float SLOPE_10 = 0x1.d883a6p-22f;
    private static final float SLOPE_11 = 0x1.df22cap-27f;

    private Float32Gelu() {
    }

    /** y = f(x) for n elements, a multiple of the lanes. */
    static void forward(float[] x, int xAt, float[] y, int yAt, int n, float[] work, int workAt) {
        IntVector sign = IntVector.broadcast(BITS, 0x80000000);
        FloatVector c0 = FloatVector.broadcast(SPECIES, TAIL_0);
        FloatVector c1 = FloatVector.broadcast(SPECIES, TAIL_1);
        FloatVector c2 = FloatVector.broadcast(SPECIES, TAIL_2);
        FloatVector c3 = FloatVector.broadcast(SPECIES, TAIL_3);
        FloatVector c4 = FloatVector.broadcast(SPECIES, TAIL_4);
        FloatVector c5 = FloatVector.broadcast(SPECIES, TAIL_5);
        FloatVector c6 = FloatVector.broadcast(SPECIES, TAIL_6);
        FloatVector c7 = FloatVector.broadcast(SPECIES, TAIL_7);
        FloatVector c8 = FloatVector.broadcast(SPECIES, TAIL_8);
        FloatVector c9 = FloatVector.broadcast(SPECIES, TAIL_9);
        FloatVector c10 = FloatVector.broadcast(SPECIES, TAIL_10);
        FloatVector c11 = FloatVector.broadcast(SPECIES, TAIL_11);
        for (int i = 0; i < n; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = v.reinterpretAsInts().lanewise(OR, sign).reinterpretAsFloats();
            a = a.blend(0f, a.compare(LT, TAIL_END));
            FloatVector square = a.mul(a);
            FloatVector even = square.fma(c10, c8).fma(square, c6).fma(square, c4).fma(square, c2).fma(square, c0);
            FloatVector odd = square.fma(c11, c9).fma(square, c7).fma(square, c5).fma(square, c3).fma(square, c1);
            FloatVector root = odd.fma(a, even);
            FloatVector squareRoot = root.mul(root);
            squareRoot.mul(squareRoot).fma(a, v.blend(0f, v.compare(LE, 0f))).intoArray(y, yAt + i);
        }
    }

    /** dx = dy f'(x) for n elements, a multiple of the lanes. */
    static void backward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n, float[] work,
            int workAt) {
        IntVector sign = IntVector.broadcast(BITS, 0x80000000);
        FloatVector c0 = FloatVector.broadcast(SPECIES, SLOPE_0);
        FloatVector c1 = FloatVector.broadcast(SPECIES, SLOPE_1);
        FloatVector c2 = FloatVector.broadcast(SPECIES, SLOPE_2);
        FloatVector c3 = FloatVector.broadcast(SPECIES, SLOPE_3);
        FloatVector c4 = FloatVector.broadcast(SPECIES, SLOPE_4);
        FloatVector c5 = FloatVector.broadcast(SPECIES, SLOPE_5);
        FloatVector c6 = FloatVector.broadcast(SPECIES, SLOPE_6);
        FloatVector c7 = FloatVector.broadcast(SPECIES, SLOPE_7);
        FloatVector c8 = FloatVector.broadcast(SPECIES, SLOPE_8);
        FloatVector c9 = FloatVector.broadcast(SPECIES, SLOPE_9);
        FloatVector c10 = FloatVector.broadcast(SPECIES, SLOPE_10);
        FloatVector c11 = FloatVector.broadcast(SPECIES, SLOPE_11);
        for (int i = 0; i < n; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = v.reinterpretAsInts().lanewise(OR, sign).reinterpretAsFloats();
            a = a.blend(SLOPE_ZERO, a.compare(LT, SLOPE_END));
            FloatVector square = a.mul(a);
            FloatVector even = square.fma(c10, c8).fma(square, c6).fma(square, c4).fma(square, c2).fma(square, c0);
            FloatVector odd = square.fma(c11, c9).fma(square, c7).fma(square, c5).fma(square, c3).fma(square, c1);
            FloatVector root = odd.fma(a, even);
            FloatVector squareRoot = root.mul(root);
            FloatVector small = squareRoot.mul(squareRoot).mul(a.sub(SLOPE_ZERO));
            FloatVector.broadcast(SPECIES, 1f).sub(small).blend(small, v.compare(LT, 0f))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }
}
