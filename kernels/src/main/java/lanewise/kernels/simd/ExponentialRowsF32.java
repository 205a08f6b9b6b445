package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.GT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Scratch;

/**
 * The exponentials of rows, and their sums, that softmax and cross-entropy are made of. A block of rows goes through each
 * pass at once, so that the sequential end of one row's maximum or sum overlaps with the work on others.
 *
 * <p>A row is cut into pieces that fit the first cache, each with the maximum of the row up to its end: a piece is read from
 * memory once. The weights bring the pieces of a row to its maximum. The exponentials of a row of several pieces go to where
 * its result will be, so that memory is written while they are computed.
 *
 * <p>The last piece may end amid a vector. Its last vector is then read from the row's last elements, and those which the
 * one before has already are made negative infinity, whose exponential is 0: no pass needs a special end, except for
 * rows shorter than a vector, which are filled up.
 */
final class ExponentialRowsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Elements of a piece. */
    private static final int PIECE = 256 * LANES;
    /** Negative infinity for a vector, then 0 for a vector: added to the last vector of a row. */
    private static final float[] END = new float[2 * LANES];
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(SPECIES, 1, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(SPECIES, 2, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(SPECIES, 4, 1, true);
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(SPECIES, 8, 1, true);

    static {
        Arrays.fill(END, 0, LANES, Float.NEGATIVE_INFINITY);
    }

    private final int n;
    private final int padded;
    private final int pieces;
    private final int block;
    private final float[] work;
    private final float[] maxima;
    private final float[] lanes;
    private final double[] weights;
    private int row;
    private float maximum;
    private double sum;

    /** For rows of n elements. */
    ExponentialRowsF32(int n, Scratch scratch) {
        this.n = n;
        padded = Math.max(1, (n + LANES - 1) / LANES) * LANES;
        pieces = (padded + PIECE - 1) / PIECE;
        // A row of several pieces is a block of its own.
        block = pieces == 1 ? PIECE / padded : 1;
        work = scratch.floats(0, PIECE + LANES);
        maxima = scratch.floats(1, block * pieces * LANES);
        lanes = scratch.floats(2, block * pieces * LANES);
        weights = scratch.doubles(3, pieces);
    }

    /** Rows to be computed at once. */
    int block() {
        return block;
    }

    /**
     * Computes the exponentials of scale x - maximum of each row, for at most {@link #block} rows that lie stride
     * apart.
     *
     * @param y where {@link #write} will write the first row, from yAt on; may be x; null if it won't be called
     */
    void compute(float scale, float[] x, int xAt, int stride, int rows, float[] y, int yAt) {
        if (n < LANES) {
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < n; i++) {
                    work[r * LANES + i] = x[xAt + r * stride + i] * scale;
                }
                Arrays.fill(work, r * LANES + n, (r + 1) * LANES, Float.NEGATIVE_INFINITY);
            }
            compute(1, work, 0, LANES, rows, LANES, 0, work, 0, LANES, 0);
        } else if (pieces == 1) {
            compute(scale, x, xAt, stride, rows, n, 0, work, 0, padded, SPECIES.loopBound(n));
        } else {
            for (int p = 0; p < pieces; p++) {
                compute(scale, x, xAt + p * PIECE, PIECE, 1, Math.min(PIECE, n - p * PIECE), p, y == null ? work : y,
                        y == null ? 0 : yAt + p * PIECE, PIECE, PIECE);
            }
        }
    }

    /** Computes some pieces of one length. The last vector of each, if it isn't whole, goes to the work area. */
    private void compute(float scale, float[] x, int xAt, int stride, int count, int length, int piece, float[] y,
            int yAt, int step, int lastAt) {
        int vectors = piece * LANES;
        int whole = SPECIES.loopBound(length);
        Arrays.fill(lanes, vectors, vectors + count * LANES, 0);
        maxima(scale, x, xAt, stride, count, length, maxima, vectors, work, lastAt, step);
        if (pieces > 1) {
            for (int p = Math.max(1, piece); p < piece + count; p++) {
                if (maxima[(p - 1) * LANES] > maxima[p * LANES]) {
                    System.arraycopy(maxima, (p - 1) * LANES, maxima, p * LANES, LANES);
                }
            }
        }
        Float32Exponentials.compute(scale, x, xAt, stride, count, whole, maxima, lanes, vectors, y, yAt, step);
        if (whole < length) {
            Float32Exponentials.compute(1, work, lastAt, step, count, LANES, maxima, lanes, vectors, work, lastAt, step);
        }
    }

    /** Makes one of the computed rows that of the next methods. */
    void select(int row) {
        this.row = row;
        int last = (row + 1) * pieces - 1;
        maximum = maxima[last * LANES];
        sum = 0;
        double weight = 1;
        float of = maximum;
        for (int p = pieces - 1; p >= 0; p--) {
            float own = maxima[(last - pieces + 1 + p) * LANES];
            if (own != of) {
                // A piece of nothing but negative infinity weighs nothing.
                weight = own == Float.NEGATIVE_INFINITY ? 0 : Math.exp((double) own - maximum);
                of = own;
            }
            weights[p] = weight;
            sum += weight * Lanes.sum(lanes, (last - pieces + 1 + p) * LANES, LANES);
        }
    }

    /** The row's maximum, of which NaN is no part: negative infinity if there is none. */
    float maximum() {
        return maximum;
    }

    /** The sum of the row's exponentials: 0 if all is negative infinity, NaN if anything is NaN or infinity. */
    double sum() {
        return sum;
    }

    /** Writes the row's exponentials times a factor. */
    void write(double factor, float[] y, int yAt) {
        if (n < LANES) {
            for (int i = 0; i < n; i++) {
                y[yAt + i] = work[row * LANES + i] * (float) factor;
            }
        } else if (pieces == 1) {
            multiply((float) factor, work, row * padded, y, yAt, n);
        } else {
            int whole = SPECIES.loopBound(n);
            for (int p = 0; p < pieces; p++) {
                multiply((float) (factor * weights[p]), y, yAt + p * PIECE, y, yAt + p * PIECE,
                        Math.min(PIECE, whole - p * PIECE));
            }
            for (int i = whole; i < n; i++) {
                y[yAt + i] = work[PIECE + LANES - n + i] * (float) (factor * weights[pieces - 1]);
            }
        }
    }

    /**
     * The maximum of each piece of scale x, in every lane of a vector. Puts the last vector of each, if it isn't whole, into
     * the work area, where a piece's is step from the one's before.
     */
    private static void maxima(float scale, float[] x, int xAt, int stride, int count, int n, float[] maxima,
            int maximumAt, float[] work, int lastAt, int step) {
        int whole = SPECIES.loopBound(n);
        FloatVector end = FloatVector.fromArray(SPECIES, END, n - whole);
        for (int p = 0; p < count; p++) {
            int from = xAt + p * stride;
            FloatVector first = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
            FloatVector second = first;
            if (whole < n) {
                FloatVector last = FloatVector.fromArray(SPECIES, x, from + n - LANES).mul(scale).add(end);
                last.intoArray(work, lastAt + p * step);
                second = second.blend(last, last.compare(GT, second));
            }
            int i = 0;
            for (; i < whole - LANES; i += 2 * LANES) {
                FloatVector a = FloatVector.fromArray(SPECIES, x, from + i).mul(scale);
                FloatVector b = FloatVector.fromArray(SPECIES, x, from + LANES + i).mul(scale);
                first = first.blend(a, a.compare(GT, first));
                second = second.blend(b, b.compare(GT, second));
            }
            if (i < whole) {
                FloatVector a = FloatVector.fromArray(SPECIES, x, from + i).mul(scale);
                first = first.blend(a, a.compare(GT, first));
            }
            first = first.blend(second, second.compare(GT, first));
            second = first.rearrange(BY_8);
            first = first.blend(second, second.compare(GT, first));
            second = first.rearrange(BY_4);
            first = first.blend(second, second.compare(GT, first));
            second = first.rearrange(BY_2);
            first = first.blend(second, second.compare(GT, first));
            second = first.rearrange(BY_1);
            first.blend(second, second.compare(GT, first)).intoArray(maxima, maximumAt + p * LANES);
        }
    }

    /** y = factor work; y has n elements, the last vector of the work area those at the end of y. */
    private static void multiply(float factor, float[] work, int at, float[] y, int yAt, int n) {
        int whole = SPECIES.loopBound(n);
        if (whole < n) {
            FloatVector.fromArray(SPECIES, work, at + whole).mul(factor).intoArray(y, yAt + n - LANES);
        }
        for (int i = 0; i < whole; i += LANES) {
            FloatVector.fromArray(SPECIES, work, at + i).mul(factor).intoArray(y, yAt + i);
        }
    }
}
