package lanewise.kernels.simd;

import java.util.Arrays;
import lanewise.kernels.Normalization;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * Row by row; the gradients of gain and shift column by column, so that each is summed by one thread in the order of the
 * rows. RMS norm is layer norm with a mean of 0.
 */
final class NormalizationF32 implements Normalization {
    private static final int LANES = Float32Math.SPECIES.length();
    /** Rows summed in float before the sum goes on in a sum of such sums. */
    private static final int ROWS = 64;

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
            float[] lanes = workers.scratch().floats(0, LANES);
            double[] doubleLanes = workers.scratch().doubles(0, LANES);
            for (int r = from; r < to; r++) {
                forwardRow(r, x, gain, shift, epsilon, y, mean, rstd, lanes, doubleLanes);
            }
        });
    }

    private static void forwardRow(int r, Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean,
            Tensor rstd, float[] lanes, double[] doubleLanes) {
        float[] xs = x.floats();
        int xAt = x.offset() + r * x.rowStride();
        int yAt = y.offset() + r * y.rowStride();
        int n = x.columns();
        double exactMean = mean == null ? 0 : DoubleSums.sum(xs, xAt, n, doubleLanes) / n;
        float centre = (float) exactMean;
        // What rounding the mean took away counts where the mean is large and the deviations are small.
        double rest = exactMean - centre;
        double variance = RowSumsF32.squaredDeviation(centre, xs, xAt, n, lanes) / n - rest * rest;
        double factor = 1 / Math.sqrt(variance + epsilon);
        if (mean != null) {
            mean.floats()[mean.offset() + r] = centre;
        }
        rstd.floats()[rstd.offset() + r] = (float) factor;
        if (shift == null) {
            NormalizationLoopsF32.scale(centre, (float) factor, (float) (-rest * factor), xs, xAt, gain.floats(),
                    gain.offset(), y.floats(), yAt, n);
        } else {
            NormalizationLoopsF32.scaleAndShift(centre, (float) factor, (float) (-rest * factor), xs, xAt,
                    gain.floats(), gain.offset(), shift.floats(), shift.offset(), y.floats(), yAt, n);
        }
    }

    private void backward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift) {
        // The columns first: dx may be dy.
        Split.columns(workers, x.columns(), 2L * x.rows(), (from, to) -> {
            Scratch scratch = workers.scratch();
            columnGradients(from, to - from, x, mean, rstd, dy, dGain, dShift, scratch);
        });
        Split.rows(workers, x.rows(), 4L * x.columns(), (from, to) -> {
            float[] lanes = workers.scratch().floats(0, LANES);
            for (int r = from; r < to; r++) {
                backwardRow(r, x, gain, mean, rstd, dy, accumulate, dx, lanes);
            }
        });
    }

    private static void columnGradients(int column, int n, Tensor x, Tensor mean, Tensor rstd, Tensor dy,
            Tensor dGain, Tensor dShift, Scratch scratch) {
        float[] gains = scratch.floats(1, n);
        float[] shifts = scratch.floats(2, n);
        float[] gainSums = scratch.floats(3, n);
        float[] shiftSums = scratch.floats(4, n);
        Arrays.fill(gainSums, 0, n, 0);
        Arrays.fill(shiftSums, 0, n, 0);
        for (int chunk = 0; chunk < x.rows(); chunk += ROWS) {
            Arrays.fill(gains, 0, n, 0);
            Arrays.fill(shifts, 0, n, 0);
            for (int r = chunk; r < Math.min(chunk + ROWS, x.rows()); r++) {
                float centre = mean == null ? 0 : mean.floats()[mean.offset() + r];
                NormalizationLoopsF32.addColumnGradients(centre, rstd.floats()[rstd.offset() + r], x.floats(),
                        x.offset() + r * x.rowStride() + column, dy.floats(), dy.offset() + r * dy.rowStride() + column,
                        gains, shifts, n);
            }
            ElementwiseF32.add(gains, 0, gainSums, 0, gainSums, 0, n);
            ElementwiseF32.add(shifts, 0, shiftSums, 0, shiftSums, 0, n);
        }
        int gainAt = dGain.offset() + column;
        ElementwiseF32.add(gainSums, 0, dGain.floats(), gainAt, dGain.floats(), gainAt, n);
        if (dShift != null) {
            int shiftAt = dShift.offset() + column;
            ElementwiseF32.add(shiftSums, 0, dShift.floats(), shiftAt, dShift.floats(), shiftAt, n);
        }
    }

    private static void backwardRow(int r, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy,
            boolean accumulate, Tensor dx, float[] lanes) {
        int n = x.columns();
        int xAt = x.offset() + r * x.rowStride();
        int dyAt = dy.offset() + r * dy.rowStride();
        int dxAt = dx.offset() + r * dx.rowStride();
        float centre = mean == null ? 0 : mean.floats()[mean.offset() + r];
        double factor = rstd.floats()[rstd.offset() + r];
        double sum = mean == null ? 0 : RowSumsF32.dot(dy.floats(), dyAt, gain.floats(), gain.offset(), n, lanes);
        double dot = factor * RowSumsF32.centredDot(dy.floats(), dyAt, gain.floats(), gain.offset(), centre,
                x.floats(), xAt, n, lanes);
        float constant = (float) (-factor * sum / n);
        float slope = (float) (-factor * factor * dot / n);
        if (accumulate) {
            NormalizationLoopsF32.addGradient(centre, (float) factor, constant, slope, x.floats(), xAt, gain.floats(),
                    gain.offset(), dy.floats(), dyAt, dx.floats(), dxAt, n);
        } else {
            NormalizationLoopsF32.gradient(centre, (float) factor, constant, slope, x.floats(), xAt, gain.floats(),
                    gain.offset(), dy.floats(), dyAt, dx.floats(), dxAt, n);
        }
    }
}
