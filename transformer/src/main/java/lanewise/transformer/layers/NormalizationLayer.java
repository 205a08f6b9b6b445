package lanewise.transformer.layers;

import lanewise.kernels.Normalization;
import lanewise.kernels.Tensor;

/** Layer norm or RMS norm of every row, with a trained gain and, for layer norm, an optional trained shift. */
public final class NormalizationLayer {
    private final Normalization normalization;
    private final double epsilon;
    private final Parameter gain;
    private final Parameter shift;
    private final RowBuffer output;
    private final RowBuffer mean;
    private final RowBuffer rstd;
    private Tensor input;

    /**
     * @param name  parameters are {@code name.gain}, which starts at 1, and {@code name.shift}, which starts at 0
     * @param kind  layer or RMS norm
     * @param shift whether a layer norm has a shift; an RMS norm has none
     */
    public NormalizationLayer(LayerContext context, String name, NormalizationKind kind, int width, boolean shift,
            double epsilon) {
        if (kind == NormalizationKind.NONE) {
            throw new IllegalArgumentException("kind is NONE; expected LAYER or RMS");
        }
        normalization = context.kernels().normalization();
        this.epsilon = epsilon;
        gain = context.constant(name + ".gain", 1, width);
        this.shift = shift && kind == NormalizationKind.LAYER ? context.constant(name + ".shift", 0, width) : null;
        output = context.buffer(width);
        mean = kind == NormalizationKind.LAYER ? context.numberPerRow() : null;
        rstd = context.numberPerRow();
    }

    /**
     * The normalised rows, in a buffer of this layer.
     *
     * @param x [rows, width]; kept, not copied: it must not change before the backward pass
     */
    public Tensor forward(Tensor x) {
        input = x;
        Tensor y = output.rows(x.rows());
        if (mean != null) {
            normalization.layerNorm(x, gain.working(), shift == null ? null : shift.working(), epsilon, y,
                    mean.rows(x.rows()), rstd.rows(x.rows()));
        } else {
            normalization.rmsNorm(x, gain.working(), epsilon, y, rstd.rows(x.rows()));
        }
        return y;
    }

    /**
     * Adds to the gradients of gain and shift, and gives that of x.
     *
     * @param accumulate whether dx is added to instead of overwritten
     * @param dx         shape of x; may be dy itself when not accumulating
     */
    public void backward(Tensor dy, boolean accumulate, Tensor dx) {
        if (mean != null) {
            normalization.layerNormBackward(input, gain.working(), mean.current(), rstd.current(), dy, accumulate, dx,
                    gain.gradient(), shift == null ? null : shift.gradient());
        } else {
            normalization.rmsNormBackward(input, gain.working(), rstd.current(), dy, accumulate, dx, gain.gradient());
        }
    }
}
