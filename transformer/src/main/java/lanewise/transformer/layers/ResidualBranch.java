package lanewise.transformer.layers;

import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;

/**
 * The wiring around a {@link Sublayer} f: {@code y = r x + step drop(f(x))} with r = 1 or 0, and a normalisation before f,
 * after the sum, or nowhere. A Transformer is a sequence of these.
 */
public final class ResidualBranch {
    /** Where the normalisation stands. */
    public enum Placement {
        /** {@code y = r x + step f(norm(x))}. */
        BEFORE,
        /** {@code y = norm(r x + step f(x))}. */
        AFTER
    }

    /**
     * Switches.
     *
     * @param residual      whether x is added to the branch's result
     * @param step          multiplies the branch's result; 1 in a usual Transformer
     * @param normalization which normalisation, or none
     * @param placement     where it stands
     * @param shift         whether a layer norm has a shift
     * @param epsilon       of the normalisation
     * @param dropout       probability of dropping an element of the branch's result
     */
    public record Settings(boolean residual, double step, NormalizationKind normalization, Placement placement,
            boolean shift, double epsilon, double dropout) {
    }

    private final Elementwise elementwise;
    private final Settings settings;
    private final Sublayer sublayer;
    private final DropoutLayer dropout;
    private final NormalizationLayer before;
    private final NormalizationLayer after;
    private final RowBuffer sum;
    private final RowBuffer branch;
    private final RowBuffer dInput;
    private final RowBuffer dNormalizedInput;
    private Tensor output;

    /**
     * @param name       of the normalisation's parameters: {@code name.gain}, {@code name.shift}
     * @param inputWidth elements per token of x; with a residual also those of the sublayer's output
     * @param layer      names the dropout mask, with place
     * @param place      tells apart the branches of a layer
     */
    public ResidualBranch(LayerContext context, String name, int inputWidth, int layer, int place, Settings settings,
            Sublayer sublayer) {
        int outputWidth = sublayer.outputWidth();
        if (settings.residual && inputWidth != outputWidth) {
            throw new IllegalArgumentException("the residual around " + name + " adds " + inputWidth + " to "
                    + outputWidth + " elements per token; expected equal widths");
        }
        elementwise = context.kernels().elementwise();
        this.settings = settings;
        this.sublayer = sublayer;
        dropout = new DropoutLayer(context, settings.dropout, layer, place);
        boolean none = settings.normalization == NormalizationKind.NONE;
        boolean first = settings.placement == Placement.BEFORE;
        before = none || !first ? null : new NormalizationLayer(context, name, settings.normalization, inputWidth,
                settings.shift, settings.epsilon);
        after = none || first ? null : new NormalizationLayer(context, name, settings.normalization, outputWidth,
                settings.shift, settings.epsilon);
        sum = context.buffer(outputWidth);
        branch = context.shared("result of a branch", outputWidth);
        dInput = context.shared("gradient of a branch's input", inputWidth);
        dNormalizedInput = context.shared("gradient of a branch's normalised input", inputWidth);
    }

    /** Elements per token of the output. */
    public int outputWidth() {
        return sublayer.outputWidth();
    }

    /** y of the last forward pass. */
    public Tensor output() {
        return output;
    }

    /**
     * The output, in a buffer of this branch.
     *
     * @param x [rows, input width]; kept, not copied: it must not change before the backward pass
     */
    public Tensor forward(Tensor x, Pass pass) {
        Tensor input = before == null ? x : before.forward(x);
        Tensor y = sum.rows(x.rows());
        boolean direct = direct(pass);
        boolean plainSum = !direct && settings.residual && settings.step == 1;
        if (settings.residual && !plainSum) {
            elementwise.scaleAdd(1, x, 0, y);
        }
        if (direct) {
            sublayer.forward(input, settings.residual, y, pass);
        } else {
            Tensor result = branch.rows(x.rows());
            sublayer.forward(input, false, result, pass);
            if (dropout.active(pass)) {
                dropout.apply(pass, result, result);
            }
            if (plainSum) {
                elementwise.add(x, result, y);
            } else {
                elementwise.scaleAdd(settings.step, result, settings.residual ? 1 : 0, y);
            }
        }
        output = after == null ? y : after.forward(y);
        return output;
    }

    /**
     * Adds to the parameters' gradients, and gives that of x.
     *
     * @param dy            shape of y; overwritten
     * @param inputGradient whether the gradient of x is needed
     * @return the gradient of x, in dy or in a buffer that the next branch's backward pass may take; not to be used if
     *         not needed
     */
    public Tensor backward(Tensor dy, boolean inputGradient, Pass pass) {
        if (after != null) {
            after.backward(dy, false, dy);
        }
        Tensor dResult = direct(pass) ? dy : scaled(dy, pass);
        if (before == null && !inputGradient) {
            sublayer.backward(dResult, false, null, pass);
            return dy;
        }
        Tensor dx = settings.residual ? dy : dInput.rows(dy.rows());
        if (before == null) {
            sublayer.backward(dResult, settings.residual, dx, pass);
        } else {
            Tensor dNormalized = dNormalizedInput.rows(dy.rows());
            sublayer.backward(dResult, false, dNormalized, pass);
            before.backward(dNormalized, settings.residual, dx);
        }
        return dx;
    }

    /** Whether f may write its result, or add it, where the sum is wanted. */
    private boolean direct(Pass pass) {
        return settings.step == 1 && !dropout.active(pass);
    }

    private Tensor scaled(Tensor dy, Pass pass) {
        Tensor dResult = branch.rows(dy.rows());
        if (dropout.active(pass)) {
            dropout.apply(pass, dy, dResult);
            if (settings.step != 1) {
                elementwise.scaleAdd(settings.step, dResult, 0, dResult);
            }
        } else {
            elementwise.scaleAdd(settings.step, dy, 0, dResult);
        }
        return dResult;
    }
}
