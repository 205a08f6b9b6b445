package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static lanewise.kernels.simd.Float32Math.BITS;
import static lanewise.kernels.simd.Float32Math.EXP_FLUSH;
import static lanewise.kernels.simd.Float32Math.EXP2_1;
import static lanewise.kernels.simd.Float32Math.EXP2_2;
import static lanewise.kernels.simd.Float32Math.EXP2_3;
import static lanewise.kernels.simd.Float32Math.EXP2_4;
import static lanewise.kernels.simd.Float32Math.EXP2_5;
import static lanewise.kernels.simd.Float32Math.EXP2_6;
import static lanewise.kernels.simd.Float32Math.FRACTION_BITS;
import static lanewise.kernels.simd.Float32Math.LOG2_E;
import static lanewise.kernels.simd.Float32Math.LOG2_E_LOW;
import static lanewise.kernels.simd.Float32Math.ONE;
import static lanewise.kernels.simd.Float32Math.ROUNDER;
import static lanewise.kernels.simd.Float32Math.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The loop of {@link ExponentialRowsF32}: {@link MathF32#expOfNonPositive} written out. As one method of more than 325 bytes
 * of code without calls but those of vectors, it is compiled by itself, whole, unless C2's limits are changed: C2 neither
 * inlines it into a method that then becomes too large, nor leaves a call in it.
 */
final class Float32Exponentials {
    private static final int LANES = SPECIES.length();
    /** A lane adds so many terms before the sum goes on in a sum of such sums: small terms are not lost beside a large sum. */
    private static final int PART = 64 * LANES;

    private Float32Exponentials() {
    }

    /**
     * The exponentials of scale x - maximum for pieces of n, whole vectors; adds them to the sums, lane by lane.
     *
     * @param stride  from piece to piece in x
     * @param vectors where the pieces' maxima and sums start: a vector for each
     * @param step    from piece to piece in the work area, which receives the exponentials
     */
    static void compute(float scale, float[] x, int xAt, int stride, int pieces, int n, float[] maxima, float[] sums,
            int vectors, float[] work, int at, int step) {
        for (int piece = 0; piece < pieces; piece++) {
            int from = xAt + piece * stride;
            int to = at + piece * step;
            int vector = vectors + piece * LANES;
            // The distance to negative infinity would be NaN.
            FloatVector maximum = FloatVector.fromArray(SPECIES, maxima, vector);
            maximum = maximum.blend(0f, maximum.compare(EQ, Float.NEGATIVE_INFINITY));
            FloatVector sum = FloatVector.fromArray(SPECIES, sums, vector);
            for (int start = 0; start < n; start += PART) {
                FloatVector part = FloatVector.zero(SPECIES);
                int end = Math.min(start + PART, n);
                for (int i = start; i < end; i += LANES) {
                    FloatVector d = FloatVector.fromArray(SPECIES, x, from + i).mul(scale).sub(maximum);
                    d = d.blend(EXP_FLUSH, d.compare(LT, EXP_FLUSH));
                    FloatVector rounded = d.fma(-LOG2_E, ROUNDER);
                    FloatVector r = d.fma(FloatVector.broadcast(SPECIES, LOG2_E), rounded.sub(ROUNDER));
                    r = d.fma(FloatVector.broadcast(SPECIES, LOG2_E_LOW), r);
                    FloatVector p = r.fma(EXP2_6, EXP2_5);
                    p = p.fma(r, FloatVector.broadcast(SPECIES, EXP2_4));
                    p = p.fma(r, FloatVector.broadcast(SPECIES, EXP2_3));
                    p = p.fma(r, FloatVector.broadcast(SPECIES, EXP2_2));
                    p = p.fma(r, FloatVector.broadcast(SPECIES, EXP2_1));
                    p = p.fma(r, FloatVector.broadcast(SPECIES, 1f));
                    IntVector minusExponent = rounded.reinterpretAsInts().lanewise(LSHL, FRACTION_BITS);
                    FloatVector e = p.mul(IntVector.broadcast(BITS, ONE).sub(minusExponent).reinterpretAsFloats());
                    e.intoArray(work, to + i);
                    part = part.add(e);
                }
                sum = sum.add(part);
            }
            sum.intoArray(sums, vector);
        }
    }
}
