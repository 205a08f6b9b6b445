package lanewise.transformer.data;

/** Text to tokens and back. */
public interface Tokenizer {
    /** Number of different tokens; ids run from 0 to size - 1. */
    int size();

    /**
     * Tokens of a text.
     *
     * @throws IllegalArgumentException if the text holds something this tokenizer has no token for; names it
     */
    int[] encode(String text);

    /** Text of tokens. */
    String decode(int[] tokens);
}
