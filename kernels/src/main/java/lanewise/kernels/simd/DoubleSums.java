package lanewise.kernels.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Sums of squares of which every term is added in double. The last argument is a work area of one vector. */
final class DoubleSums {
    private static final VectorSpecies<Double> SPECIES = VectorSpecies.of(double.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();
    /**
     * Floats for two vectors of doubles. A vector of half the width would suit better; but once a second class of float
     * vectors is loaded, C2 of JDK 17 no longer knows the class in the loops of any other kernel, and allocates there.
     */
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorWidth.SHAPE);

    private DoubleSums() {
    }

    static double sumOfSquares(float[] x, int at, int n, double[] lanes) {
        DoubleVector first = DoubleVector.zero(SPECIES);
        DoubleVector second = first;
        int i = 0;
        for (; i < n - 2 * LANES + 1; i += 2 * LANES) {
            FloatVector both = FloatVector.fromArray(FLOATS, x, at + i);
            DoubleVector a = (DoubleVector) both.convertShape(VectorOperators.F2D, SPECIES, 0);
            DoubleVector b = (DoubleVector) both.convertShape(VectorOperators.F2D, SPECIES, 1);
            first = a.fma(a, first);
            second = b.fma(b, second);
        }
        first.add(second).intoArray(lanes, 0);
        double total = Lanes.sum(lanes, 0, LANES);
        for (; i < n; i++) {
            total += (double) x[at + i] * x[at + i];
        }
        return total;
    }

    static double sumOfSquares(double[] x, int at, int n, double[] lanes) {
        DoubleVector first = DoubleVector.zero(SPECIES);
        DoubleVector second = first;
        int i = 0;
        for (; i < n - 2 * LANES + 1; i += 2 * LANES) {
            DoubleVector a = DoubleVector.fromArray(SPECIES, x, at + i);
            DoubleVector b = DoubleVector.fromArray(SPECIES, x, at + LANES + i);
            first = a.fma(a, first);
            second = b.fma(b, second);
        }
        first.add(second).intoArray(lanes, 0);
        double total = Lanes.sum(lanes, 0, LANES);
        for (; i < n; i++) {
            total += x[at + i] * x[at + i];
        }
        return total;
    }
}
