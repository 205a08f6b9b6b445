package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static lanewise.kernels.simd.Float64Math.BITS;
import static lanewise.kernels.simd.Float64Math.EXP_FLUSH;
import static lanewise.kernels.simd.Float64Math.EXP2_1;
import static lanewise.kernels.simd.Float64Math.EXP2_2;
import static lanewise.kernels.simd.Float64Math.EXP2_3;
import static lanewise.kernels.simd.Float64Math.EXP2_4;
import static lanewise.kernels.simd.Float64Math.EXP2_5;
import static lanewise.kernels.simd.Float64Math.EXP2_6;
import static lanewise.kernels.simd.Float64Math.EXP2_7;
import static lanewise.kernels.simd.Float64Math.EXP2_8;
import static lanewise.kernels.simd.Float64Math.EXP2_9;
import static lanewise.kernels.simd.Float64Math.EXP2_10;
import static lanewise.kernels.simd.Float64Math.EXP2_11;
import static lanewise.kernels.simd.Float64Math.FRACTION_BITS;
import static lanewise.kernels.simd.Float64Math.LOG2_E;
import static lanewise.kernels.simd.Float64Math.LOG2_E_LOW;
import static lanewise.kernels.simd.Float64Math.ONE;
import static lanewise.kernels.simd.Float64Math.ROUNDER;
import static lanewise.kernels.simd.Float64Math.SPECIES;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;

/**
 * The loop of {@link ExponentialRowsF64}: {@link MathF64#expOfNonPositive} written out. As one method of more than 325 bytes
 * of code without calls but those of vectors, it is compiled by itself, whole, in every program: C2 neither inlines it
 * into a method that then becomes too large, nor leaves a call in it.
 */
final class Float64Exponentials {
    private static final int LANES = SPECIES.length();
    /** See {@link Float32Exponentials}. */
    private static final int PART = 64 * LANES;

    private Float64Exponentials() {
    }

    /**
     * The exponentials of scale x - maximum for pieces of n, whole vectors; adds them to the sums, lane by lane.
     *
     * @param stride  from piece to piece in x
     * @param vectors where the pieces' maxima and sums start: a vector for each
     * @param step    from piece to piece in the work area, which receives the exponentials
     */
    static void compute(double scale, double[] x, int xAt, int stride, int pieces, int n, double[] maxima, double[] sums,
            int vectors, double[] work, int at, int step) {
        for (int piece = 0; piece < pieces; piece++) {
            int from = xAt + piece * stride;
            int to = at + piece * step;
            int vector = vectors + piece * LANES;
            // The distance to negative infinity would be NaN.
            DoubleVector maximum = DoubleVector.fromArray(SPECIES, maxima, vector);
            maximum = maximum.blend(0d, maximum.compare(EQ, Double.NEGATIVE_INFINITY));
            DoubleVector sum = DoubleVector.fromArray(SPECIES, sums, vector);
            for (int start = 0; start < n; start += PART) {
                DoubleVector part = DoubleVector.zero(SPECIES);
                int end = Math.min(start + PART, n);
                for (int i = start; i < end; i += LANES) {
                    DoubleVector d = DoubleVector.fromArray(SPECIES, x, from + i).mul(scale).sub(maximum);
                    d = d.blend(EXP_FLUSH, d.compare(LT, EXP_FLUSH));
                    DoubleVector rounded = d.fma(-LOG2_E, ROUNDER);
                    DoubleVector r = d.fma(DoubleVector.broadcast(SPECIES, LOG2_E), rounded.sub(ROUNDER));
                    r = d.fma(DoubleVector.broadcast(SPECIES, LOG2_E_LOW), r);
                    DoubleVector p = r.fma(EXP2_11, EXP2_10);
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_9));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_8));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_7));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_6));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_5));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_4));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_3));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_2));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, EXP2_1));
                    p = p.fma(r, DoubleVector.broadcast(SPECIES, 1d));
                    LongVector minusExponent = rounded.reinterpretAsLongs().lanewise(LSHL, FRACTION_BITS);
                    DoubleVector e = p.mul(LongVector.broadcast(BITS, ONE).sub(minusExponent).reinterpretAsDoubles());
                    e.intoArray(work, to + i);
                    part = part.add(e);
                }
                sum = sum.add(part);
            }
            sum.intoArray(sums, vector);
        }
    }
}
