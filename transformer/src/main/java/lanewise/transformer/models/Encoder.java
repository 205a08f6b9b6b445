package lanewise.transformer.models;

import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.ActivationSublayer;
import lanewise.transformer.layers.DropoutLayer;
import lanewise.transformer.layers.FeedForward;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.LayerContext;
import lanewise.transformer.layers.Linear;
import lanewise.transformer.layers.NormalizationKind;
import lanewise.transformer.layers.NormalizationLayer;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.layers.Pass;
import lanewise.transformer.layers.Pooling;
import lanewise.transformer.layers.PoolingLayer;
import lanewise.transformer.layers.PositionEmbedding;
import lanewise.transformer.layers.ResidualBranch;
import lanewise.transformer.layers.RowBuffer;
import lanewise.transformer.layers.SelfAttention;
import lanewise.transformer.layers.Sublayer;
import lanewise.transformer.layers.TokenEmbedding;

/**
 * A Transformer encoder with a switch for every part; see {@link EncoderConfig}, which also names the papers' models.
 * In order: input projection or token embedding, learned positions, layers of self-attention and feed-forward part,
 * pooling, output layer.
 *
 * <p>W_Q, W_K and W_V are separate parameters, {@code layer.0.attention.query.weight} and so on, [inputs, outputs].
 * Activations of the last forward pass can be read until the next one; those of the layers have batch length rows.
 *
 * <p>One instance serves one thread at a time: its activations are kept from pass to pass.
 */
public final class Encoder implements Model<ExampleBatch>, Layered {
    private static final double ROTARY_BASE = 10000;

    private final EncoderConfig config;
    private final LayerContext context;
    private final TokenEmbedding embedding;
    private final Linear projection;
    private final PositionEmbedding positions;
    private final DropoutLayer dropout;
    private final List<SelfAttention> attentions = new ArrayList<>();
    private final List<ResidualBranch> attentionBranches = new ArrayList<>();
    private final List<ResidualBranch> branches = new ArrayList<>();
    private final List<ResidualBranch> layerEnds = new ArrayList<>();
    private final NormalizationLayer lastNorm;
    private final PoolingLayer pooling;
    private final Linear outputLayer;
    private final EncoderLoss loss;
    private final RowBuffer stream;
    private final RowBuffer dFeatures;
    private final RowBuffer result;
    private final List<Parameter> parameters;
    private Pass pass;
    private Tensor features;

    /**
     * An encoder with fresh weights.
     *
     * @param kernels what it computes with; stays the caller's to close
     * @param type    of its weights and activations, and of the batches' vectors
     * @param seed    of the fresh weights, which depend on it and the configuration alone, up to rounding to the type
     */
    public Encoder(EncoderConfig config, Kernels kernels, ElementType type, long seed) {
        this.config = config;
        context = new LayerContext(kernels, type, seed);
        Initialization initialization = config.initialization();
        int width = config.width();
        // A table's row is looked up, not summed over: its elements are drawn as those of a layer of this width.
        double deviation = initialization.weightDeviation(width);
        embedding = config.vocabulary() == 0 ? null
                : new TokenEmbedding(context, "embedding.token", config.vocabulary(), width, deviation);
        projection = !config.inputProjection() ? null
                : new Linear(context, "input", config.inputWidth(), width, config.bias(), initialization);
        positions = config.positions() != Positions.LEARNED ? null
                : new PositionEmbedding(context, "embedding.position", config.longest(), width, deviation);
        dropout = new DropoutLayer(context, config.dropout(), -1, 0);
        for (int layer = 0; layer < config.layers(); layer++) {
            addLayer(layer, layer == 0 ? width : config.streamWidth());
        }
        int streamWidth = config.streamWidth();
        boolean normalizeLast = config.normalization() != NormalizationKind.NONE
                && config.placement() == ResidualBranch.Placement.BEFORE;
        lastNorm = !normalizeLast ? null : new NormalizationLayer(context, "norm", config.normalization(), streamWidth,
                config.bias(), config.epsilon());
        pooling = config.pooling() == Pooling.NONE ? null
                : new PoolingLayer(context, config.pooling(), streamWidth);
        outputLayer = new Linear(context, "output", streamWidth, config.outputs(), config.outputBias(), initialization,
                config.outputMultiplier());
        loss = new EncoderLoss(context, config);
        stream = context.buffer(width);
        dFeatures = context.buffer(streamWidth);
        result = context.buffer(config.outputs());
        parameters = List.copyOf(context.parameters());
    }

    private void addLayer(int layer, int inputWidth) {
        String name = "layer." + layer;
        SelfAttention attention = new SelfAttention(context, name + ".attention", layer,
                new SelfAttention.Settings(inputWidth, config.heads(), config.keyHeads(), config.headWidth(),
                        config.attentionScale(), config.causal(),
                        config.positions() == Positions.ROTARY ? ROTARY_BASE : 0, false, config.bias(),
                        config.outputProjection() ? config.width() : 0), config.initialization());
        ResidualBranch branch = new ResidualBranch(context, name + ".attention.norm", inputWidth, layer, 0,
                wiring(config.attentionResidual(), config.attentionStep()), attention);
        attentions.add(attention);
        attentionBranches.add(branch);
        branches.add(branch);
        int width = attention.outputWidth();
        Sublayer feedForward = switch (config.feedForward()) {
            case NONE -> null;
            case ACTIVATION -> new ActivationSublayer(context, width, config.activation());
            case TWO_LAYER -> new FeedForward(context, name + ".feedForward", width, config.feedForwardWidth(),
                    config.activation(), config.bias(), config.initialization());
        };
        if (feedForward != null) {
            branch = new ResidualBranch(context, name + ".feedForward.norm", width, layer, 1,
                    wiring(config.feedForwardResidual(), config.feedForwardStep()), feedForward);
            branches.add(branch);
        }
        layerEnds.add(branch);
    }

    private ResidualBranch.Settings wiring(boolean residual, double step) {
        return new ResidualBranch.Settings(residual, step, config.normalization(), config.placement(), config.bias(),
                config.epsilon(), config.dropout());
    }

    public EncoderConfig config() {
        return config;
    }

    /** The type of its weights and activations. */
    public ElementType type() {
        return context.type();
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    /** Trained numbers. */
    public long parameterCount() {
        return parameters.stream().mapToLong(parameter -> parameter.value().elements()).sum();
    }

    @Override
    public int layers() {
        return config.layers();
    }

    @Override
    public SelfAttention attention(int layer) {
        return attentions.get(layer);
    }

    /** {@inheritDoc} Z of Qin et al. */
    @Override
    public Tensor attentionOutput(int layer) {
        return attentionBranches.get(layer).output();
    }

    @Override
    public Tensor layerOutput(int layer) {
        return layerEnds.get(layer).output();
    }

    /** What the output layer read: one row per sequence with pooling, else one per token. G of Qin et al. */
    public Tensor features() {
        return features;
    }

    /** The output of the last forward pass: [batch, outputs] with pooling, else [batch length, outputs]. */
    public Tensor output() {
        return result.current();
    }

    @Override
    public void differentiate(ExampleBatch batch, double gradientScale, long dropoutSeed) {
        forward(batch, true, dropoutSeed);
        loss.differentiate(batch, output(), gradientScale);
        backward(loss.gradient());
    }

    @Override
    public double loss() {
        return loss.value();
    }

    /**
     * {@inheritDoc}
     *
     * <p>For {@link LossKind#HALF_SQUARED_SUM} the sum of the losses is the training loss; for the others their mean is.
     */
    @Override
    public Evaluation evaluate(ExampleBatch batch) {
        forward(batch, false, 0);
        return loss.evaluate(batch, output());
    }

    /**
     * Forward pass.
     *
     * @param training whether {@link #backward} follows and dropout is active
     * @return {@link #output}
     * @throws IllegalArgumentException if the batch does not fit the configuration
     */
    public Tensor forward(ExampleBatch batch, boolean training, long dropoutSeed) {
        pass = new Pass(batch.batch(), batch.length(), batch.validLengths(), training, dropoutSeed, null);
        Tensor x = input(batch);
        for (ResidualBranch branch : branches) {
            x = branch.forward(x, pass);
        }
        if (lastNorm != null) {
            x = lastNorm.forward(x);
        }
        features = pooling == null ? x : pooling.forward(x, pass);
        Tensor y = result.rows(features.rows());
        outputLayer.forward(features, false, y);
        return y;
    }

    /**
     * Backward pass of the last forward pass, which must have been one of training: adds to the parameters' gradients
     * that of {@code sum(dOutput output)}. With dOutput 1 in one row and 0 elsewhere, that is the gradient
     * of one output, of which neural tangent kernels are made.
     *
     * @param dOutput shape of output
     */
    public void backward(Tensor dOutput) {
        Tensor dx = dFeatures.rows(features.rows());
        outputLayer.backward(dOutput, false, dx);
        if (pooling != null) {
            dx = pooling.backward(dx, pass);
        }
        if (lastNorm != null) {
            lastNorm.backward(dx, false, dx);
        }
        boolean below = embedding != null || projection != null || positions != null;
        for (int i = branches.size() - 1; i >= 0; i--) {
            dx = branches.get(i).backward(dx, i > 0 || below, pass);
        }
        if (!below) {
            return;
        }
        if (dropout.active(pass)) {
            dropout.apply(pass, dx, dx);
        }
        if (positions != null) {
            positions.backward(dx);
        }
        if (projection != null) {
            projection.backward(dx, false, null);
        }
        if (embedding != null) {
            embedding.backward(dx);
        }
    }

    private Tensor input(ExampleBatch batch) {
        if (positions != null && batch.length() > config.longest()) {
            throw new IllegalArgumentException("sequences have " + batch.length()
                    + " rows; the longest that has positions is " + config.longest());
        }
        if (embedding != null && batch.tokens() == null) {
            throw new IllegalArgumentException("batch has no tokens; the model's input is tokens");
        }
        Tensor x = embedding != null ? embedding.forward(batch.tokens()) : vectors(batch);
        // What follows may change the model's own buffers in place, but not the caller's vectors.
        Tensor own = embedding != null || projection != null ? x : stream.rows(x.rows());
        if (positions != null) {
            positions.forward(x, own, pass);
            x = own;
        }
        if (dropout.active(pass)) {
            dropout.apply(pass, x, own);
            x = own;
        }
        return x;
    }

    private Tensor vectors(ExampleBatch batch) {
        Tensor x = batch.inputs();
        if (x == null || x.columns() != config.inputWidth() || x.type() != type()) {
            throw new IllegalArgumentException("inputs is " + x + "; expected " + type() + " with "
                    + config.inputWidth() + " columns");
        }
        if (x.rank() != 2) {
            x = x.reshape(x.rows(), x.columns());
        }
        if (projection == null) {
            return x;
        }
        Tensor projected = stream.rows(x.rows());
        projection.forward(x, false, projected);
        return projected;
    }
}
