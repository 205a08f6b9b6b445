package lanewise.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Loss;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Cross-entropy in the passes of {@link ExponentialRowsF32}; the gradient is made while the exponentials are in the cache. */
final class LossF32 implements Loss {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private final Workers workers;

    LossF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses,
            Tensor dLogits) {
        Split.rows(workers, logits.rows(), 6L * logits.columns(), (from, to) ->
                crossEntropy(logits, targets, ignoredIndex, gradientScale, losses, dLogits, from, to));
    }

    private void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses,
            Tensor dLogits, int from, int to) {
        int n = logits.columns();
        ExponentialRowsF32 exponentials = new ExponentialRowsF32(n, workers.scratch());
        for (int first = from; first < to; first += exponentials.block()) {
            int rows = Math.min(exponentials.block(), to - first);
            // The targets' logits first: dLogits may be the logits.
            for (int r = first; r < first + rows; r++) {
                losses.floats()[losses.offset() + r] = targets[r] == ignoredIndex ? 0
                        : logits.floats()[logits.offset() + r * logits.rowStride() + targets[r]];
            }
            if (rows > 1 || targets[first] != ignoredIndex) {
                exponentials.compute(1, logits.floats(), logits.offset() + first * logits.rowStride(),
                        logits.rowStride(), rows, dLogits == null ? null : dLogits.floats(),
                        dLogits == null ? 0 : dLogits.offset() + first * dLogits.rowStride());
            }
            for (int r = first; r < first + rows; r++) {
                int target = targets[r];
                if (target != ignoredIndex) {
                    exponentials.select(r - first);
                    double distance = (double) exponentials.maximum() - losses.floats()[losses.offset() + r];
                    losses.floats()[losses.offset() + r] = (float) (distance + Math.log(exponentials.sum()));
                }
                if (dLogits != null) {
                    int dAt = dLogits.offset() + r * dLogits.rowStride();
                    if (target == ignoredIndex) {
                        Arrays.fill(dLogits.floats(), dAt, dAt + n, 0);
                    } else {
                        exponentials.write(gradientScale / exponentials.sum(), dLogits.floats(), dAt);
                        dLogits.floats()[dAt + target] -= (float) gradientScale;
                    }
                }
            }
        }
    }

    @Override
    public void squaredError(Tensor y, Tensor target, double gradientScale, Tensor losses, Tensor dY) {
        Split.rows(workers, y.rows(), 2L * y.columns(), (from, to) -> {
            float[] lanes = workers.scratch().floats(0, LANES);
            for (int r = from; r < to; r++) {
                int yAt = y.offset() + r * y.rowStride();
                int targetAt = target.offset() + r * target.rowStride();
                double sum = RowSumsF32.squaredDistance(y.floats(), yAt, target.floats(), targetAt, y.columns(), lanes);
                losses.floats()[losses.offset() + r] = (float) sum;
                if (dY != null) {
                    scaledDifference((float) (2 * gradientScale), y.floats(), yAt, target.floats(), targetAt,
                            dY.floats(), dY.offset() + r * dY.rowStride(), y.columns());
                }
            }
        });
    }

    private static void scaledDifference(float scale, float[] x, int xAt, float[] y, int yAt, float[] z, int zAt,
            int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(FloatVector.fromArray(SPECIES, y, yAt + i)).mul(scale)
                    .intoArray(z, zAt + i);
        }
        for (; i < n; i++) {
            z[zAt + i] = (x[xAt + i] - y[yAt + i]) * scale;
        }
    }
}
