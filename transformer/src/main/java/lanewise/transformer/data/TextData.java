package lanewise.transformer.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * A text file as training data: the first 90 % of its characters train, the rest is held out. Training batches are
 * random crops.
 */
public final class TextData implements DataSource<TokenBatch> {
    private static final double TRAINING_SHARE = 0.9;

    private final Tokenizer tokenizer;
    private final String sha256;
    private final int[] training;
    private final int[] validation;
    private final int context;
    private final int batch;
    private final long seed;

    private TextData(Tokenizer tokenizer, String sha256, int[] training, int[] validation, int context, int batch,
            long seed) {
        this.tokenizer = tokenizer;
        this.sha256 = sha256;
        this.training = training;
        this.validation = validation;
        this.context = context;
        this.batch = batch;
        this.seed = seed;
    }

    /**
     * Reads a UTF-8 file; a byte order mark at its start is skipped.
     *
     * @param tokenizer makes the tokenizer from the whole text: {@code CharTokenizer::of}, or
     *                  {@code text -> new Gpt2Tokenizer()}
     * @param context   tokens per sequence, at least 1
     * @param batch     sequences per batch, at least 1
     * @throws IOException              if the file is missing, a directory, unreadable, empty or not UTF-8 text, or if
     *                                  either part is shorter than context + 1 tokens; says which
     * @throws IllegalArgumentException if context or batch is below 1 or their product 2^31 or more, or the tokenizer
     *                                  lacks a character
     */
    public static TextData read(Path file, Function<String, Tokenizer> tokenizer, int context, int batch, long seed)
            throws IOException {
        if (context < 1 || batch < 1) {
            throw new IllegalArgumentException(
                    "context is " + context + " and batch " + batch + "; expected at least 1 each");
        }
        if ((long) context * batch > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("context " + context + " times batch " + batch + " is "
                    + (long) context * batch + " tokens; expected less than 2^31");
        }
        byte[] bytes = readBytes(file);
        String text = decode(file, bytes);
        Tokenizer tokens = tokenizer.apply(text);
        int characters = text.codePointCount(0, text.length());
        int cut = text.offsetByCodePoints(0, (int) (characters * TRAINING_SHARE));
        int[] training = tokens.encode(text.substring(0, cut));
        int[] validation = tokens.encode(text.substring(cut));
        requireLength(file, "training part (its first 90 %)", training.length, context);
        requireLength(file, "validation part (its last 10 %)", validation.length, context);
        return new TextData(tokens, digest(bytes), training, validation, context, batch, seed);
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** SHA-256 of the file in hexadecimal, to recognise it when a run is resumed. */
    public String sha256() {
        return sha256;
    }

    /** Tokens in the training part. */
    public int trainingTokens() {
        return training.length;
    }

    /** Tokens in the validation part. */
    public int validationTokens() {
        return validation.length;
    }

    /** Crops of the training part, starting anywhere; their targets are the tokens that follow. */
    @Override
    public TokenBatch trainingBatch(long serial) {
        SplittableRandom random = RandomStream.at(seed, serial);
        int[] tokens = new int[batch * context];
        int[] targets = new int[batch * context];
        for (int b = 0; b < batch; b++) {
            int start = random.nextInt(training.length - context);
            System.arraycopy(training, start, tokens, b * context, context);
            System.arraycopy(training, start + 1, targets, b * context, context);
        }
        return new TokenBatch(batch, context, tokens, targets);
    }

    /**
     * The validation part in consecutive windows, so that each of its tokens but the first is a target exactly once. What
     * the last batch lacks is filled with positions that do not count: all batches have the same shape.
     */
    @Override
    public List<TokenBatch> heldOut() {
        int windows = (validation.length - 1 + context - 1) / context;
        int batches = (windows + batch - 1) / batch;
        return new AbstractList<>() {
            @Override
            public TokenBatch get(int index) {
                return window(Objects.checkIndex(index, batches));
            }

            @Override
            public int size() {
                return batches;
            }
        };
    }

    private TokenBatch window(int index) {
        int size = batch * context;
        int start = index * size;
        int count = Math.min(size, validation.length - 1 - start);
        int[] tokens = new int[size];
        int[] targets = new int[size];
        System.arraycopy(validation, start, tokens, 0, count);
        System.arraycopy(validation, start + 1, targets, 0, count);
        Arrays.fill(targets, count, size, TokenBatch.IGNORED);
        return new TokenBatch(batch, context, tokens, targets);
    }

    @Override
    public long tokens(TokenBatch batch) {
        return batch.tokens().length;
    }

    private static byte[] readBytes(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException("text file " + file + " does not exist");
        }
        if (Files.isDirectory(file)) {
            throw new IOException("text file " + file + " is a directory; expected a file");
        }
        byte[] bytes;
        try {
            if (Files.size(file) > Integer.MAX_VALUE - 8) {
                throw new IOException("text file " + file + " has " + Files.size(file)
                        + " bytes; at most 2^31 - 9 are supported");
            }
            bytes = Files.readAllBytes(file);
        } catch (AccessDeniedException denied) {
            throw new IOException("text file " + file + " can't be read: permission denied", denied);
        }
        if (bytes.length == 0) {
            throw new IOException("text file " + file + " is empty");
        }
        return bytes;
    }

    private static String decode(Path file, byte[] bytes) throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw notText(file, in.position(),
                    String.format("starts no valid character (%02x)", bytes[in.position()]));
        }
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                throw notText(file, i, "holds 00");
            }
        }
        decoder.flush(out);
        out.flip();
        boolean marked = out.length() > 0 && out.charAt(0) == '\uFEFF';
        return (marked ? out.subSequence(1, out.length()) : out).toString();
    }

    private static IOException notText(Path file, int position, String what) {
        return new IOException("text file " + file + " is not UTF-8 text: the byte at position " + position + " " + what
                + "; is it a binary file or in another encoding?");
    }

    private static void requireLength(Path file, String part, int tokens, int context) throws IOException {
        if (tokens < context + 1) {
            throw new IOException("text file " + file + " is too short: its " + part + " has " + tokens
                    + " tokens; expected at least context + 1 = " + (context + 1L));
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every Java platform has SHA-256
        }
    }
}
