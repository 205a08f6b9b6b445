package lanewise.transformer.models;

import lanewise.kernels.Tensor;
import lanewise.transformer.layers.SelfAttention;

/** What instruments see of a model's layers: activations of the last forward pass, until the next one. */
public interface Layered {
    /** How many there are. */
    int layers();

    /** The attention of a layer, with its queries, keys and attended values. */
    SelfAttention attention(int layer);

    /** What the attention part of a layer gave, with its residual and what else stands around it: [tokens, width]. */
    Tensor attentionOutput(int layer);

    /** What a layer gave, feed-forward part included: [tokens, width]. */
    Tensor layerOutput(int layer);
}
