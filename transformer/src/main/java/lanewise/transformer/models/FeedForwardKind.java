package lanewise.transformer.models;

/** What follows the attention in a layer of an {@link Encoder}. */
public enum FeedForwardKind {
    /** Nothing. */
    NONE,
    /** The activation alone: phi(x). */
    ACTIVATION,
    /** Two linear layers with the activation between: phi(x W_1) W_2. */
    TWO_LAYER
}
