package lanewise.transformer.models;

import java.util.Arrays;
import java.util.function.IntConsumer;
import lanewise.transformer.layers.KeyValueCache;

/** Lets a {@link Gpt} continue a sequence of tokens, with a key and value cache. */
public final class Generator {
    private final Gpt model;
    private final Sampler sampler;

    public Generator(Gpt model, Sampler sampler) {
        this.model = model;
        this.sampler = sampler;
    }

    /**
     * Continues a prompt. It may be longer than the model's context, and so may be what follows: of what does not fit the
     * model sees the end, as {@link Gpt#logits(KeyValueCache, int[])} says.
     *
     * @param prompt at least one token
     * @param count  tokens to add
     * @param each   is given every token as soon as it is drawn
     * @return the new tokens
     * @throws IllegalArgumentException if the prompt is empty or holds a token out of range
     */
    public int[] generate(int[] prompt, int count, IntConsumer each) {
        KeyValueCache cache = model.newCache();
        int[] generated = new int[count];
        int[] next = prompt;
        for (int i = 0; i < count; i++) {
            int token = sampler.next(model.logits(cache, next).toArray());
            generated[i] = token;
            each.accept(token);
            next = Arrays.copyOfRange(generated, i, i + 1);
        }
        return generated;
    }
}
