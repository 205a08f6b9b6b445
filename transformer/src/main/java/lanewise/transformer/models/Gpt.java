package lanewise.transformer.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.DropoutLayer;
import lanewise.transformer.layers.FeedForward;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.KeyValueCache;
import lanewise.transformer.layers.LayerContext;
import lanewise.transformer.layers.NormalizationKind;
import lanewise.transformer.layers.NormalizationLayer;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.layers.Pass;
import lanewise.transformer.layers.PositionEmbedding;
import lanewise.transformer.layers.ResidualBranch;
import lanewise.transformer.layers.SelfAttention;
import lanewise.transformer.layers.TokenEmbedding;

/**
 * A GPT (Radford et al. 2019; sizes and defaults after nanoGPT): token embedding, plus learned positions or rotary ones in
 * the attention; blocks of causal self-attention and feed-forward, each with layer norm before and a residual around; a
 * last layer norm; and the embedding's table again as the output layer.
 *
 * <p>Dropout stands after the embedding, the attention and the feed-forward part. The attention probabilities are never
 * stored, so unlike GPT-2 there is no dropout on them.
 *
 * <p>Weights start as GPT-2's: normal with deviation 0.02, or 0.02 / sqrt(2 layers) where a matrix writes into the residual
 * stream; biases and shifts at 0, gains at 1.
 *
 * <p>One instance serves one thread at a time: its activations are kept from pass to pass.
 */
public final class Gpt implements Model<TokenBatch>, Layered {
    private static final double ROTARY_BASE = 10000;

    private final GptConfig config;
    private final LayerContext context;
    private final TokenEmbedding embedding;
    private final PositionEmbedding positions;
    private final DropoutLayer dropout;
    private final List<SelfAttention> attentions = new ArrayList<>();
    /** Of each layer two: around the attention and around the feed-forward part. */
    private final List<ResidualBranch> branches = new ArrayList<>();
    private final NormalizationLayer lastNorm;
    private final TiedHead head;
    private final List<Parameter> parameters;
    /** Positions of the last training pass that count. */
    private int counted;

    /**
     * A GPT with fresh weights.
     *
     * @param kernels what it computes with; stays the caller's to close
     * @param type    of its weights and activations
     * @param seed    of the fresh weights, which depend on it and the configuration alone, up to rounding to the type
     */
    public Gpt(GptConfig config, Kernels kernels, ElementType type, long seed) {
        this.config = config;
        context = new LayerContext(kernels, type, seed);
        Initialization initialization = Initialization.gpt2(config.layers());
        double deviation = initialization.deviation();
        int width = config.width();
        embedding = new TokenEmbedding(context, "embedding.token", config.vocabulary(), width, deviation);
        positions = config.positions() == Positions.LEARNED
                ? new PositionEmbedding(context, "embedding.position", config.context(), width, deviation) : null;
        dropout = new DropoutLayer(context, config.dropout(), -1, 0);
        SelfAttention.Settings attention = new SelfAttention.Settings(width, config.heads(), config.keyHeads(),
                config.headWidth(), 1 / Math.sqrt(config.headWidth()), true,
                config.positions() == Positions.ROTARY ? ROTARY_BASE : 0, true, config.bias(), width);
        ResidualBranch.Settings wiring = new ResidualBranch.Settings(true, 1, NormalizationKind.LAYER,
                ResidualBranch.Placement.BEFORE, config.bias(), config.epsilon(), config.dropout());
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "layer." + layer;
            attentions.add(new SelfAttention(context, name + ".attention", layer, attention, initialization));
            branches.add(new ResidualBranch(context, name + ".attention.norm", width, layer, 0, wiring, attentions.get(layer)));
            branches.add(new ResidualBranch(context, name + ".feedForward.norm", width, layer, 1, wiring,
                    new FeedForward(context, name + ".feedForward", width, config.feedForwardWidth(),
                            config.activation(), config.bias(), initialization)));
        }
        lastNorm = new NormalizationLayer(context, "norm", NormalizationKind.LAYER, width, config.bias(),
                config.epsilon());
        head = new TiedHead(context, embedding.table());
        parameters = List.copyOf(context.parameters());
    }

    public GptConfig config() {
        return config;
    }

    /** What it computes in: the type of its activations. */
    public ElementType type() {
        return context.type();
    }

    @Override
    public int layers() {
        return config.layers();
    }

    @Override
    public SelfAttention attention(int layer) {
        return attentions.get(layer);
    }

    @Override
    public Tensor attentionOutput(int layer) {
        return branches.get(2 * layer).output();
    }

    @Override
    public Tensor layerOutput(int layer) {
        return branches.get(2 * layer + 1).output();
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    /** Trained numbers; the embedding counts once, though it is used twice. */
    public long parameterCount() {
        return parameters.stream().mapToLong(parameter -> parameter.value().elements()).sum();
    }

    /**
     * {@inheritDoc}
     *
     * <p>The loss is the mean cross-entropy over counted positions, in nats; 0, with no gradient, if none counts.
     *
     * @throws IllegalArgumentException if the sequences are longer than the context or a token is out of range
     */
    @Override
    public void differentiate(TokenBatch batch, double gradientScale, long dropoutSeed) {
        checkLength(batch.length());
        counted = Classes.counted(batch.targets(), TokenBatch.IGNORED);
        if (counted == 0) {
            return;
        }
        Pass pass = Pass.training(batch.batch(), batch.length(), dropoutSeed);
        Tensor h = forward(batch.tokens(), pass);
        Tensor dH = context.shared("gradient of the residual stream", config.width()).rows(h.rows());
        head.differentiate(h, batch.targets(), gradientScale / counted, dH);
        backward(dH, pass);
    }

    @Override
    public double loss() {
        return counted == 0 ? 0 : head.loss() / counted;
    }

    @Override
    public Evaluation evaluate(TokenBatch batch) {
        checkLength(batch.length());
        return head.evaluate(forward(batch.tokens(), Pass.inference(batch.batch(), batch.length())), batch.targets());
    }

    /**
     * Scores of the next token after every position, without dropout.
     *
     * @param tokens [batch length]
     * @return [batch length, vocabulary]; overwritten by the next pass
     * @throws IllegalArgumentException if the sequences are longer than the context or a token is out of range
     */
    public Tensor logits(int batch, int length, int[] tokens) {
        checkLength(length);
        return head.logits(forward(tokens, Pass.inference(batch, length)));
    }

    /** An empty cache for {@link #logits(KeyValueCache, int[])}, as long as the context. */
    public KeyValueCache newCache() {
        return new KeyValueCache(context, config.layers(), config.context(), config.keyHeads() * config.headWidth());
    }

    /**
     * Scores of the next token after those in the cache and the given ones, which the cache then holds too. Start with the
     * prompt, then give one token at a time.
     *
     * <p>When they would exceed the context, the oldest are forgotten: the last half of the context is read
     * again from position 0, and there is room for the other half. (Dropping one token at a time would
     * shift every position and cost a whole pass per token.)
     *
     * @param cache  made by {@link #newCache} of this model
     * @param tokens at least one
     * @return [1, vocabulary]; overwritten by the next pass
     * @throws IllegalArgumentException if there is no token or one is out of range
     */
    public Tensor logits(KeyValueCache cache, int[] tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("tokens is empty; expected at least one");
        }
        int[] fresh = tokens;
        int length = cache.length() + tokens.length;
        if (length > config.context()) {
            int[] all = Arrays.copyOf(cache.tokens(), length);
            System.arraycopy(tokens, 0, all, cache.length(), tokens.length);
            fresh = Arrays.copyOfRange(all, length - Math.max(1, config.context() / 2), length);
            cache.clear();
        }
        Tensor h = forward(fresh, new Pass(1, fresh.length, null, false, 0, cache));
        cache.advance(fresh);
        return head.logits(h.rows() == 1 ? h : h.rowRange(h.rows() - 1, h.rows()));
    }

    private Tensor forward(int[] tokens, Pass pass) {
        if (tokens.length != pass.rows()) {
            throw new IllegalArgumentException("tokens has " + tokens.length
                    + " entries; expected batch * length = " + pass.rows());
        }
        Tensor x = embedding.forward(tokens);
        if (positions != null) {
            positions.forward(x, x, pass);
        }
        if (dropout.active(pass)) {
            dropout.apply(pass, x, x);
        }
        for (ResidualBranch branch : branches) {
            x = branch.forward(x, pass);
        }
        return lastNorm.forward(x);
    }

    private void backward(Tensor dH, Pass pass) {
        lastNorm.backward(dH, false, dH);
        Tensor dx = dH;
        for (int i = branches.size() - 1; i >= 0; i--) {
            dx = branches.get(i).backward(dx, true, pass);
        }
        if (dropout.active(pass)) {
            dropout.apply(pass, dx, dx);
        }
        if (positions != null) {
            positions.backward(dx);
        }
        embedding.backward(dx);
    }

    private void checkLength(int length) {
        if (length > config.context()) {
            throw new IllegalArgumentException(
                    "sequences have " + length + " tokens; the model's context is " + config.context());
        }
    }
}
