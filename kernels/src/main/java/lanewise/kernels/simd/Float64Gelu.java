package lanewise.kernels.simd;

import static jdk.incubator.vector.DoubleVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LT;
import static lanewise.kernels.simd.Float64Math.SPECIES;

import jdk.incubator.vector.DoubleVector;

/**
 * As {@link Float32Gelu}, but Phi is an exponential times a polynomial: that of a root would be of too high a degree. In
 * three passes over a chunk, since one would be too much for C2 to inline.
 */
final class Float64Gelu {
    private static final int LANES = SPECIES.length();
    private static final int CHUNK = 256;
    /** Elements of a work area: the exponentials of a chunk, then the ratios. */
    static final int WORK = 2 * CHUNK;

    /** Where e^(-x^2/2) is flushed to 0. */
    private static final double NORMAL_MAX = 37.664;
    /** See {@link #normalPolynomial}. */
    private static final double NORMAL_CENTRE = 5;
    /** 1 / sqrt(2 pi). */
    private static final double NORMAL_DENSITY_AT_0 = 0.3989422804014327;

    /** One pass of the exact GELU over a chunk; the forward passes ignore dy. */
    @FunctionalInterface
    private interface Pass {
        void run(double[] x, int xAt, double[] dy, int dyAt, double[] y, int yAt, double[] work, int at, int n);
    }

    private static final Pass[] FORWARD = {
        (x, xAt, dy, dyAt, y, yAt, work, at, n) -> expOfMinusHalfSquare(x, xAt, work, at, n),
        (x, xAt, dy, dyAt, y, yAt, work, at, n) -> tailRatio(x, xAt, work, at, n),
        (x, xAt, dy, dyAt, y, yAt, work, at, n) -> forwardChunk(x, xAt, work, at, y, yAt, n)};

    private static final Pass[] BACKWARD = {FORWARD[0], FORWARD[1],
        (x, xAt, dy, dyAt, dx, dxAt, work, at, n) -> backwardChunk(x, xAt, work, at, dy, dyAt, dx, dxAt, n)};

    private Float64Gelu() {
    }

    /** y = f(x) for n elements, a multiple of the lanes. */
    static void forward(double[] x, int xAt, double[] y, int yAt, int n, double[] work, int workAt) {
        run(FORWARD, x, xAt, x, xAt, y, yAt, n, work, workAt);
    }

    /** dx = dy f'(x) for n elements, a multiple of the lanes. */
    static void backward(double[] x, int xAt, double[] dy, int dyAt, double[] dx, int dxAt, int n, double[] work,
            int workAt) {
        run(BACKWARD, x, xAt, dy, dyAt, dx, dxAt, n, work, workAt);
    }

    /** All passes are called from one place, so that C2 does not inline them into one method, which would be too large. */
    private static void run(Pass[] passes, double[] x, int xAt, double[] dy, int dyAt, double[] y, int yAt, int n,
            double[] work, int at) {
        for (int i = 0; i < n; i += CHUNK) {
            for (Pass pass : passes) {
                pass.run(x, xAt + i, dy, dyAt + i, y, yAt + i, work, at, Math.min(CHUNK, n - i));
            }
        }
    }

    private static void expOfMinusHalfSquare(double[] x, int xAt, double[] work, int at, int n) {
        for (int i = 0; i < n; i += LANES) {
            expOfMinusHalfSquare(DoubleVector.fromArray(SPECIES, x, xAt + i)).intoArray(work, at + i);
        }
    }

    private static void tailRatio(double[] x, int xAt, double[] work, int at, int n) {
        for (int i = 0; i < n; i += LANES) {
            tailRatio(DoubleVector.fromArray(SPECIES, x, xAt + i)).intoArray(work, at + CHUNK + i);
        }
    }

    private static void forwardChunk(double[] x, int xAt, double[] work, int at, double[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            gelu(DoubleVector.fromArray(SPECIES, x, xAt + i),
                    DoubleVector.fromArray(SPECIES, work, at + i),
                    DoubleVector.fromArray(SPECIES, work, at + CHUNK + i)).intoArray(y, yAt + i);
        }
    }

    private static void backwardChunk(double[] x, int xAt, double[] work, int at, double[] dy, int dyAt, double[] dx,
            int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            derivative(DoubleVector.fromArray(SPECIES, x, xAt + i),
                    DoubleVector.fromArray(SPECIES, work, at + i),
                    DoubleVector.fromArray(SPECIES, work, at + CHUNK + i))
                    .mul(DoubleVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    /**
     * Gaussian error linear unit: x Phi(x) with the normal distribution function Phi, given {@link #expOfMinusHalfSquare}
     * and {@link #tailRatio} of x.
     */
    private static DoubleVector gelu(DoubleVector x, DoubleVector e, DoubleVector ratio) {
        DoubleVector tail = ratio.mul(e);
        return x.mul(broadcast(SPECIES, 1).sub(tail).blend(tail, x.compare(LT, 0)));
    }

    /** Derivative of {@link #gelu}: Phi(x) + x Phi'(x). Those at x and -x add up to 1. */
    private static DoubleVector derivative(DoubleVector x, DoubleVector e, DoubleVector ratio) {
        DoubleVector a = MathF64.magnitude(x, NORMAL_MAX);
        DoubleVector small = a.fma(broadcast(SPECIES, -NORMAL_DENSITY_AT_0), ratio).mul(e);
        return broadcast(SPECIES, 1).sub(small).blend(small, x.compare(LT, 0));
    }

    /** e^(-x^2/2). The rounding error of the square, which a large exponent would magnify, is carried along. */
    private static DoubleVector expOfMinusHalfSquare(DoubleVector x) {
        DoubleVector a = MathF64.magnitude(x, NORMAL_MAX);
        DoubleVector half = a.mul(0.5);
        DoubleVector square = half.mul(a);
        DoubleVector e = MathF64.expOfMinus(square);
        return e.sub(e.mul(half.fma(a, square.neg())));
    }

    /** Phi(-|x|) e^(x^2/2). */
    private static DoubleVector tailRatio(DoubleVector x) {
        DoubleVector a = MathF64.magnitude(x, NORMAL_MAX);
        DoubleVector inverse = broadcast(SPECIES, 1).div(a.add(NORMAL_CENTRE));
        return normalPolynomial(inverse.fma(-2 * NORMAL_CENTRE, 1)).mul(inverse);
    }

    /**
     * (a + c) Phi(-a) e^(a^2/2) as a polynomial in y = (a - c) / (a + c), c = {@link #NORMAL_CENTRE}, with the normal
     * distribution function Phi, for 0 &le; a &le; NORMAL_MAX; relative error 0.2 2^-53.
     */
    private static DoubleVector normalPolynomial(DoubleVector y) {
        return y.fma(0x1.2543b0b8a47efp-29, 0x1.014f48b43765fp-27)
                .fma(y, broadcast(SPECIES, -0x1.63e18f3ea8fb6p-27))
                .fma(y, broadcast(SPECIES, -0x1.1c71277ac42f7p-24))
                .fma(y, broadcast(SPECIES, 0x1.7527431b25494p-25))
                .fma(y, broadcast(SPECIES, 0x1.d1d4c43cceaadp-22))
                .fma(y, broadcast(SPECIES, -0x1.6a2546d66b4f2p-22))
                .fma(y, broadcast(SPECIES, -0x1.73c4624591d9fp-19))
                .fma(y, broadcast(SPECIES, 0x1.0b2a695c458d8p-18))
                .fma(y, broadcast(SPECIES, 0x1.17de8cfbdd736p-16))
                .fma(y, broadcast(SPECIES, -0x1.a170d5f7ed7cap-15))
                .fma(y, broadcast(SPECIES, -0x1.f214988f6c8f9p-15))
                .fma(y, broadcast(SPECIES, 0x1.1daf1ce8846f8p-11))
                .fma(y, broadcast(SPECIES, -0x1.a2503736d96b2p-11))
                .fma(y, broadcast(SPECIES, -0x1.88590ea44333ap-9))
                .fma(y, broadcast(SPECIES, 0x1.54b4d4f43239dp-6))
                .fma(y, broadcast(SPECIES, -0x1.1b1c254c9ffcdp-4))
                .fma(y, broadcast(SPECIES, 0x1.51f6329f02911p-3))
                .fma(y, broadcast(SPECIES, -0x1.410ed5f87597bp-2))
                .fma(y, broadcast(SPECIES, 0x1.fb31653876f56p-2))
                .fma(y, broadcast(SPECIES, -0x1.54ad03f27ca18p-1))
                .fma(y, broadcast(SPECIES, 0x1.89d3abe1f95aep-1));
    }
}
