package lanewise.transformer.cli;

import lanewise.transformer.data.Gpt2Tokenizer;
import lanewise.transformer.data.Tokenizer;

/** Where a text begins. */
final class Prompts {
    private static final int GPT2_END_OF_TEXT = 50256;

    private Prompts() {
    }

    /** The token before a text: GPT-2's end of the text before, else a line break if there is one, else the first token. */
    static int[] start(Tokenizer tokenizer) {
        if (tokenizer instanceof Gpt2Tokenizer) {
            return new int[] {GPT2_END_OF_TEXT};
        }
        try {
            return tokenizer.encode("\n");
        } catch (IllegalArgumentException noLineBreaks) {
            return new int[] {0};
        }
    }
}
