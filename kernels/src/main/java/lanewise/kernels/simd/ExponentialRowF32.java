package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes over one row that softmax and cross-entropy are made of. After the first the row lies in a work area of
 * whole vectors, filled up with negative infinity, whose exponential is 0: no pass needs a special end.
 */
final class ExponentialRowF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Elements summed in float before the sum goes on in double. */
    private static final int CHUNK = 64 * LANES;

    private ExponentialRowF32() {
    }

    /** The length of the work area for n elements. */
    static int padded(int n) {
        return (n + LANES - 1) / LANES * LANES;
    }

    /** Writes scale x to the work area and returns its maximum, of which NaN is no part; negative infinity if there is none. */
    static float scaleAndMaximum(float scale, float[] x, int xAt, float[] work, int at, int n) {
        int whole = SPECIES.loopBound(n);
        int i = whole;
        for (; i < n; i++) {
            work[at + i] = x[xAt + i] * scale;
        }
        Arrays.fill(work, at + n, at + padded(n), Float.NEGATIVE_INFINITY);
        FloatVector first = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        FloatVector second = first;
        if (whole < n) {
            FloatVector last = FloatVector.fromArray(SPECIES, work, at + whole);
            first = first.blend(last, last.compare(GT, first));
        }
        for (i = 0; i < whole - LANES; i += 2 * LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, xAt + i).mul(scale);
            FloatVector b = FloatVector.fromArray(SPECIES, x, xAt + LANES + i).mul(scale);
            a.intoArray(work, at + i);
            b.intoArray(work, at + LANES + i);
            first = first.blend(a, a.compare(GT, first));
            second = second.blend(b, b.compare(GT, second));
        }
        if (i < whole) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, xAt + i).mul(scale);
            a.intoArray(work, at + i);
            first = first.blend(a, a.compare(GT, first));
        }
        return first.blend(second, second.compare(GT, first)).reduceLanes(MAX);
    }

    /** Replaces the work area's elements by the exponentials of their distance to the maximum; returns the sum of these. */
    static double exponentialsAndSum(float maximum, float[] work, int at, int n, float[] lanes) {
        double total = 0;
        for (int chunk = 0; chunk < n; chunk += CHUNK) {
            int end = at + Math.min(chunk + CHUNK, padded(n));
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = at + chunk; i < end; i += LANES) {
                FloatVector e = MathF32.expOfNonPositive(FloatVector.fromArray(SPECIES, work, i).sub(maximum));
                e.intoArray(work, i);
                sum = sum.add(e);
            }
            sum.intoArray(lanes, 0);
            total += Lanes.sum(lanes, LANES);
        }
        return total;
    }

    /** The sum of the exponentials, which {@link #exponentialsAndSum} would leave in the work area. */
    static double sumOfExponentials(float maximum, float[] work, int at, int n, float[] lanes) {
        double total = 0;
        for (int chunk = 0; chunk < n; chunk += CHUNK) {
            int end = at + Math.min(chunk + CHUNK, padded(n));
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = at + chunk; i < end; i += LANES) {
                sum = sum.add(MathF32.expOfNonPositive(FloatVector.fromArray(SPECIES, work, i).sub(maximum)));
            }
            sum.intoArray(lanes, 0);
            total += Lanes.sum(lanes, LANES);
        }
        return total;
    }

    /** Multiplies the work area. */
    static void multiply(float factor, float[] work, int at, int n) {
        for (int i = at; i < at + padded(n); i += LANES) {
            FloatVector.fromArray(SPECIES, work, i).mul(factor).intoArray(work, i);
        }
    }

    /** Subtracts from the work area, first the maximum, then the logarithm of the sum. */
    static void subtract(float maximum, float logSum, float[] work, int at, int n) {
        for (int i = at; i < at + padded(n); i += LANES) {
            FloatVector.fromArray(SPECIES, work, i).sub(maximum).sub(logSum).intoArray(work, i);
        }
    }
}
