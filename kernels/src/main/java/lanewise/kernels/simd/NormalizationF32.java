package lanewise.kernels.simd;

import java.util.Arrays;
import lanewise.kernels.Normalization;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * Blocks of rows that fit the first cache. The gradients of gain and shift are first summed over chunks of rows, which
 * depend on nothing but the shape, and then over the chunks, in order. RMS norm is layer norm with a mean of 0.
 */
final class NormalizationF32 implements Normalization {
    private static final int LANES = Float32Math.SPECIES.length();
    /** Columns whose sum a lane takes in float before it goes on in double. */
    private static final int COLUMNS = 64 * LANES;
    /** Rows summed in float before the sum goes on in a sum of such sums. */
    private static final int ROWS = 64;
    /** Elements of a block. */
    private static final int BLOCK = 256 * LANES;

    private final Workers workers;

    NormalizationF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        forward(x, gain, shift, epsilon, y, mean, rstd);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor rstd) {
        forward(x, gain, null, epsilon, y, null, rstd);
    }

    @Override
    public void layerNormBackward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate,
            Tensor dx, Tensor dGain, Tensor dShift) {
        backward(x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
    }

    @Override
    public void rmsNormBackward(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain) {
        backward(x, gain, null, rstd, dy, accumulate, dx, dGain, null);
    }

    private void forward(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        Split.rows(workers, x.rows(), 4L * x.columns(), (from, to) -> {
            int block = block(x.columns());
            for (int first = from; first < to; first += block) {
                int rows = Math.min(block, to - first);
                forwardBlock(first, rows, x, gain, shift, epsilon, y, mean, rstd, workers.scratch());
            }
        });
    }

    private static int block(int columns) {
        return Math.max(1, Math.min(ROWS, BLOCK / Math.max(1, columns)));
    }

    private static void forwardBlock(int first, int rows, Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y,
            Tensor mean, Tensor rstd, Scratch scratch) {
        float[] xs = x.floats();
        int n = x.columns();
        int stride = x.rowStride();
        int xAt = x.offset() + first * stride;
        float[] centres = scratch.floats(0, ROWS);
        float[] lanes = scratch.floats(1, ROWS * LANES);
        float[] squareLanes = scratch.floats(2, ROWS * LANES);
        double[] sums = scratch.doubles(3, ROWS);
        double[] squares = scratch.doubles(4, ROWS);
        int whole = n / LANES * LANES;
        Arrays.fill(centres, 0, rows, 0);
        if (mean != null) {
            // Any number near the mean will do: what it is off by is found below.
            Arrays.fill(sums, 0, rows, 0);
            for (int column = 0; column < whole; column += COLUMNS) {
                NormalizationLoopsF32.sums(xs, xAt + column, stride, rows, Math.min(COLUMNS, whole - column), lanes);
                NormalizationLoopsF32.addLanes(lanes, rows, sums);
            }
            for (int r = 0; r < rows; r++) {
                for (int i = whole; i < n; i++) {
                    sums[r] += xs[xAt + r * stride + i];
                }
                centres[r] = (float) (sums[r] / n);
            }
        }
        Arrays.fill(sums, 0, rows, 0);
        Arrays.fill(squares, 0, rows, 0);
        for (int column = 0; column < whole; column += COLUMNS) {
            NormalizationLoopsF32.deviations(centres, xs, xAt + column, stride, rows, Math.min(COLUMNS, whole - column),
                    lanes, squareLanes);
            NormalizationLoopsF32.addLanes(lanes, rows, sums);
            NormalizationLoopsF32.addLanes(squareLanes, rows, squares);
        }
        for (int r = 0; r < rows; r++) {
            float centre = centres[r];
            for (int i = whole; i < n; i++) {
                double d = xs[xAt + r * stride + i] - centre;
                sums[r] += d;
                squares[r] += d * d;
            }
            double rest = mean == null ? 0 : sums[r] / n;
            double factor = 1 / Math.sqrt(Math.max(0, squares[r] / n - rest * rest) + epsilon);
            if (mean != null) {
                mean.floats()[mean.offset() + first + r] = (float) (centre + rest);
            }
            rstd.floats()[rstd.offset() + first + r] = (float) factor;
            int yAt = y.offset() + (first + r) * y.rowStride();
            if (shift == null) {
                NormalizationLoopsF32.scale(centre, (float) factor, (float) (-rest * factor), xs, xAt + r * stride,
                        gain.floats(), gain.offset(), y.floats(), yAt, n);
            } else {
                NormalizationLoopsF32.scaleAndShift(centre, (float) factor, (float) (-rest * factor), xs,
                        xAt + r * stride, gain.floats(), gain.offset(), shift.floats(), shift.offset(), y.floats(), yAt,
                        n);
            }
        }
    }

    private void backward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift) {
        int n = x.columns();
        int chunks = (x.rows() + ROWS - 1) / ROWS;
        float[] gains = workers.scratch().floats(5, chunks * n);
        float[] shifts = workers.scratch().floats(6, chunks * n);
        Split.rows(workers, chunks, 6L * ROWS * n, (from, to) -> {
            for (int chunk = from; chunk < to; chunk++) {
                int at = chunk * n;
                Arrays.fill(gains, at, at + n, 0);
                Arrays.fill(shifts, at, at + n, 0);
                int end = Math.min((chunk + 1) * ROWS, x.rows());
                // Half the block, for there are three arrays.
                int block = Math.max(4, block(2 * n) / 4 * 4);
                for (int first = chunk * ROWS; first < end; first += block) {
                    backwardBlock(first, Math.min(block, end - first), x, gain, mean, rstd, dy, accumulate, dx, gains,
                            shifts, at, workers.scratch());
                }
            }
        });
        Split.columns(workers, n, 2L * chunks, (from, to) -> {
            addChunks(gains, chunks, n, from, to, dGain);
            if (dShift != null) {
                addChunks(shifts, chunks, n, from, to, dShift);
            }
        });
    }

    /** Adds to some elements of the sum those of all chunks, one after the other. */
    private static void addChunks(float[] chunkSums, int chunks, int n, int from, int to, Tensor sum) {
        for (int chunk = 1; chunk < chunks; chunk++) {
            ElementwiseF32.add(chunkSums, from, chunkSums, chunk * n + from, chunkSums, from, to - from);
        }
        if (chunks > 0) {
            int at = sum.offset() + from;
            ElementwiseF32.add(chunkSums, from, sum.floats(), at, sum.floats(), at, to - from);
        }
    }

    private static void backwardBlock(int first, int rows, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy,
            boolean accumulate, Tensor dx, float[] gains, float[] shifts, int at, Scratch scratch) {
        int n = x.columns();
        int xAt = x.offset() + first * x.rowStride();
        int dyAt = dy.offset() + first * dy.rowStride();
        float[] centres = scratch.floats(0, ROWS);
        float[] factors = scratch.floats(3, ROWS);
        float[] lanes = scratch.floats(1, ROWS * LANES);
        float[] dotLanes = scratch.floats(2, ROWS * LANES);
        double[] sums = scratch.doubles(4, ROWS);
        double[] dots = scratch.doubles(7, ROWS);
        Arrays.fill(centres, 0, rows, 0);
        if (mean != null) {
            System.arraycopy(mean.floats(), mean.offset() + first, centres, 0, rows);
        }
        System.arraycopy(rstd.floats(), rstd.offset() + first, factors, 0, rows);
        Arrays.fill(sums, 0, rows, 0);
        Arrays.fill(dots, 0, rows, 0);
        int whole = n / LANES * LANES;
        for (int column = 0; column < whole; column += COLUMNS) {
            int length = Math.min(COLUMNS, whole - column);
            NormalizationLoopsF32.gradientSums(centres, factors, x.floats(), xAt + column, x.rowStride(), dy.floats(),
                    dyAt + column, dy.rowStride(), rows, length, gain.floats(), gain.offset() + column, gains, shifts,
                    at + column, lanes, dotLanes);
            NormalizationLoopsF32.addLanes(lanes, rows, sums);
            NormalizationLoopsF32.addLanes(dotLanes, rows, dots);
        }
        for (int r = 0; r < rows; r++) {
            for (int i = whole; i < n; i++) {
                float normal = (x.floats()[xAt + r * x.rowStride() + i] - centres[r]) * factors[r];
                float d = dy.floats()[dyAt + r * dy.rowStride() + i];
                gains[at + i] = Math.fma(normal, d, gains[at + i]);
                shifts[at + i] += d;
                d *= gain.floats()[gain.offset() + i];
                sums[r] += d;
                dots[r] += (double) d * normal;
            }
        }
        for (int r = 0; r < rows; r++) {
            double factor = factors[r];
            float constant = mean == null ? 0 : (float) (-factor * sums[r] / n);
            float slope = (float) (-factor * factor * dots[r] / n);
            int dxAt = dx.offset() + (first + r) * dx.rowStride();
            if (accumulate) {
                NormalizationLoopsF32.addGradient(centres[r], factors[r], constant, slope, x.floats(),
                        xAt + r * x.rowStride(), gain.floats(), gain.offset(), dy.floats(), dyAt + r * dy.rowStride(),
                        dx.floats(), dxAt, n);
            } else {
                NormalizationLoopsF32.gradient(centres[r], factors[r], constant, slope, x.floats(),
                        xAt + r * x.rowStride(), gain.floats(), gain.offset(), dy.floats(), dyAt + r * dy.rowStride(),
                        dx.floats(), dxAt, n);
            }
        }
    }
}
