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
    /** What the sum over {@link #losses} is multiplied with, first by the one and then by the other. */
    private double rowFactor;
    private double factor;

    EncoderLoss(LayerContext context, EncoderConfig config) {
        kernels = context.kernels();
        kind = config.loss();
        pooled = config.pooling() != Pooling.NONE;
        losses = context.numberPerRow();
        gradient = context.buffer(config.outputs());
    }

    /** The gradient that {@link #differentiate} wrote last. */
    Tensor gradient() {
        return gradient.current();
    }

    /** The loss is then to be had from {@link #value}, and its gradient, times a scale, from {@link #gradient}. */
    void differentiate(ExampleBatch batch, Tensor output, double gradientScale) {
        factor = kind.sumFactor(counted(batch, output));
        rows(batch, output, gradientScale * factor, gradient.rows(output.rows()));
    }

    /** The loss of the last {@link #differentiate}. Waits for a device. */
    double value() {
        return factor * sum();
    }

    Evaluation evaluate(ExampleBatch batch, Tensor output) {
        int counted = counted(batch, output);
        rows(batch, output, 0, null);
        double sum = sum();
        int correct = kind == LossKind.CROSS_ENTROPY
                ? Classes.correct(output, batch.classes(), ExampleBatch.IGNORED) : 0;
        return new Evaluation(sum, counted, correct);
    }

    /** The sum over counted rows. */
    private double sum() {
        return rowFactor * kernels.reduction().sum(losses.current());
    }

    /** The losses of rows, and the gradient of their sum. */
    private void rows(ExampleBatch batch, Tensor output, double gradientScale, Tensor dOutput) {
        Tensor perRow = losses.rows(output.rows());
        rowFactor = kind.rowFactor(output.columns());
        if (kind == LossKind.CROSS_ENTROPY) {
            kernels.loss().crossEntropy(output, batch.classes(), ExampleBatch.IGNORED, gradientScale, perRow, dOutput);
        } else {
            kernels.loss().squaredError(output, batch.targets(), gradientScale * rowFactor, perRow, dOutput);
            if (!pooled && batch.validLengths() != null) {
                clearPadding(batch, perRow, dOutput);
            }
        }
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
