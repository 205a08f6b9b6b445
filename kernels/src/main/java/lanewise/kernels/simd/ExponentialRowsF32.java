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
 * <p>A row is cut into pieces that fit the first cache, each with a maximum of its own: a piece is read from memory once.
 * The weights bring the pieces of a row to its maximum.
 *
 * <p>The last piece may end amid a vector. Its last vector is then read from the row's last elements, and those which the
 * one before has already are made negative infinity, whose exponential is 0: no pass needs a special end, except for
 * rows shorter than a vector, which are filled up.
 */
final class ExponentialRowsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Elements of a piece: a lane's sum is of 64 terms. */
    private static final int PIECE = 64 * LANES;
    private static final int BLOCK = 4 * PIECE;
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
        block = pieces == 1 ? BLOCK / padded : 1;
        work = scratch.floats(0, block * padded);
        maxima = scratch.floats(1, block * pieces * LANES);
        lanes = scratch.floats(2, block * pieces * LANES);
        weights = scratch.doubles(3, pieces);
    }

    /** Rows to be computed at once. */
    int block() {
        return block;
    }

    /** Computes the exponentials of scale x - maximum of each row, for at most {@link #block} rows that lie stride apart. */
    void compute(float scale, float[] x, int xAt, int stride, int rows) {
        if (n < LANES) {
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < n; i++) {
                    work[r * LANES + i] = x[xAt + r * stride + i] * scale;
                }
                Arrays.fill(work, r * LANES + n, (r + 1) * LANES, Float.NEGATIVE_INFINITY);
            }
            compute(1, work, 0, LANES, rows, LANES, 0);
        } else if (pieces == 1) {
            compute(scale, x, xAt, stride, rows, n, 0);
        } else {
            int whole = n / PIECE;
            for (int p = 0; p < whole; p += BLOCK / PIECE) {
                compute(scale, x, xAt + p * PIECE, PIECE, Math.min(BLOCK / PIECE, whole - p), PIECE, p);
            }
            if (whole < pieces) {
                compute(scale, x, xAt + whole * PIECE, 0, 1, n - whole * PIECE, whole);
            }
        }
    }

    /** Computes some pieces of one length. */
    private void compute(float scale, float[] x, int xAt, int stride, int count, int length, int piece) {
        int at = piece * PIECE;
        int vectors = piece * LANES;
        int whole = SPECIES.loopBound(length);
        int step = whole < length ? whole + LANES : whole;
        Arrays.fill(lanes, vectors, vectors + count * LANES, 0);
        maxima(scale, x, xAt, stride, count, length, maxima, vectors, work, at);
        Float32Exponentials.compute(scale, x, xAt, stride, count, whole, maxima, lanes, vectors, work, at, step);
        if (whole < length) {
            Float32Exponentials.compute(1, work, at + whole, step, count, LANES, maxima, lanes, vectors, work, at + whole,
                    step);
        }
    }

    /** Makes one of the computed rows that of the next methods. */
    void select(int row) {
        this.row = row;
        maximum = Float.NEGATIVE_INFINITY;
        for (int p = row * pieces; p < (row + 1) * pieces; p++) {
            if (maxima[p * LANES] > maximum) {
                maximum = maxima[p * LANES];
            }
        }
        sum = 0;
        for (int p = 0; p < pieces; p++) {
            float own = maxima[(row * pieces + p) * LANES];
            // A piece of nothing but negative infinity weighs nothing.
            weights[p] = own == maximum ? 1 : own == Float.NEGATIVE_INFINITY ? 0 : Math.exp((double) own - maximum);
            sum += weights[p] * Lanes.sum(lanes, (row * pieces + p) * LANES, LANES);
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
            return;
        }
        // Downwards, since the last vector may reach back into the piece before.
        for (int p = pieces - 1; p >= 0; p--) {
            multiply((float) (factor * weights[p]), work, row * padded + p * PIECE, y, yAt + p * PIECE,
                    Math.min(PIECE, n - p * PIECE));
        }
    }

    /**
     * The maximum of each piece of scale x, in every lane of a vector. Puts the last vector of each, if it isn't whole, into
     * the work area.
     */
    private static void maxima(float scale, float[] x, int xAt, int stride, int count, int n, float[] maxima,
            int maximumAt, float[] work, int at) {
        int whole = SPECIES.loopBound(n);
        int step = whole < n ? whole + LANES : whole;
        FloatVector end = FloatVector.fromArray(SPECIES, END, n - whole);
        for (int p = 0; p < count; p++) {
            int from = xAt + p * stride;
            FloatVector first = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
            FloatVector second = first;
            if (whole < n) {
                FloatVector last = FloatVector.fromArray(SPECIES, x, from + n - LANES).mul(scale).add(end);
                last.intoArray(work, at + p * step + whole);
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
