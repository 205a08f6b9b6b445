package lanewise.transformer.models;

import java.util.Objects;
import lanewise.kernels.Activation;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.NormalizationKind;
import lanewise.transformer.layers.Pooling;
import lanewise.transformer.layers.ResidualBranch.Placement;

/**
 * Sizes and switches of an {@link Encoder}: one for every part that papers on the convergence of Transformers vary. Built
 * with {@link #ofVectors} or {@link #ofTokens}, or from a paper's model: {@link #residualTransformer},
 * {@link #shallowEncoder}.
 *
 * @param inputWidth          elements of an input vector; 0 if the input is tokens
 * @param vocabulary          number of different tokens; 0 if the input is vectors
 * @param positions           none, learned, or rotary in the attention
 * @param longest             longest sequence; used by learned positions only
 * @param inputProjection     whether input vectors go through a linear layer [inputWidth, width]
 * @param width               elements per token where the layers begin
 * @param layers              attentions, each with its feed-forward part
 * @param heads               query heads
 * @param keyHeads            key and value heads; divides heads
 * @param headWidth           elements of a head's query, key and value
 * @param attentionScale      multiplies the scores before the softmax
 * @param causal              whether a token sees only itself and those before it
 * @param outputProjection    whether the heads, side by side, go through a linear layer [heads headWidth, width]
 * @param attentionResidual   whether the attention's input is added to its result
 * @param attentionStep       multiplies the attention's result. With an output projection, 1 / heads averages the heads
 * @param feedForward         what follows the attention
 * @param feedForwardWidth    hidden elements of a two-layer feed-forward part
 * @param activation          of the feed-forward part
 * @param feedForwardResidual whether the feed-forward part's input is added to its result
 * @param feedForwardStep     multiplies the feed-forward part's result
 * @param bias                whether the linear layers have a bias and layer norms a shift; not the output layer
 * @param normalization       none, layer norm or RMS norm. Before the parts, there is one more behind the last layer
 * @param placement           before each part, or after its residual
 * @param epsilon             of the normalisation
 * @param dropout             after the input, the attention and the feed-forward part; 0 to below 1
 * @param pooling             of the tokens before the output layer
 * @param outputs             elements of the output
 * @param outputBias          whether the output layer has a bias
 * @param outputMultiplier    multiplies the output layer's product, not its bias: tau_1 of Wu et al.
 * @param loss                what it is trained on
 * @param initialization      law and parametrisation of the weight matrices
 */
public record EncoderConfig(int inputWidth, int vocabulary, Positions positions, int longest, boolean inputProjection,
        int width, int layers, int heads, int keyHeads, int headWidth, double attentionScale, boolean causal,
        boolean outputProjection, boolean attentionResidual, double attentionStep, FeedForwardKind feedForward,
        int feedForwardWidth, Activation activation, boolean feedForwardResidual, double feedForwardStep, boolean bias,
        NormalizationKind normalization, Placement placement, double epsilon, double dropout, Pooling pooling,
        int outputs, boolean outputBias, double outputMultiplier, LossKind loss, Initialization initialization) {

    /**
     * Checks that the parts fit together.
     *
     * @throws IllegalArgumentException naming the component, what was given and what was expected
     */
    public EncoderConfig {
        if ((inputWidth > 0) == (vocabulary > 0) || inputWidth < 0 || vocabulary < 0) {
            throw new IllegalArgumentException("inputWidth is " + inputWidth + " and vocabulary is " + vocabulary
                    + "; expected one of them positive and the other 0");
        }
        Objects.requireNonNull(positions, "positions");
        Objects.requireNonNull(feedForward, "feedForward");
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(normalization, "normalization");
        Objects.requireNonNull(placement, "placement");
        Objects.requireNonNull(pooling, "pooling");
        Objects.requireNonNull(loss, "loss");
        Objects.requireNonNull(initialization, "initialization");
        ConfigChecks.atLeast("width", width, 1);
        ConfigChecks.atLeast("layers", layers, 1);
        ConfigChecks.atLeast("heads", heads, 1);
        ConfigChecks.atLeast("keyHeads", keyHeads, 1);
        ConfigChecks.divides("keyHeads", keyHeads, "heads", heads);
        ConfigChecks.atLeast("headWidth", headWidth, 1);
        ConfigChecks.atLeast("outputs", outputs, 1);
        ConfigChecks.finite("attentionScale", attentionScale);
        ConfigChecks.finite("attentionStep", attentionStep);
        ConfigChecks.finite("feedForwardStep", feedForwardStep);
        ConfigChecks.finite("outputMultiplier", outputMultiplier);
        ConfigChecks.rate("dropout", dropout);
        if (normalization != NormalizationKind.NONE) {
            ConfigChecks.positive("epsilon", epsilon);
        }
        if (feedForward == FeedForwardKind.TWO_LAYER) {
            ConfigChecks.atLeast("feedForwardWidth", feedForwardWidth, 1);
        }
        if (positions == Positions.LEARNED) {
            ConfigChecks.atLeast("longest", longest, 1);
        }
        if (positions == Positions.ROTARY) {
            ConfigChecks.evenHeadWidth(headWidth);
        }
        if (inputProjection && vocabulary > 0) {
            throw new IllegalArgumentException("inputProjection is on; the input is tokens, which have an embedding");
        }
        if (inputWidth > 0 && !inputProjection && width != inputWidth) {
            throw new IllegalArgumentException("width is " + width + "; without an input projection it must be "
                    + "inputWidth, " + inputWidth);
        }
        if (attentionResidual && !outputProjection && heads * headWidth != width) {
            throw new IllegalArgumentException("heads * headWidth is " + heads * headWidth + "; for a residual around "
                    + "an attention without output projection it must be width, " + width);
        }
    }

    /** Elements per token behind the first attention. */
    public int streamWidth() {
        return outputProjection ? width : heads * headWidth;
    }

    /**
     * Starts from a usual encoder over vectors: 1 layer, 1 head, scale 1 / sqrt(headWidth), output projection, residuals,
     * layer norm before the parts, two-layer feed-forward of 4 times the width with GELU, biases, mean pooling,
     * cross-entropy, LeCun's initialisation.
     */
    public static Builder ofVectors(int inputWidth, int outputs) {
        return new Builder(inputWidth, 0, outputs);
    }

    /** The same over tokens, with width 64. */
    public static Builder ofTokens(int vocabulary, int outputs) {
        return new Builder(0, vocabulary, outputs);
    }

    /**
     * The Transformer with residual connections of Qin, Zhou and Zhu (arXiv 2506.05249), as reconstructed from its
     * description: {@code Z = softmax(X W_Q W_K^T X^T / sqrt(d)) X W_V + X, G = phi(Z W_1) W_2 + Z, F = G W_U}, loss
     * {@code 1/2 sum |F - Y|^2}, a target for every token; no normalisation, no biases; tanh, LeCun's initialisation.
     * Both residuals can be switched off with {@link Builder#attentionResidual} and {@link Builder#feedForwardResidual};
     * {@link Builder#layers} stacks it.
     *
     * @param width            d
     * @param feedForwardWidth columns of W_1
     * @param outputs          columns of W_U
     */
    public static Builder residualTransformer(int width, int feedForwardWidth, int outputs) {
        return ofVectors(width, outputs).bare().activation(Activation.TANH).feedForwardWidth(feedForwardWidth)
                .pooling(Pooling.NONE).loss(LossKind.HALF_SQUARED_SUM);
    }

    /**
     * The encoder-only shallow Transformer of Wu, Liu, Chrysos and Cevher (arXiv 2311.01575):
     * {@code f(X) = tau_1 w_O^T sum_i relu(W_V X^T beta_i)}, {@code beta_i = softmax(tau_0 X W_K^T W_Q x_i)}, loss
     * {@code 1/2 sum (f - y)^2}. The weights here are the transposes of the paper's. Its initialisations are
     * {@link Initialization#lecun}, {@link Initialization#he}, both with tau_1 = 1 (the default), and
     * {@link Initialization#ntk} with {@link Builder#outputMultiplier} width^(-1/2).
     *
     * @param inputWidth     d, elements of a token
     * @param width          d_m, the width that grows
     * @param attentionScale tau_0: width^(-1/2) or 1 / width
     */
    public static Builder shallowEncoder(int inputWidth, int width, double attentionScale) {
        return ofVectors(inputWidth, 1).bare().headWidth(width).attentionScale(attentionScale)
                .attentionResidual(false).feedForward(FeedForwardKind.ACTIVATION).activation(Activation.RELU)
                .feedForwardResidual(false).pooling(Pooling.SUM).loss(LossKind.HALF_SQUARED_SUM);
    }

    /** Collects the components; {@link #build} checks them. */
    public static final class Builder {
        private final int inputWidth;
        private final int vocabulary;
        private final int outputs;
        private Positions positions = Positions.NONE;
        private int longest;
        private boolean inputProjection;
        private int width;
        private int layers = 1;
        private int heads = 1;
        private int keyHeads;
        private int headWidth;
        private double attentionScale = Double.NaN;
        private boolean causal;
        private boolean outputProjection = true;
        private boolean attentionResidual = true;
        private double attentionStep = 1;
        private FeedForwardKind feedForward = FeedForwardKind.TWO_LAYER;
        private int feedForwardWidth;
        private Activation activation = Activation.GELU_ERF;
        private boolean feedForwardResidual = true;
        private double feedForwardStep = 1;
        private boolean bias = true;
        private NormalizationKind normalization = NormalizationKind.LAYER;
        private Placement placement = Placement.BEFORE;
        private double epsilon = 1e-5;
        private double dropout;
        private Pooling pooling = Pooling.MEAN;
        private boolean outputBias = true;
        private double outputMultiplier = 1;
        private LossKind loss = LossKind.CROSS_ENTROPY;
        private Initialization initialization = Initialization.lecun();

        private Builder(int inputWidth, int vocabulary, int outputs) {
            this.inputWidth = inputWidth;
            this.vocabulary = vocabulary;
            this.outputs = outputs;
            width = vocabulary > 0 ? 64 : inputWidth;
        }

        /** No output projection, no normalisation, no biases. */
        private Builder bare() {
            return outputProjection(false).normalization(NormalizationKind.NONE).bias(false).outputBias(false);
        }

        /** Learned positions for sequences up to this length. */
        public Builder learnedPositions(int longestSequence) {
            positions = Positions.LEARNED;
            longest = longestSequence;
            return this;
        }

        public Builder rotaryPositions() {
            positions = Positions.ROTARY;
            return this;
        }

        /** A linear layer from the input vectors to this width. */
        public Builder inputProjection(int toWidth) {
            inputProjection = true;
            width = toWidth;
            return this;
        }

        /** The input's width unless set. */
        public Builder width(int elements) {
            width = elements;
            return this;
        }

        public Builder layers(int count) {
            layers = count;
            return this;
        }

        public Builder heads(int count) {
            heads = count;
            return this;
        }

        /** As many as heads unless set. */
        public Builder keyHeads(int count) {
            keyHeads = count;
            return this;
        }

        /** The width divided by the heads unless set. */
        public Builder headWidth(int elements) {
            headWidth = elements;
            return this;
        }

        /** 1 / sqrt(headWidth) unless set. */
        public Builder attentionScale(double scale) {
            attentionScale = scale;
            return this;
        }

        public Builder causal(boolean on) {
            causal = on;
            return this;
        }

        public Builder outputProjection(boolean on) {
            outputProjection = on;
            return this;
        }

        public Builder attentionResidual(boolean on) {
            attentionResidual = on;
            return this;
        }

        public Builder attentionStep(double step) {
            attentionStep = step;
            return this;
        }

        public Builder feedForward(FeedForwardKind kind) {
            feedForward = kind;
            return this;
        }

        /** Four times the width unless set. */
        public Builder feedForwardWidth(int elements) {
            feedForwardWidth = elements;
            return this;
        }

        public Builder activation(Activation function) {
            activation = function;
            return this;
        }

        public Builder feedForwardResidual(boolean on) {
            feedForwardResidual = on;
            return this;
        }

        public Builder feedForwardStep(double step) {
            feedForwardStep = step;
            return this;
        }

        public Builder bias(boolean on) {
            bias = on;
            return this;
        }

        public Builder normalization(NormalizationKind kind) {
            normalization = kind;
            return this;
        }

        public Builder placement(Placement where) {
            placement = where;
            return this;
        }

        public Builder epsilon(double value) {
            epsilon = value;
            return this;
        }

        public Builder dropout(double rate) {
            dropout = rate;
            return this;
        }

        public Builder pooling(Pooling kind) {
            pooling = kind;
            return this;
        }

        public Builder outputBias(boolean on) {
            outputBias = on;
            return this;
        }

        public Builder outputMultiplier(double factor) {
            outputMultiplier = factor;
            return this;
        }

        public Builder loss(LossKind kind) {
            loss = kind;
            return this;
        }

        public Builder initialization(Initialization law) {
            initialization = law;
            return this;
        }

        /** @throws IllegalArgumentException naming the component, what was given and what was expected */
        public EncoderConfig build() {
            ConfigChecks.atLeast("heads", heads, 1);
            if (headWidth == 0) {
                ConfigChecks.divides("heads", heads, "width", width);
            }
            int ownHeadWidth = headWidth == 0 ? width / heads : headWidth;
            double scale = Double.isNaN(attentionScale) ? 1 / Math.sqrt(ownHeadWidth) : attentionScale;
            int hidden = feedForwardWidth == 0 ? Math.multiplyExact(4, width) : feedForwardWidth;
            return new EncoderConfig(inputWidth, vocabulary, positions, longest, inputProjection, width, layers, heads,
                    keyHeads == 0 ? heads : keyHeads, ownHeadWidth, scale, causal, outputProjection, attentionResidual,
                    attentionStep, feedForward, hidden, activation, feedForwardResidual, feedForwardStep, bias,
                    normalization, placement, epsilon, dropout, pooling, outputs, outputBias, outputMultiplier, loss,
                    initialization);
        }
    }
}
