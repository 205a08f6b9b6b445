package lanewise.transformer.training;

import lanewise.transformer.data.CharTokenizer;
import lanewise.transformer.data.Gpt2Tokenizer;
import lanewise.transformer.data.Tokenizer;

/**
 * A tokenizer as stored in a checkpoint.
 *
 * @param type       "characters" or "gpt2"
 * @param characters all of them, in the order of their tokens, for "characters"; else null
 */
record TokenizerFile(String type, String characters) {
    static TokenizerFile of(Tokenizer tokenizer) {
        if (tokenizer instanceof CharTokenizer characters) {
            return new TokenizerFile("characters", characters.characters());
        }
        if (tokenizer instanceof Gpt2Tokenizer) {
            return new TokenizerFile("gpt2", null);
        }
        throw new IllegalArgumentException(tokenizer.getClass() + " can't be stored in a checkpoint");
    }

    /** @throws IllegalArgumentException if the content makes no tokenizer */
    Tokenizer tokenizer() {
        if ("gpt2".equals(type) && characters == null) {
            return new Gpt2Tokenizer();
        }
        if ("characters".equals(type) && characters != null) {
            CharTokenizer tokenizer = CharTokenizer.of(characters);
            if (!tokenizer.characters().equals(characters)) {
                throw new IllegalArgumentException("characters are not distinct and sorted");
            }
            return tokenizer;
        }
        throw new IllegalArgumentException("type is " + type + "; expected \"characters\" with characters or \"gpt2\"");
    }
}
