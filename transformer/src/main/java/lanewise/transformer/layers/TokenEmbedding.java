package lanewise.transformer.layers;

import lanewise.kernels.Embedding;
import lanewise.kernels.Tensor;

/** A trained row for every token. */
public final class TokenEmbedding {
    private final Embedding embedding;
    private final Parameter table;
    private final RowBuffer output;
    private int[] tokens;

    /** Its table is {@code name.weight} [vocabulary, width], drawn with this standard deviation. */
    public TokenEmbedding(LayerContext context, String name, int vocabulary, int width, double deviation) {
        embedding = context.kernels().embedding();
        table = context.gaussian(name + ".weight", deviation, vocabulary, width);
        output = context.buffer(width);
    }

    public Parameter table() {
        return table;
    }

    /** The tokens' rows, in a buffer of this layer, which the caller may change. The array is kept, not copied. */
    public Tensor forward(int[] tokens) {
        this.tokens = tokens;
        Tensor y = output.rows(tokens.length);
        embedding.gather(table.working(), tokens, y);
        return y;
    }

    /** Adds to the table's gradient. */
    public void backward(Tensor dy) {
        embedding.scatterAdd(dy, tokens, table.gradient());
    }
}
