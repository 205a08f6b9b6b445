package lanewise.transformer.data;

/**
 * Sequences of one length, that can be taken one by one.
 *
 * @param <B> the kind of batch itself
 */
public interface SequenceBatch<B> {
    /** How many sequences. */
    int batch();

    /** Rows of each, padding included. */
    int length();

    /** Whether some rows are padding. */
    boolean padded();

    /**
     * A sequence, with what is to be predicted for it, as a batch of its own. May share memory with this one.
     *
     * @throws IndexOutOfBoundsException if there is no such sequence
     */
    B sequence(int index);
}
