package lanewise.transformer.models;

import java.util.Arrays;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.LayerContext;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.layers.RowBuffer;

/**
 * The end of a language model: {@code logits = h E^T} with the embedding's table E, and the cross-entropy. Rows are worked
 * off in chunks, so that the logits of a large vocabulary never stand in memory all at once.
 */
final class TiedHead {
    private static final int CHUNK_ELEMENTS = 1 << 24;
    /** Rows of scores begin on boundaries of this many: a GPU's products read and write 16 bytes at a time only there. */
    private static final int BOUNDARY = 8;

    private final Kernels kernels;
    private final Parameter table;
    private final int chunkRows;
    private final RowBuffer logits;
    private final RowBuffer losses;

    TiedHead(LayerContext context, Parameter table) {
        kernels = context.kernels();
        this.table = table;
        int vocabulary = table.value().rows();
        chunkRows = Math.max(1, CHUNK_ELEMENTS / vocabulary);
        logits = context.buffer(vocabulary, Math.floorMod(-vocabulary, BOUNDARY));
        losses = context.numberPerRow();
    }

    /** Scores of all tokens for some rows, in a buffer of this head: [rows, vocabulary]. */
    Tensor logits(Tensor h) {
        logits.rows(h.rows());
        Tensor scores = logits.part(0);
        kernels.matmul().multiply(false, true, 1, h, table.working(), 0, scores, Epilogue.NONE);
        return scores;
    }

    /**
     * Adds to the table's gradient and overwrites that of h. The loss is then to be had from {@link #loss}.
     *
     * @param h             [rows, width]
     * @param targets       [rows]
     * @param gradientScale multiplies the gradient of the sum
     * @param dH            shape of h
     */
    void differentiate(Tensor h, int[] targets, double gradientScale, Tensor dH) {
        Tensor perRow = losses.rows(h.rows());
        for (int from = 0; from < h.rows(); from += chunkRows) {
            int to = Math.min(from + chunkRows, h.rows());
            Tensor rows = chunk(h, from, to);
            Tensor scores = logits(rows);
            kernels.loss().crossEntropy(scores, chunk(targets, from, to), TokenBatch.IGNORED, gradientScale, chunkOfVector(perRow, from, to),
                    scores);
            table.addToGradient(kernels.matmul(), 1, scores, rows);
            kernels.matmul().multiply(scores, table.working(), chunk(dH, from, to));
        }
    }

    /** The sum of the losses of the last {@link #differentiate}. Waits for a device. */
    double loss() {
        return kernels.reduction().sum(losses.current());
    }

    /** The sum of the losses, without a gradient. */
    Evaluation evaluate(Tensor h, int[] targets) {
        Evaluation sum = Evaluation.NONE;
        for (int from = 0; from < h.rows(); from += chunkRows) {
            int to = Math.min(from + chunkRows, h.rows());
            Tensor scores = logits(chunk(h, from, to));
            int[] wanted = chunk(targets, from, to);
            Tensor perRow = losses.rows(scores.rows());
            kernels.loss().crossEntropy(scores, wanted, TokenBatch.IGNORED, 0, perRow, null);
            sum = sum.plus(new Evaluation(kernels.reduction().sum(perRow), Classes.counted(wanted, TokenBatch.IGNORED),
                    Classes.correct(scores, wanted, TokenBatch.IGNORED)));
        }
        return sum;
    }

    private static Tensor chunkOfVector(Tensor x, int from, int to) {
        return to - from == x.columns() ? x : x.columnRange(from, to);
    }

    private static Tensor chunk(Tensor x, int from, int to) {
        return to - from == x.rows() ? x : x.rowRange(from, to);
    }

    private static int[] chunk(int[] targets, int from, int to) {
        return to - from == targets.length ? targets : Arrays.copyOfRange(targets, from, to);
    }
}
