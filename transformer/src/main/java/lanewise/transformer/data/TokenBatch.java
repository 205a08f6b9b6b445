package lanewise.transformer.data;

import java.util.Arrays;
import java.util.Objects;

/**
 * Sequences of tokens and, for every position, the token to predict.
 *
 * @param batch   sequences
 * @param length  tokens per sequence
 * @param tokens  [batch length]
 * @param targets [batch length]; {@link #IGNORED} where the position does not count
 */
public record TokenBatch(int batch, int length, int[] tokens, int[] targets) implements SequenceBatch<TokenBatch> {
    /** The target of a position that does not count. */
    public static final int IGNORED = -1;

    /** Checks the sizes. */
    public TokenBatch {
        if (tokens.length != batch * length || targets.length != batch * length) {
            throw new IllegalArgumentException("tokens has " + tokens.length + " and targets " + targets.length
                    + " entries; expected batch * length = " + batch * length);
        }
    }

    @Override
    public boolean padded() {
        return false;
    }

    @Override
    public TokenBatch sequence(int index) {
        int from = Objects.checkIndex(index, batch) * length;
        return new TokenBatch(1, length, Arrays.copyOfRange(tokens, from, from + length), Arrays.copyOfRange(targets, from, from + length));
    }
}
