package lanewise.kernels.scalar;

import lanewise.kernels.Loss;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Row by row. */
final class LossF32 implements Loss {
    private final Workers workers;

    LossF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses,
            Tensor dLogits) {
        float[] from = logits.floats();
        int classes = logits.columns();
        Split.rows(workers, logits.rows(), 16L * classes, (first, end) -> {
            for (int r = first; r < end; r++) {
                int at = logits.offset() + r * logits.rowStride();
                boolean ignored = targets[r] == ignoredIndex;
                double maximum = SoftmaxF32.maximum(1, from, at, classes);
                double sum = SoftmaxF32.sumOfExponentials(1, from, at, classes, maximum);
                double loss = ignored ? 0 : maximum - from[at + targets[r]] + Math.log(sum);
                losses.floats()[losses.offset() + r] = (float) loss;
                if (dLogits == null) {
                    continue;
                }
                float[] gradient = dLogits.floats();
                int gradientAt = dLogits.offset() + r * dLogits.rowStride();
                for (int j = 0; j < classes; j++) {
                    double probability = Math.exp(from[at + j] - maximum) / sum;
                    double difference = j == targets[r] ? probability - 1 : probability;
                    gradient[gradientAt + j] = (float) (ignored ? 0 : gradientScale * difference);
                }
            }
        });
    }

    @Override
    public void squaredError(Tensor y, Tensor target, double gradientScale, Tensor losses, Tensor dY) {
        float[] yArray = y.floats();
        float[] targetArray = target.floats();
        Split.rows(workers, y.rows(), y.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int yAt = y.offset() + r * y.rowStride();
                int targetAt = target.offset() + r * target.rowStride();
                double sum = 0;
                for (int j = 0; j < y.columns(); j++) {
                    double difference = (double) yArray[yAt + j] - targetArray[targetAt + j];
                    sum += difference * difference;
                    if (dY != null) {
                        dY.floats()[dY.offset() + r * dY.rowStride() + j] = (float) (gradientScale * 2 * difference);
                    }
                }
                losses.floats()[losses.offset() + r] = (float) sum;
            }
        });
    }
}
