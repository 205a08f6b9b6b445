package lanewise.transformer.models;

import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.LayerContext;
import lanewise.transformer.layers.Pooling;
import lanewise.transformer.layers.RowBuffer;

/** The loss of an {@link Encoder}'s output. Padding does not count. */
final class EncoderLoss {
    private final Kernels kernels;
    private final LossKind kind;
    private final boolean pooled;
    private final RowBuffer losses;
    private final RowBuffer gradient;

    EncoderLoss(LayerContext context, EncoderConfig config) {
        kernels = context.kernels();
        kind = config.loss();
        pooled = config.pooling() != Pooling.NONE;
        losses = context.numberPerRow();
        gradient = context.buffer(config.outputs());
    }

    /** The gradient that {@link #lossAndGradient} wrote last. */
    Tensor gradient() {
        return gradient.current();
    }

    /** The loss; its gradient, times a scale, is then in {@link #gradient}. */
    double lossAndGradient(ExampleBatch batch, Tensor output, double gradientScale) {
        double factor = kind.sumFactor(counted(batch, output));
        return factor * sum(batch, output, gradientScale * factor, gradient.rows(output.rows()));
    }

    Evaluation evaluate(ExampleBatch batch, Tensor output) {
        int counted = counted(batch, output);
        double sum = sum(batch, output, 0, null);
        int correct = kind == LossKind.CROSS_ENTROPY
                ? Classes.correct(output, batch.classes(), ExampleBatch.IGNORED) : 0;
        return new Evaluation(sum, counted, correct);
    }

    /** The sum over counted rows, and its gradient. */
    private double sum(ExampleBatch batch, Tensor output, double gradientScale, Tensor dOutput) {
        Tensor perRow = losses.rows(output.rows());
        double rowFactor = kind.rowFactor(output.columns());
        if (kind == LossKind.CROSS_ENTROPY) {
            kernels.loss().crossEntropy(output, batch.classes(), ExampleBatch.IGNORED, gradientScale, perRow, dOutput);
        } else {
            kernels.loss().squaredError(output, batch.targets(), gradientScale * rowFactor, perRow, dOutput);
            if (!pooled && batch.validLengths() != null) {
                clearPadding(batch, perRow, dOutput);
            }
        }
        return rowFactor * kernels.reduction().sum(perRow);
    }

    private static void clearPadding(ExampleBatch batch, Tensor perRow, Tensor dOutput) {
        for (int b = 0; b < batch.batch(); b++) {
            int from = b * batch.length() + batch.validLengths()[b];
            int to = (b + 1) * batch.length();
            perRow.columnRange(from, to).fill(0);
            if (dOutput != null) {
                dOutput.rowRange(from, to).fill(0);
            }
        }
    }

    private int counted(ExampleBatch batch, Tensor output) {
        boolean classes = kind == LossKind.CROSS_ENTROPY;
        if (classes ? batch.classes() == null : batch.targets() == null) {
            throw new IllegalArgumentException("batch has no " + (classes ? "classes" : "targets") + "; the loss is "
                    + kind);
        }
        int given = classes ? batch.classes().length : batch.targets().rows();
        if (given != output.rows()) {
            throw new IllegalArgumentException((classes ? "classes" : "targets") + " has " + given
                    + " rows; expected one for each " + (pooled ? "sequence" : "token") + ", " + output.rows());
        }
        if (classes) {
            checkPadding(batch);
            return Classes.counted(batch.classes(), ExampleBatch.IGNORED);
        }
        if (pooled || batch.validLengths() == null) {
            return output.rows();
        }
        int sum = 0;
        for (int valid : batch.validLengths()) {
            sum += valid;
        }
        return sum;
    }

    private void checkPadding(ExampleBatch batch) {
        if (pooled || batch.validLengths() == null) {
            return;
        }
        for (int r = 0; r < batch.classes().length; r++) {
            if (r % batch.length() >= batch.validLengths()[r / batch.length()]
                    && batch.classes()[r] != ExampleBatch.IGNORED) {
                throw new IllegalArgumentException("classes[" + r + "] is " + batch.classes()[r]
                        + " for padding; expected " + ExampleBatch.IGNORED);
            }
        }
    }
}
