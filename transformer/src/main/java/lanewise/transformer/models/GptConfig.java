package lanewise.transformer.models;

import java.util.Objects;
import lanewise.kernels.Activation;

/**
 * Sizes and switches of a {@link Gpt}. The defaults of {@link #builder} are nanoGPT's.
 *
 * @param vocabulary       number of different tokens
 * @param context          longest sequence, in tokens
 * @param layers           blocks of attention and feed-forward
 * @param heads            query heads; divides width
 * @param keyHeads         key and value heads; divides heads; fewer than heads is grouped-query attention
 * @param width            elements per token between the blocks
 * @param feedForwardWidth hidden elements of the feed-forward part
 * @param dropout          probability of dropping an element in training, 0 to below 1
 * @param positions        learned or rotary; a GPT needs one of them
 * @param activation       of the feed-forward part
 * @param bias             whether linear layers have a bias and layer norms a shift
 * @param epsilon          added to the variance in layer norms
 */
public record GptConfig(int vocabulary, int context, int layers, int heads, int keyHeads, int width,
        int feedForwardWidth, double dropout, Positions positions, Activation activation, boolean bias,
        double epsilon) {
    // Far above what a JVM can hold; so that counts of parameters and bytes fit a long.
    private static final int MOST_LAYERS = 10_000;
    private static final int MOST_ELEMENTS = 1 << 20;
    private static final int MOST_TOKENS = 1 << 24;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException naming the component, what was given and what was expected
     */
    public GptConfig {
        ConfigChecks.between("vocabulary", vocabulary, 1, MOST_TOKENS);
        ConfigChecks.between("context", context, 1, MOST_TOKENS);
        ConfigChecks.between("layers", layers, 1, MOST_LAYERS);
        ConfigChecks.between("heads", heads, 1, MOST_ELEMENTS);
        ConfigChecks.between("keyHeads", keyHeads, 1, MOST_ELEMENTS);
        ConfigChecks.between("width", width, 1, MOST_ELEMENTS);
        ConfigChecks.between("feedForwardWidth", feedForwardWidth, 1, 4 * MOST_ELEMENTS);
        ConfigChecks.divides("heads", heads, "width", width);
        ConfigChecks.divides("keyHeads", keyHeads, "heads", heads);
        ConfigChecks.rate("dropout", dropout);
        ConfigChecks.positive("epsilon", epsilon);
        Objects.requireNonNull(activation, "activation");
        if (positions != Positions.LEARNED && positions != Positions.ROTARY) {
            throw new IllegalArgumentException("positions is " + positions + "; expected LEARNED or ROTARY");
        }
        if (positions == Positions.ROTARY) {
            ConfigChecks.evenHeadWidth(width / heads);
        }
    }

    /** Elements per head. */
    public int headWidth() {
        return width / heads;
    }

    /** Numbers in the keys and values of a sequence as long as the context, which generating keeps. */
    public long cacheElements() {
        return 2L * layers * context * keyHeads * headWidth();
    }

    /** Trained numbers of a model of this configuration. */
    public long parameterCount() {
        long norm = bias ? 2L * width : width;
        long keys = (long) keyHeads * headWidth();
        long attention = (2L * width + 2 * keys) * width + (bias ? 2L * width + 2 * keys : 0);
        long feedForward = 2L * width * feedForwardWidth + (bias ? (long) width + feedForwardWidth : 0);
        long learnedPositions = positions == Positions.LEARNED ? (long) context * width : 0;
        return (long) vocabulary * width + learnedPositions + layers * (attention + feedForward + 2 * norm) + norm;
    }

    /** Starts from nanoGPT's defaults: 12 layers, 12 heads, width 768, no dropout, no bias. */
    public static Builder builder(int vocabulary, int context) {
        return new Builder(vocabulary, context);
    }

    /** Collects the components; {@link #build} checks them. */
    public static final class Builder {
        private final int vocabulary;
        private final int context;
        private int layers = 12;
        private int heads = 12;
        private int keyHeads;
        private int width = 768;
        private int feedForwardWidth;
        private double dropout;
        private Positions positions = Positions.LEARNED;
        private Activation activation = Activation.GELU_ERF;
        private boolean bias;
        private double epsilon = 1e-5;

        private Builder(int vocabulary, int context) {
            this.vocabulary = vocabulary;
            this.context = context;
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

        public Builder width(int elements) {
            width = elements;
            return this;
        }

        /** Four times the width unless set. */
        public Builder feedForwardWidth(int elements) {
            feedForwardWidth = elements;
            return this;
        }

        public Builder dropout(double rate) {
            dropout = rate;
            return this;
        }

        public Builder positions(Positions kind) {
            positions = kind;
            return this;
        }

        public Builder activation(Activation function) {
            activation = function;
            return this;
        }

        public Builder bias(boolean on) {
            bias = on;
            return this;
        }

        public Builder epsilon(double value) {
            epsilon = value;
            return this;
        }

        /** @throws IllegalArgumentException naming the component, what was given and what was expected */
        public GptConfig build() {
            return new GptConfig(vocabulary, context, layers, heads, keyHeads == 0 ? heads : keyHeads, width,
                    feedForwardWidth == 0 ? (int) Math.min(4L * width, Integer.MAX_VALUE) : feedForwardWidth, dropout, positions,
                    activation, bias, epsilon);
        }
    }
}
