package lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * The sizes and the mask of one attention call.
 *
 * @param batch       sequences
 * @param heads       query heads
 * @param keyHeads    key and value heads; divides {@code heads}; fewer than heads is grouped-query attention:
 *                    query head h reads key head h / (heads / keyHeads)
 * @param queryLength queries per sequence
 * @param keyLength   rows of keys and values per sequence
 * @param headWidth   elements per head
 * @param scale       multiplies the scores before the softmax; usually 1/sqrt(headWidth), never assumed
 * @param causal      query i sees key j only if j &le; i + keyLength - queryLength: the last query sees every key
 * @param keyLengths  valid keys of each sequence, [batch], each 0 to keyLength: later keys are not seen; null if all are valid
 */
public record AttentionShape(int batch, int heads, int keyHeads, int queryLength, int keyLength, int headWidth,
        double scale, boolean causal, int[] keyLengths) {

    /** Checks the sizes and copies the valid keys. */
    public AttentionShape {
        atLeast("batch", batch, 0);
        atLeast("heads", heads, 1);
        atLeast("keyHeads", keyHeads, 1);
        atLeast("queryLength", queryLength, 0);
        atLeast("keyLength", keyLength, 0);
        atLeast("headWidth", headWidth, 1);
        if (heads % keyHeads != 0) {
            throw new IllegalArgumentException("keyHeads is " + keyHeads + "; it must divide heads, " + heads);
        }
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("scale is " + scale + "; it must be finite");
        }
        if (keyLengths != null) {
            keyLengths = keyLengths.clone();
            if (keyLengths.length != batch) {
                throw new IllegalArgumentException(
                        "keyLengths has " + keyLengths.length + " entries; expected one per sequence, " + batch);
            }
            for (int length : keyLengths) {
                if (length < 0 || length > keyLength) {
                    throw new IllegalArgumentException(
                            "keyLengths holds " + length + "; expected 0 to keyLength, " + keyLength);
                }
            }
        }
    }

    /** Self-attention: as many key heads as query heads, as many keys as queries, all valid. */
    public static AttentionShape self(int batch, int heads, int length, int headWidth, double scale, boolean causal) {
        return new AttentionShape(batch, heads, heads, length, length, headWidth, scale, causal, null);
    }

    /** Keys that a query sees: those with index below the returned count. */
    public int visibleKeys(int sequence, int query) {
        int valid = keyLengths == null ? keyLength : keyLengths[sequence];
        return causal ? Math.max(0, Math.min(valid, query + keyLength - queryLength + 1)) : valid;
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AttentionShape that && batch == that.batch && heads == that.heads
                && keyHeads == that.keyHeads && queryLength == that.queryLength && keyLength == that.keyLength
                && headWidth == that.headWidth && scale == that.scale && causal == that.causal
                && Arrays.equals(keyLengths, that.keyLengths);
    }

    @Override
    public int hashCode() {
        return Objects.hash(batch, heads, keyHeads, queryLength, keyLength, headWidth, scale, causal,
                Arrays.hashCode(keyLengths));
    }
}
