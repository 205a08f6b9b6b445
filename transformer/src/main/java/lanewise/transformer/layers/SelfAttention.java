package lanewise.transformer.layers;

import java.util.Arrays;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Multi-head self-attention: {@code f(x) = softmax(scale Q K^T) V}, head by head, with Q = x W_Q, K = x W_K, V = x W_V and
 * the heads side by side, then times W_O unless there is no output projection.
 *
 * <p>The attention probabilities are never stored, so there is no dropout on them; {@link ResidualBranch} has dropout on
 * the output.
 */
public final class SelfAttention implements Sublayer {
    /**
     * Sizes and switches.
     *
     * @param inputWidth  elements per token
     * @param heads       query heads
     * @param keyHeads    key and value heads; divides heads
     * @param headWidth   elements of a head's query, key and value
     * @param scale       multiplies the scores before the softmax
     * @param causal      whether a token sees only itself and those before it
     * @param rotaryBase  base of rotary positions; 0 for none
     * @param fused       whether W_Q, W_K and W_V are one parameter {@code qkv} with their columns side by side, which is
     *                    faster; otherwise {@code query}, {@code key} and {@code value}, which can be told apart
     * @param bias        whether the linear layers have a bias
     * @param outputWidth elements per token of the output projection; 0 for none: the output is the heads side by side
     */
    public record Settings(int inputWidth, int heads, int keyHeads, int headWidth, double scale, boolean causal,
            double rotaryBase, boolean fused, boolean bias, int outputWidth) {
    }

    private static final int QUERY = 0;
    private static final int KEY = 1;
    private static final int VALUE = 2;

    private final Kernels kernels;
    private final Settings settings;
    private final int layer;
    /** One that writes all three parts, or one for each. */
    private final Linear[] projections;
    private final Linear outputProjection;
    private final RowBuffer projected;
    private final RowBuffer dProjected;
    private final RowBuffer attended;
    private final RowBuffer dAttended;
    private final RowBuffer logSumExpMemory;
    private Tensor logSumExp;
    private AttentionShape shape;

    /**
     * @param name  prefix of the parameters' names
     * @param layer its index in a {@link KeyValueCache}
     */
    public SelfAttention(LayerContext context, String name, int layer, Settings settings,
            Initialization initialization) {
        kernels = context.kernels();
        this.settings = settings;
        this.layer = layer;
        int queryWidth = settings.heads * settings.headWidth;
        int keyWidth = settings.keyHeads * settings.headWidth;
        int inputs = settings.inputWidth;
        if (settings.fused) {
            projections = new Linear[] {new Linear(context, name + ".qkv", inputs, queryWidth + 2 * keyWidth,
                    settings.bias, initialization)};
        } else {
            projections = new Linear[] {
                new Linear(context, name + ".query", inputs, queryWidth, settings.bias, initialization),
                new Linear(context, name + ".key", inputs, keyWidth, settings.bias, initialization),
                new Linear(context, name + ".value", inputs, keyWidth, settings.bias, initialization)};
        }
        outputProjection = settings.outputWidth == 0 ? null
                : new Linear(context, name + ".output", queryWidth, settings.outputWidth, settings.bias,
                        initialization.ofResidualProjection());
        projected = context.buffer(queryWidth, keyWidth, keyWidth);
        dProjected = context.shared("gradient of queries, keys and values", queryWidth, keyWidth, keyWidth);
        attended = context.buffer(queryWidth);
        dAttended = context.shared("gradient of attended values", queryWidth);
        logSumExpMemory = context.numberPerRow();
    }

    /** Its sizes and switches. */
    public Settings settings() {
        return settings;
    }

    /** Softmax-weighted values of the last forward pass, before the output projection: [rows, heads headWidth]. */
    public Tensor attended() {
        return attended.current();
    }

    /** Queries of the last forward pass, rotated if there are rotary positions: [rows, heads headWidth]. */
    public Tensor queries() {
        return projected.part(QUERY);
    }

    /** Keys of the last forward pass, like {@link #queries}: [rows, keyHeads headWidth]. */
    public Tensor keys() {
        return projected.part(KEY);
    }

    /** Values of the last forward pass: [rows, keyHeads headWidth]. */
    public Tensor values() {
        return projected.part(VALUE);
    }

    @Override
    public int outputWidth() {
        return outputProjection == null ? settings.heads * settings.headWidth : settings.outputWidth;
    }

    @Override
    public void forward(Tensor x, boolean accumulate, Tensor y, Pass pass) {
        Tensor all = projected.rows(x.rows());
        for (int i = 0; i < projections.length; i++) {
            projections[i].forward(x, false, projections.length == 1 ? all : projected.part(i));
        }
        rotate(projected, pass, false);
        Tensor keys = projected.part(KEY);
        Tensor values = projected.part(VALUE);
        int keyLength = pass.length();
        if (pass.cache() != null) {
            keyLength += pass.cache().length();
            pass.cache().append(layer, keys, values);
            keys = pass.cache().keys(layer, keyLength);
            values = pass.cache().values(layer, keyLength);
        }
        plan(pass, keyLength);
        Tensor result = attended.rows(x.rows());
        kernels.attention().forward(shape, projected.part(QUERY), keys, values, result,
                pass.training() ? logSumExp : null);
        if (outputProjection != null) {
            outputProjection.forward(result, accumulate, y);
        } else {
            kernels.elementwise().scaleAdd(1, result, accumulate ? 1 : 0, y);
        }
    }

    @Override
    public void backward(Tensor dy, boolean accumulate, Tensor dx, Pass pass) {
        Tensor dResult = dy;
        if (outputProjection != null) {
            dResult = dAttended.rows(dy.rows());
            outputProjection.backward(dy, false, dResult);
        }
        Tensor dAll = dProjected.rows(dy.rows());
        kernels.attention().backward(shape, projected.part(QUERY), projected.part(KEY), projected.part(VALUE),
                attended.current(), logSumExp, dResult, dProjected.part(QUERY), dProjected.part(KEY),
                dProjected.part(VALUE));
        rotate(dProjected, pass, true);
        for (int i = 0; i < projections.length; i++) {
            projections[i].backward(projections.length == 1 ? dAll : dProjected.part(i), accumulate || i > 0, dx);
        }
    }

    private void rotate(RowBuffer buffer, Pass pass, boolean inverse) {
        if (settings.rotaryBase > 0) {
            for (int part = QUERY; part <= KEY; part++) {
                kernels.embedding().rotary(settings.headWidth, pass.length(), pass.firstPosition(),
                        settings.rotaryBase, inverse, buffer.part(part), buffer.part(part));
            }
        }
    }

    private void plan(Pass pass, int keyLength) {
        if (shape == null || shape.batch() != pass.batch() || shape.queryLength() != pass.length()
                || shape.keyLength() != keyLength || !Arrays.equals(shape.keyLengths(), pass.validLengths())) {
            shape = new AttentionShape(pass.batch(), settings.heads, settings.keyHeads, pass.length(), keyLength,
                    settings.headWidth, settings.scale, settings.causal, pass.validLengths());
            int sequences = pass.batch() * settings.heads;
            logSumExp = logSumExpMemory.rows(sequences * pass.length()).reshape(sequences, pass.length());
        }
    }
}
