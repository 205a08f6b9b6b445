package lanewise.transformer.data;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

/**
 * The byte-pair tokens of GPT-2 (r50k_base). Every text has an encoding. Its table is part of jtokkit and is loaded when
 * first used, since that takes a noticeable part of a second.
 */
public final class Gpt2Tokenizer implements Tokenizer {
    private static final int SIZE = 50257;

    private static final class Table {
        static final Encoding ENCODING =
                Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
    }

    @Override
    public int size() {
        return SIZE;
    }

    /** Tokens of a text. "&lt;|endoftext|&gt;" is read as ordinary characters. */
    @Override
    public int[] encode(String text) {
        return Table.ENCODING.encodeOrdinary(text).toArray();
    }

    /** Text of tokens; where they cut a character's bytes apart, replacement characters. */
    @Override
    public String decode(int[] tokens) {
        IntArrayList list = new IntArrayList(tokens.length);
        for (int token : tokens) {
            if (token < 0 || token >= SIZE) {
                throw new IllegalArgumentException("token is " + token + "; expected 0 to " + (SIZE - 1));
            }
            list.add(token);
        }
        return Table.ENCODING.decode(list);
    }
}
