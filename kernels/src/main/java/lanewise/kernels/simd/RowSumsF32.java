package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums over one row. A lane adds up to 64 terms in float, then its sum goes on in double. The argument lanes is a work area
 * of one vector.
 */
final class RowSumsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int CHUNK = 64 * LANES;
    /** As many terms a lane in four sums. */
    private static final int DOT_CHUNK = 4 * CHUNK;
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(SPECIES, 1, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(SPECIES, 2, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(SPECIES, 4, 1, true);
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(SPECIES, 8, 1, true);

    private RowSumsF32() {
    }

    /** The sum of x. */
    static double sum(float[] x, int xAt, int n, float[] lanes) {
        int whole = SPECIES.loopBound(n);
        double total = 0;
        for (int chunk = 0; chunk < whole; chunk += CHUNK) {
            int end = Math.min(chunk + CHUNK, whole);
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = chunk; i < end; i += LANES) {
                sum = sum.add(FloatVector.fromArray(SPECIES, x, xAt + i));
            }
            sum.intoArray(lanes, 0);
            total += Lanes.sum(lanes, 0, LANES);
        }
        for (int i = whole; i < n; i++) {
            total += x[xAt + i];
        }
        return total;
    }

    /** The sum of x y. */
    static double dot(float[] x, int xAt, float[] y, int yAt, int n, float[] lanes) {
        int whole = SPECIES.loopBound(n);
        double total = 0;
        for (int chunk = 0; chunk < whole; chunk += DOT_CHUNK) {
            dotLanes(x, xAt + chunk, y, yAt + chunk, Math.min(DOT_CHUNK, whole - chunk), lanes);
            total += ofLanes(lanes, 0);
        }
        for (int i = whole; i < n; i++) {
            total += (double) x[xAt + i] * y[yAt + i];
        }
        return total;
    }

    /**
     * The sum of x y, lane by lane; n is a multiple of the lanes. Four sums at once, since an addition takes longer than reading
     * its terms.
     */
    private static void dotLanes(float[] x, int xAt, float[] y, int yAt, int n, float[] lanes) {
        FloatVector first = FloatVector.zero(SPECIES);
        FloatVector second = first;
        FloatVector third = first;
        FloatVector fourth = first;
        int i = 0;
        for (; i < n - 3 * LANES; i += 4 * LANES) {
            first = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + i), first);
            second = FloatVector.fromArray(SPECIES, x, xAt + LANES + i)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + LANES + i), second);
            third = FloatVector.fromArray(SPECIES, x, xAt + 2 * LANES + i)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + 2 * LANES + i), third);
            fourth = FloatVector.fromArray(SPECIES, x, xAt + 3 * LANES + i)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + 3 * LANES + i), fourth);
        }
        for (; i < n; i += LANES) {
            first = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + i), first);
        }
        first.add(second).add(third.add(fourth)).intoArray(lanes, 0);
    }

    /** The sum of a stored vector's lanes in a fixed order, which reduceLanes leaves open; the number of lanes is a constant. */
    static float ofLanes(float[] lanes, int at) {
        if (LANES == 2) {
            // C2 boxes shuffles of two lanes.
            return lanes[at] + lanes[at + 1];
        }
        FloatVector v = FloatVector.fromArray(SPECIES, lanes, at);
        if (LANES > 8) {
            v = v.add(v.rearrange(BY_8));
        }
        if (LANES > 4) {
            v = v.add(v.rearrange(BY_4));
        }
        v = v.add(v.rearrange(BY_2));
        return v.add(v.rearrange(BY_1)).lane(0);
    }

    /** The sum of (x - y)^2. */
    static double squaredDistance(float[] x, int xAt, float[] y, int yAt, int n, float[] lanes) {
        int whole = SPECIES.loopBound(n);
        double total = 0;
        for (int chunk = 0; chunk < whole; chunk += CHUNK) {
            int end = Math.min(chunk + CHUNK, whole);
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = chunk; i < end; i += LANES) {
                FloatVector d = FloatVector.fromArray(SPECIES, x, xAt + i)
                        .sub(FloatVector.fromArray(SPECIES, y, yAt + i));
                sum = d.fma(d, sum);
            }
            sum.intoArray(lanes, 0);
            total += Lanes.sum(lanes, 0, LANES);
        }
        for (int i = whole; i < n; i++) {
            double d = x[xAt + i] - y[yAt + i];
            total += d * d;
        }
        return total;
    }
}
