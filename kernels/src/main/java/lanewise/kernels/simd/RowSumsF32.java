package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums over one row. A lane adds up to 64 terms in float, then its sum goes on in double. The last argument is a work area
 * of one vector.
 */
final class RowSumsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int CHUNK = 64 * LANES;

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
        for (int chunk = 0; chunk < whole; chunk += CHUNK) {
            int end = Math.min(chunk + CHUNK, whole);
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = chunk; i < end; i += LANES) {
                sum = FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, y, yAt + i), sum);
            }
            sum.intoArray(lanes, 0);
            total += Lanes.sum(lanes, 0, LANES);
        }
        for (int i = whole; i < n; i++) {
            total += (double) x[xAt + i] * y[yAt + i];
        }
        return total;
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
