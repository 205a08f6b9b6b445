package lanewise.transformer.cli;

import lanewise.kernels.Activation;
import lanewise.transformer.models.GptConfig;
import lanewise.transformer.models.Positions;
import picocli.CommandLine.Option;

/** The size and the parts of the model. */
final class ModelOptions {
    @Option(names = "--layers", paramLabel = "N", description = "Blocks of attention and feed-forward (default: ${DEFAULT-VALUE}).")
    int layers;

    @Option(names = "--heads", paramLabel = "N", description = "Attention heads; divides the width (default: ${DEFAULT-VALUE}).")
    int heads;

    @Option(names = "--key-heads", paramLabel = "N",
            description = "Heads of keys and values; divides the heads; fewer is grouped-query attention (default: as many as heads).")
    Integer keyHeads;

    @Option(names = "--width", paramLabel = "N", description = "Numbers per token between the blocks (default: ${DEFAULT-VALUE}).")
    int width;

    @Option(names = "--feed-forward-width", paramLabel = "N",
            description = "Hidden numbers per token in the feed-forward part (default: 4 times the width).")
    Integer feedForwardWidth;

    @Option(names = "--positions", paramLabel = "KIND", description = "learned or rotary (default: ${DEFAULT-VALUE}).")
    Positions positions;

    @Option(names = "--activation", paramLabel = "KIND",
            description = "gelu, gelu-tanh, relu, silu, tanh or softplus (default: ${DEFAULT-VALUE}).")
    Activation activation;

    @Option(names = "--dropout", paramLabel = "P",
            description = "Probability of dropping a number in training, 0 to below 1 (default: ${DEFAULT-VALUE}).")
    double dropout;

    @Option(names = "--bias", description = "Give linear layers a bias and layer norms a shift (default: they have none).")
    boolean bias;

    GptConfig config(int vocabulary, int context) {
        GptConfig.Builder builder = GptConfig.builder(vocabulary, context).layers(layers).heads(heads).width(width)
                .positions(positions).activation(activation).dropout(dropout).bias(bias);
        if (keyHeads != null) {
            builder.keyHeads(keyHeads);
        }
        if (feedForwardWidth != null) {
            builder.feedForwardWidth(feedForwardWidth);
        }
        return builder.build();
    }
}
