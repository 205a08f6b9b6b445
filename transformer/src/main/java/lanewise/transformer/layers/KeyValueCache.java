package lanewise.transformer.layers;

import java.util.Arrays;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;

/**
 * The keys and values of one sequence's tokens so far, for every layer, so that the next token costs one row instead of the
 * whole sequence. Rotary positions are applied before the keys come here.
 */
public final class KeyValueCache {
    private final Elementwise elementwise;
    private final Tensor[] keys;
    private final Tensor[] values;
    private final int[] tokens;
    private int length;

    /**
     * @param context  of the model whose keys and values it takes
     * @param layers   attention layers
     * @param capacity most tokens it can hold
     * @param width    elements of a token's key (and of its value): key heads times head width
     */
    public KeyValueCache(LayerContext context, int layers, int capacity, int width) {
        elementwise = context.kernels().elementwise();
        keys = new Tensor[layers];
        values = new Tensor[layers];
        for (int layer = 0; layer < layers; layer++) {
            keys[layer] = context.kernels().zeros(context.type(), capacity, width);
            values[layer] = context.kernels().zeros(context.type(), capacity, width);
        }
        tokens = new int[capacity];
    }

    /** Tokens held. */
    public int length() {
        return length;
    }

    /** Most tokens it can hold. */
    public int capacity() {
        return tokens.length;
    }

    /** The tokens held, in order; a copy. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, length);
    }

    /** Forgets all tokens. */
    public void clear() {
        length = 0;
    }

    /** Writes keys and values of one layer behind those held; they count once {@link #advance} was called. */
    void append(int layer, Tensor newKeys, Tensor newValues) {
        int end = length + newKeys.rows();
        elementwise.scaleAdd(1, newKeys, 0, keys[layer].rowRange(length, end));
        elementwise.scaleAdd(1, newValues, 0, values[layer].rowRange(length, end));
    }

    /** The first rows of a layer's keys. */
    Tensor keys(int layer, int rows) {
        return keys[layer].rowRange(0, rows);
    }

    /** The first rows of a layer's values. */
    Tensor values(int layer, int rows) {
        return values[layer].rowRange(0, rows);
    }

    /** Counts tokens whose keys and values every layer has written. */
    public void advance(int[] newTokens) {
        System.arraycopy(newTokens, 0, tokens, length, newTokens.length);
        length += newTokens.length;
    }
}
