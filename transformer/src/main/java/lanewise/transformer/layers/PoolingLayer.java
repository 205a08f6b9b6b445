package lanewise.transformer.layers;

import lanewise.kernels.Reduction;
import lanewise.kernels.Tensor;

/** Mean or sum over the valid rows of each sequence. */
public final class PoolingLayer {
    private final Reduction reduction;
    private final boolean mean;
    private final RowBuffer output;
    private final RowBuffer dInput;

    /** @param kind mean or sum */
    public PoolingLayer(LayerContext context, Pooling kind, int width) {
        if (kind == Pooling.NONE) {
            throw new IllegalArgumentException("kind is NONE; expected MEAN or SUM");
        }
        reduction = context.kernels().reduction();
        mean = kind == Pooling.MEAN;
        output = context.buffer(width);
        dInput = context.shared("gradient of pooled rows", width);
    }

    /** One row per sequence, in a buffer of this layer. */
    public Tensor forward(Tensor x, Pass pass) {
        Tensor y = output.rows(pass.batch());
        if (pass.validLengths() == null) {
            reduction.pool(pass.length(), scale(pass.length()), x, y);
            return y;
        }
        for (int b = 0; b < pass.batch(); b++) {
            int valid = pass.validLengths()[b];
            int from = b * pass.length();
            reduction.pool(valid, scale(valid), x.rowRange(from, from + valid), y.rowRange(b, b + 1));
        }
        return y;
    }

    /** The gradient of x, in a buffer that the backward pass of the layers below may overwrite; 0 for padding. */
    public Tensor backward(Tensor dy, Pass pass) {
        Tensor dx = dInput.rows(pass.rows());
        if (pass.validLengths() == null) {
            reduction.poolBackward(pass.length(), scale(pass.length()), dy, dx);
            return dx;
        }
        dx.fill(0);
        for (int b = 0; b < pass.batch(); b++) {
            int valid = pass.validLengths()[b];
            int from = b * pass.length();
            reduction.poolBackward(valid, scale(valid), dy.rowRange(b, b + 1), dx.rowRange(from, from + valid));
        }
        return dx;
    }

    private double scale(int rows) {
        return mean ? 1.0 / rows : 1;
    }
}
