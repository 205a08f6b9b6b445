package lanewise.transformer.data;

import java.util.Arrays;

/** One token per character (Unicode code point), numbered in the order of their code points. */
public final class CharTokenizer implements Tokenizer {
    private final int[] codePoints;

    private CharTokenizer(int[] codePoints) {
        this.codePoints = codePoints;
    }

    /**
     * The tokenizer of the characters that occur in a text.
     *
     * @throws IllegalArgumentException if the text is empty or holds half a surrogate pair
     */
    public static CharTokenizer of(String text) {
        int[] distinct = text.codePoints().sorted().distinct().toArray();
        if (distinct.length == 0) {
            throw new IllegalArgumentException("text is empty; expected at least one character");
        }
        for (int codePoint : distinct) {
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                throw new IllegalArgumentException("text holds half a surrogate pair, " + name(codePoint));
            }
        }
        return new CharTokenizer(distinct);
    }

    /** All characters, in the order of their tokens; {@link #of} makes an equal tokenizer from it. */
    public String characters() {
        return new String(codePoints, 0, codePoints.length);
    }

    @Override
    public int size() {
        return codePoints.length;
    }

    @Override
    public int[] encode(String text) {
        int[] tokens = text.codePoints().toArray();
        for (int i = 0; i < tokens.length; i++) {
            int token = Arrays.binarySearch(codePoints, tokens[i]);
            if (token < 0) {
                throw new IllegalArgumentException("character " + name(tokens[i]) + " at position " + i
                        + " has no token; the tokenizer knows " + codePoints.length + " characters: "
                        + (codePoints.length <= 200 ? printable(characters()) : "too many to list"));
            }
            tokens[i] = token;
        }
        return tokens;
    }

    @Override
    public String decode(int[] tokens) {
        StringBuilder text = new StringBuilder(tokens.length);
        for (int token : tokens) {
            if (token < 0 || token >= codePoints.length) {
                throw new IllegalArgumentException(
                        "token is " + token + "; expected 0 to " + (codePoints.length - 1));
            }
            text.appendCodePoint(codePoints[token]);
        }
        return text.toString();
    }

    private static String name(int codePoint) {
        String code = String.format("U+%04X", codePoint);
        return Character.isISOControl(codePoint) || !Character.isDefined(codePoint)
                ? code : "'" + Character.toString(codePoint) + "' (" + code + ")";
    }

    private static String printable(String text) {
        return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    }
}
