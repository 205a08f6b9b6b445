package lanewise.kernels.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Sums of which every term is added in double. The last argument is a work area of one vector. */
final class DoubleSums {
    private static final VectorSpecies<Double> SPECIES = VectorSpecies.of(double.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();
    /** As many floats as there are doubles in a vector. */
    private static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(VectorWidth.BITS / 2));

    private DoubleSums() {
    }

    static double sum(float[] x, int at, int n, double[] lanes) {
        DoubleVector first = DoubleVector.zero(SPECIES);
        DoubleVector second = first;
        int i = 0;
        for (; i < n - 2 * LANES + 1; i += 2 * LANES) {
            first = first.add(FloatVector.fromArray(FLOATS, x, at + i).convertShape(VectorOperators.F2D, SPECIES, 0));
            second = second.add(
                    FloatVector.fromArray(FLOATS, x, at + LANES + i).convertShape(VectorOperators.F2D, SPECIES, 0));
        }
        first.add(second).intoArray(lanes, 0);
        double total = Lanes.sum(lanes, LANES);
        for (; i < n; i++) {
            total += x[at + i];
        }
        return total;
    }

    static double sum(double[] x, int at, int n, double[] lanes) {
        DoubleVector first = DoubleVector.zero(SPECIES);
        DoubleVector second = first;
        int i = 0;
        for (; i < n - 2 * LANES + 1; i += 2 * LANES) {
            first = first.add(DoubleVector.fromArray(SPECIES, x, at + i));
            second = second.add(DoubleVector.fromArray(SPECIES, x, at + LANES + i));
        }
        first.add(second).intoArray(lanes, 0);
        double total = Lanes.sum(lanes, LANES);
        for (; i < n; i++) {
            total += x[at + i];
        }
        return total;
    }

    static double sumOfSquares(float[] x, int at, int n, double[] lanes) {
        DoubleVector first = DoubleVector.zero(SPECIES);
        DoubleVector second = first;
        int i = 0;
        for (; i < n - 2 * LANES + 1; i += 2 * LANES) {
            DoubleVector a = (DoubleVector) FloatVector.fromArray(FLOATS, x, at + i)
                    .convertShape(VectorOperators.F2D, SPECIES, 0);
            DoubleVector b = (DoubleVector) FloatVector.fromArray(FLOATS, x, at + LANES + i)
                    .convertShape(VectorOperators.F2D, SPECIES, 0);
            first = a.fma(a, first);
            second = b.fma(b, second);
        }
        first.add(second).intoArray(lanes, 0);
        double total = Lanes.sum(lanes, LANES);
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
        double total = Lanes.sum(lanes, LANES);
        for (; i < n; i++) {
            total += x[at + i] * x[at + i];
        }
        return total;
    }
}
