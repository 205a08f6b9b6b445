package lanewise.transformer.layers;

/**
 * One pass through a model, as its layers see it. Activations have batch length rows, sequence after sequence.
 *
 * @param batch        sequences
 * @param length       tokens per sequence
 * @param validLengths tokens of each sequence that attention may read, [batch]; null if all
 * @param training     whether a backward pass follows and dropout is active
 * @param dropoutSeed  names the dropout masks of this pass
 * @param cache        keys and values of the tokens before these; null for whole sequences. Takes a batch of 1
 */
public record Pass(int batch, int length, int[] validLengths, boolean training, long dropoutSeed,
        KeyValueCache cache) {

    /** Whole sequences of equal lengths, with a backward pass to follow. */
    public static Pass training(int batch, int length, long dropoutSeed) {
        return new Pass(batch, length, null, true, dropoutSeed, null);
    }

    /** Whole sequences of equal lengths, without dropout or a backward pass. */
    public static Pass inference(int batch, int length) {
        return new Pass(batch, length, null, false, 0, null);
    }

    /** Rows of an activation. */
    public int rows() {
        return batch * length;
    }

    /** Position of the first token within its sequence. */
    public int firstPosition() {
        return cache == null ? 0 : cache.length();
    }
}
