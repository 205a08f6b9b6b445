package lanewise.transformer.models;

/** What an {@link Encoder} is trained on. A row is a sequence if the encoder pools, else a token. */
public enum LossKind {
    /** 1/2 the sum over rows and outputs of (output - target)^2. */
    HALF_SQUARED_SUM,
    /** The mean over rows of 1/2 the sum over outputs of (output - target)^2. */
    HALF_SQUARED_MEAN,
    /** The mean over rows and outputs of (output - target)^2. */
    MEAN_SQUARED_ERROR,
    /** The mean over counted rows of the cross-entropy of softmax(output) against the row's class, in nats. */
    CROSS_ENTROPY;

    /** What a row's sum of squares, or cross-entropy, is multiplied with. */
    double rowFactor(int outputs) {
        return switch (this) {
            case HALF_SQUARED_SUM, HALF_SQUARED_MEAN -> 0.5;
            case MEAN_SQUARED_ERROR -> 1.0 / outputs;
            case CROSS_ENTROPY -> 1;
        };
    }

    /** What the sum over rows is multiplied with. */
    double sumFactor(int counted) {
        return this == HALF_SQUARED_SUM ? 1 : counted == 0 ? 0 : 1.0 / counted;
    }
}
