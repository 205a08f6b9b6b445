package lanewise.transformer.data;

import java.util.Arrays;
import java.util.Objects;
import lanewise.kernels.Tensor;

/**
 * Sequences of vectors or of tokens, and what to predict for each sequence or for each of its tokens.
 *
 * @param batch        sequences
 * @param length       rows per sequence, padding included
 * @param inputs       [batch length, input width]; null if the input is tokens
 * @param tokens       [batch length]; null if the input is vectors
 * @param targets      real targets: [batch, outputs] for a model that pools, [batch length, outputs] for one that does
 *                     not; null if the targets are classes
 * @param classes      target classes: [batch] or [batch length]; {@link #IGNORED} where there is none, so for padding;
 *                     null if the targets are real
 * @param validLengths rows of each sequence that are not padding, [batch], each at least 1; null if there is no padding
 */
public record ExampleBatch(int batch, int length, Tensor inputs, int[] tokens, Tensor targets, int[] classes,
        int[] validLengths) implements SequenceBatch<ExampleBatch> {
    /** The class of a row that does not count. */
    public static final int IGNORED = -1;

    /**
     * Checks that the parts fit together.
     *
     * @throws IllegalArgumentException naming the part, what was given and what was expected
     */
    public ExampleBatch {
        if (batch < 1 || length < 1) {
            throw new IllegalArgumentException(
                    "batch is " + batch + " and length is " + length + "; both must be at least 1");
        }
        int rows = Math.multiplyExact(batch, length);
        if ((inputs == null) == (tokens == null)) {
            throw new IllegalArgumentException("expected either inputs or tokens; got "
                    + (inputs == null ? "neither" : "both"));
        }
        if ((targets == null) == (classes == null)) {
            throw new IllegalArgumentException("expected either targets or classes; got "
                    + (targets == null ? "neither" : "both"));
        }
        int given = inputs != null ? inputs.rows() : tokens.length;
        if (given != rows) {
            throw new IllegalArgumentException((inputs != null ? "inputs" : "tokens") + " has " + given
                    + " rows; expected batch * length = " + rows);
        }
        int wanted = targets != null ? targets.rows() : classes.length;
        if (wanted != rows && wanted != batch) {
            throw new IllegalArgumentException((targets != null ? "targets" : "classes") + " has " + wanted
                    + " rows; expected batch, " + batch + ", or batch * length, " + rows);
        }
        if (validLengths != null) {
            if (validLengths.length != batch) {
                throw new IllegalArgumentException(
                        "validLengths has " + validLengths.length + " entries; expected batch = " + batch);
            }
            for (int valid : validLengths) {
                if (valid < 1 || valid > length) {
                    throw new IllegalArgumentException(
                            "validLengths holds " + valid + "; expected 1 to length, " + length);
                }
            }
        }
    }

    /** Vectors with real targets, without padding. */
    public static ExampleBatch regression(int batch, int length, Tensor inputs, Tensor targets) {
        return new ExampleBatch(batch, length, inputs, null, targets, null, null);
    }

    /** Vectors with classes, without padding. */
    public static ExampleBatch classification(int batch, int length, Tensor inputs, int[] classes) {
        return new ExampleBatch(batch, length, inputs, null, null, classes, null);
    }

    /** Tokens with classes, without padding. */
    public static ExampleBatch classification(int batch, int length, int[] tokens, int[] classes) {
        return new ExampleBatch(batch, length, null, tokens, null, classes, null);
    }

    /** The same sequences, of which only the first rows count. */
    public ExampleBatch withValidLengths(int... lengths) {
        return new ExampleBatch(batch, length, inputs, tokens, targets, classes, lengths);
    }

    @Override
    public boolean padded() {
        return validLengths != null;
    }

    @Override
    public ExampleBatch sequence(int index) {
        int row = Objects.checkIndex(index, batch) * length;
        int perSequence = (targets != null ? targets.rows() : classes.length) / batch;
        int target = index * perSequence;
        return new ExampleBatch(1, length, inputs == null ? null : inputs.rowRange(row, row + length),
                tokens == null ? null : Arrays.copyOfRange(tokens, row, row + length),
                targets == null ? null : targets.rowRange(target, target + perSequence),
                classes == null ? null : Arrays.copyOfRange(classes, target, target + perSequence),
                validLengths == null ? null : new int[] {validLengths[index]});
    }
}
