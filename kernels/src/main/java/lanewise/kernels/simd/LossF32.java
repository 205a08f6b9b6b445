package lanewise.kernels.simd;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Loss;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Row by row; the gradient is written over the exponentials while the row is in the cache. */
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
        Split.rows(workers, logits.rows(), 6L * logits.columns(), (from, to) -> {
            for (int r = from; r < to; r++) {
                float loss = targets[r] == ignoredIndex ? ignored(r, dLogits)
                        : crossEntropy(logits, r, targets[r], gradientScale, dLogits);
                losses.floats()[losses.offset() + r] = loss;
            }
        });
    }

    private static float ignored(int row, Tensor dLogits) {
        if (dLogits != null) {
            int at = dLogits.offset() + row * dLogits.rowStride();
            Arrays.fill(dLogits.floats(), at, at + dLogits.columns(), 0);
        }
        return 0;
    }

    private float crossEntropy(Tensor logits, int row, int target, double gradientScale, Tensor dLogits) {
        int n = logits.columns();
        int padded = ExponentialRowF32.padded(n);
        int dAt = dLogits == null ? 0 : dLogits.offset() + row * dLogits.rowStride();
        boolean inPlace = dLogits != null && padded == n;
        float[] lanes = workers.scratch().floats(0, LANES);
        float[] work = inPlace ? dLogits.floats() : workers.scratch().floats(1, padded);
        int at = inPlace ? dAt : 0;
        float maximum = SoftmaxF32.finite(ExponentialRowF32.scaleAndMaximum(1, logits.floats(),
                logits.offset() + row * logits.rowStride(), work, at, n));
        double distance = (double) maximum - work[at + target];
        double sum = ExponentialRowF32.exponentialsAndSum(maximum, work, at, n, lanes);
        if (dLogits != null) {
            ExponentialRowF32.multiply((float) (gradientScale / sum), work, at, n);
            work[at + target] -= (float) gradientScale;
            if (!inPlace) {
                System.arraycopy(work, 0, dLogits.floats(), dAt, n);
            }
        }
        return (float) (distance + Math.log(sum));
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
