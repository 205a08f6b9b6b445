package lanewise.transformer.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Names a run's data well enough to open it again when the run is resumed.
 *
 * @param task      what is learnt
 * @param digits    digits per number, for {@link Task#ADDITION}; else 0
 * @param file      absolute path of the text, for {@link Task#TEXT}; else null
 * @param sha256    of the file in hexadecimal; null if it is not known yet
 * @param tokens    how the text is cut
 * @param context   tokens per sequence
 */
public record DataConfig(Task task, int digits, String file, String sha256, Tokens tokens, int context) {
    /** Built-in tasks. */
    public enum Task {
        /** {@link AdditionData}. */
        ADDITION,
        /** {@link TextData}. */
        TEXT
    }

    /** Kinds of tokens. */
    public enum Tokens {
        /** {@link CharTokenizer}. */
        CHARACTERS,
        /** {@link Gpt2Tokenizer}. */
        GPT2
    }

    /** Checks that the parts fit together. */
    public DataConfig {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(tokens, "tokens");
        if (task == Task.TEXT && file == null) {
            throw new IllegalArgumentException("file is missing; a text task needs one");
        }
        if (task == Task.ADDITION && (digits < 1 || digits > 9)) {
            throw new IllegalArgumentException("digits is " + digits + "; expected 1 to 9");
        }
        if (context < 1) {
            throw new IllegalArgumentException("context is " + context + "; expected at least 1");
        }
    }

    /** Sums of numbers of a number of digits. */
    public static DataConfig addition(int digits) {
        return new DataConfig(Task.ADDITION, digits, null, null, Tokens.CHARACTERS,
                new AdditionData(digits, 1, 0).context());
    }

    /** The text that was read. */
    public static DataConfig text(Path file, TextData data, Tokens tokens, int context) {
        return new DataConfig(Task.TEXT, 0, file.toAbsolutePath().toString(), data.sha256(), tokens, context);
    }

    /**
     * Opens the text of a run again.
     *
     * @param tokenizer as stored with the run
     * @throws IOException if the file can't be used (see {@link TextData#read}) or is not the one that the run was trained on
     */
    public TextData reopen(Tokenizer tokenizer, int batch, long seed) throws IOException {
        TextData data;
        try {
            data = TextData.read(Path.of(file), text -> tokenizer, context, batch, seed);
        } catch (IllegalArgumentException unknownCharacter) {
            throw new IOException("text file " + file + " has changed since the run began: "
                    + unknownCharacter.getMessage(), unknownCharacter);
        }
        if (sha256 != null && !sha256.equals(data.sha256())) {
            throw new IOException("text file " + file + " has changed since the run began (SHA-256 " + data.sha256()
                    + ", then " + sha256 + ")");
        }
        return data;
    }
}
