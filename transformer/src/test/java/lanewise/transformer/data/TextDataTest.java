package lanewise.transformer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextDataTest {
    @TempDir
    Path folder;

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("text.txt"), bytes);
    }

    private Path write(String text) throws IOException {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A text in which every token of the validation part is at a known place. */
    private static String randomText(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder("\uD83D\uDE00"); // so that characters and chars differ in number
        while (text.codePointCount(0, text.length()) < length) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    @Test
    void validationIsCoveredExactlyOnce() throws IOException {
        for (int context : new int[] {1, 2, 7, 16, 99}) {
            for (int batch : new int[] {1, 3, 8}) {
                for (int length : new int[] {1000, 1001, 1007, 1234}) {
                    String text = randomText(length, length);
                    TextData data = TextData.read(write(text), CharTokenizer::of, context, batch, 1);
                    int cut = (int) (length * 0.9);
                    int[] all = data.tokenizer().encode(text);
                    assertEquals(cut, data.trainingTokens());
                    int position = cut;
                    for (TokenBatch held : data.heldOut()) {
                        assertEquals(batch, held.batch());
                        assertEquals(context, held.length());
                        for (int i = 0; i < held.tokens().length; i++) {
                            if (held.targets()[i] == TokenBatch.IGNORED) {
                                assertEquals(length - 1, position, "only the end may not count");
                            } else {
                                assertEquals(all[position], held.tokens()[i]);
                                assertEquals(all[position + 1], held.targets()[i]);
                                position++;
                            }
                        }
                    }
                    assertEquals(length - 1, position, "context " + context + ", batch " + batch);
                    List<TokenBatch> batches = data.heldOut();
                    assertTrue(Arrays.stream(batches.get(batches.size() - 1).targets())
                            .anyMatch(target -> target != TokenBatch.IGNORED));
                    assertThrows(IndexOutOfBoundsException.class, () -> batches.get(batches.size()));
                }
            }
        }
    }

    @Test
    void trainingBatchesAreCropsOfTheTrainingPart() throws IOException {
        String text = randomText(500, 2);
        TextData data = TextData.read(write(text), CharTokenizer::of, 6, 4, 3);
        String training = text.substring(0, text.offsetByCodePoints(0, 450));
        boolean first = false;
        boolean last = false;
        for (long serial = 0; serial < 2000; serial++) {
            TokenBatch batch = data.trainingBatch(serial);
            for (int b = 0; b < 4; b++) {
                int[] crop = new int[7];
                System.arraycopy(batch.tokens(), b * 6, crop, 0, 6);
                crop[6] = batch.targets()[b * 6 + 5];
                for (int t = 0; t < 5; t++) {
                    assertEquals(batch.tokens()[b * 6 + t + 1], batch.targets()[b * 6 + t]);
                }
                String words = data.tokenizer().decode(crop);
                assertTrue(training.contains(words), words);
                first |= training.startsWith(words);
                last |= training.endsWith(words);
            }
        }
        assertTrue(first && last, "every crop must be possible");
    }

    @Test
    void batchesAreAFunctionOfSeedAndSerial() throws IOException {
        Path file = write(randomText(800, 4));
        TextData data = TextData.read(file, CharTokenizer::of, 8, 5, 6);
        TextData again = TextData.read(file, CharTokenizer::of, 8, 5, 6);
        TextData other = TextData.read(file, CharTokenizer::of, 8, 5, 7);
        TokenBatch tenth = data.trainingBatch(10);
        for (long serial = 20; serial >= 0; serial--) {
            assertArrayEquals(data.trainingBatch(serial).tokens(), again.trainingBatch(serial).tokens());
            assertArrayEquals(data.trainingBatch(serial).targets(), again.trainingBatch(serial).targets());
            assertFalse(Arrays.equals(data.trainingBatch(serial).tokens(), other.trainingBatch(serial).tokens()));
            assertEquals(serial == 10, Arrays.equals(tenth.tokens(), data.trainingBatch(serial).tokens()));
        }
    }

    @Test
    void aByteOrderMarkIsSkipped() throws IOException {
        TextData plain = TextData.read(write("abc".repeat(100)), CharTokenizer::of, 4, 1, 0);
        TextData marked = TextData.read(write("\uFEFF" + "abc".repeat(100)), CharTokenizer::of, 4, 1, 0);
        assertEquals(plain.tokenizer().size(), marked.tokenizer().size());
        assertEquals(plain.trainingTokens(), marked.trainingTokens());
    }

    @Test
    void gpt2TokensOfTheParts() throws IOException {
        String text = "First Citizen: before we proceed any further, hear me speak.\n".repeat(40);
        TextData data = TextData.read(write(text), whole -> new Gpt2Tokenizer(), 16, 2, 0);
        int cut = (int) (text.length() * 0.9);
        int[] validation = data.tokenizer().encode(text.substring(cut));
        assertEquals(validation.length, data.validationTokens());
        assertEquals(validation[1], data.heldOut().get(0).targets()[0]);
    }

    @Test
    void unusableFilesAreNamed() throws IOException {
        assertMessage(folder.resolve("absent"), "does not exist");
        assertMessage(folder, "is a directory");
        assertMessage(write(""), "is empty");
        assertMessage(write(new byte[] {'a', 'b', (byte) 0xff, 'c'}), "is not UTF-8 text: the byte at position 2 ");
        assertMessage(write(new byte[] {'a', (byte) 0xc3, (byte) 0xa9, (byte) 0xe2, (byte) 0x82}), "position 3 ");
        assertMessage(write("plain\0text"), "position 5 ");
        assertMessage(write("text".getBytes(StandardCharsets.UTF_16)), "position 0 ");
        byte[] random = new byte[5000];
        new SplittableRandom(1).nextBytes(random);
        assertMessage(write(random), "is not UTF-8 text");
        assertMessage(write("ab".repeat(4)), "its training part (its first 90 %) has 7 tokens; expected at least context + 1 = 9");
        assertMessage(write("ab".repeat(40)), "its validation part (its last 10 %) has 8 tokens; expected at least context + 1 = 9");
        TextData.read(write("ab".repeat(45)), CharTokenizer::of, 8, 1, 0);
        Path good = folder.resolve("text.txt");
        assertEquals("context 65536 times batch 32768 is 2147483648 tokens; expected less than 2^31", assertThrows(
                IllegalArgumentException.class, () -> TextData.read(good, CharTokenizer::of, 65536, 32768, 0)).getMessage());
        assertEquals("context is 0 and batch 1; expected at least 1 each", assertThrows(IllegalArgumentException.class,
                () -> TextData.read(good, CharTokenizer::of, 0, 1, 0)).getMessage());
    }

    @Test
    void aChangedFileIsNoticed() throws IOException {
        Path file = write("abcd".repeat(50));
        TextData data = TextData.read(file, CharTokenizer::of, 8, 1, 0);
        DataConfig config = DataConfig.text(file, data, DataConfig.Tokens.CHARACTERS, 8);
        assertArrayEquals(data.trainingBatch(3).tokens(), config.reopen(data.tokenizer(), 1, 0).trainingBatch(3).tokens());
        write("abdc".repeat(50));
        assertTrue(assertThrows(IOException.class, () -> config.reopen(data.tokenizer(), 1, 0)).getMessage()
                .contains("has changed since the run began"));
        write("abcde".repeat(50));
        assertTrue(assertThrows(IOException.class, () -> config.reopen(data.tokenizer(), 1, 0)).getMessage()
                .contains("has changed since the run began"));
    }

    private static void assertMessage(Path file, String expected) {
        String message = assertThrows(IOException.class, () -> TextData.read(file, CharTokenizer::of, 8, 1, 0)).getMessage();
        assertTrue(message.startsWith("text file " + file) && message.contains(expected), message);
    }
}
