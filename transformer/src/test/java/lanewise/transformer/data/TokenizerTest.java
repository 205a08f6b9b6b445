package lanewise.transformer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    @Test
    void charactersAreNumberedInOrder() {
        CharTokenizer tokenizer = CharTokenizer.of("hello\n");
        assertEquals("\nehlo", tokenizer.characters());
        assertEquals(5, tokenizer.size());
        assertArrayEquals(new int[] {2, 1, 3, 3, 4}, tokenizer.encode("hello"));
        assertEquals("hole", tokenizer.decode(new int[] {2, 4, 3, 1}));
        assertEquals(tokenizer.characters(), CharTokenizer.of(tokenizer.characters()).characters());
    }

    @Test
    void charactersBeyondTheBasicPlaneAreOneToken() {
        String text = "a\uD83D\uDE00b\u00E9";
        CharTokenizer tokenizer = CharTokenizer.of(text);
        assertEquals(4, tokenizer.size());
        assertArrayEquals(new int[] {0, 3, 1, 2}, tokenizer.encode(text));
        assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    }

    @Test
    void unknownCharactersAreNamed() {
        CharTokenizer tokenizer = CharTokenizer.of("abc");
        String message = message(() -> tokenizer.encode("ab\u20ACc"));
        assertTrue(message.contains("'\u20AC' (U+20AC) at position 2"), message);
        assertTrue(message(() -> tokenizer.encode("\n")).contains("U+000A"));
        assertEquals("token is 3; expected 0 to 2", message(() -> tokenizer.decode(new int[] {0, 3})));
        assertTrue(message(() -> CharTokenizer.of("")).contains("empty"));
        assertTrue(message(() -> CharTokenizer.of("a\uD83D")).contains("U+D83D"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Hello, world!", "  two  spaces\n\n\ttab", "caf\u00E9 \u4F60\u597D \uD83D\uDE00", "<|endoftext|>",
        "it's we'll 12345 ---"})
    void gpt2TokensDecodeToTheText(String text) {
        Tokenizer tokenizer = new Gpt2Tokenizer();
        assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    }

    @Test
    void gpt2TokensAreThePublishedOnes() {
        Tokenizer tokenizer = new Gpt2Tokenizer();
        assertEquals(50257, tokenizer.size());
        assertArrayEquals(new int[] {15496, 11, 995, 0}, tokenizer.encode("Hello, world!"));
        assertArrayEquals(new int[] {5962, 22307, 25}, tokenizer.encode("First Citizen:"));
        assertEquals("<|endoftext|>", tokenizer.decode(new int[] {50256}));
        assertTrue(Arrays.stream(tokenizer.encode("<|endoftext|>")).noneMatch(token -> token == 50256));
        assertEquals("token is 50257; expected 0 to 50256", message(() -> tokenizer.decode(new int[] {50257})));
    }

    @Test
    void randomTextSurvivesBoth() {
        for (long seed = 0; seed < 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int[] codePoints = random.ints(200, 1, 0x11000).filter(Character::isDefined)
                    .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE).toArray();
            String text = new String(codePoints, 0, codePoints.length);
            CharTokenizer characters = CharTokenizer.of(text);
            assertEquals(text, characters.decode(characters.encode(text)), "seed " + seed);
            Tokenizer gpt2 = new Gpt2Tokenizer();
            assertEquals(text, gpt2.decode(gpt2.encode(text)), "seed " + seed);
        }
    }

    private static String message(Runnable action) {
        return assertThrows(IllegalArgumentException.class, action::run).getMessage();
    }
}
