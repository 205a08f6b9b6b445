package lanewise.bench.cases;

import java.util.Arrays;
import java.util.Random;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Rows of a table by their ids, {@code "768x128 forward of 65"}: 768 ids, width 128, 65 entries. Result 0: forward the rows;
 * backward the dense gradient of the table, sums of the rows' gradients and zeros elsewhere. Bytes: forward those entries of the
 * table that are asked for, each once, and the rows; backward the rows' gradients and the whole table's.
 */
public final class EmbeddingCase extends RowsCase {
    /** Entries of the table. */
    public final int vocabulary;
    /** vocabulary x columns. */
    public final Tensor table;
    /** rows ids. */
    public final int[] ids;
    /** rows x columns. */
    public final Tensor dy;
    private final double bytes;

    /** Reads a row such as {@code "768x128 backward of 65"}. */
    public EmbeddingCase(String row) {
        super(row);
        vocabulary = Integer.parseInt(row.substring(row.lastIndexOf(' ') + 1));
        table = random(1, ElementType.FLOAT32, vocabulary, columns);
        ids = new Random(2).ints(rows, 0, vocabulary).toArray();
        dy = matrix(3);
        bytes = 4.0 * columns * (rows + (backward ? vocabulary : Arrays.stream(ids).distinct().count()));
    }

    @Override
    public double bytes() {
        return bytes;
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.embedding(this, threads);
    }

    @Override
    public void check(Task task) {
        Tensor expected = Tensor.zeros(ElementType.FLOAT32, backward ? vocabulary : rows, columns);
        try (Kernels definition = definition()) {
            if (backward) {
                definition.embedding().scatterAdd(dy, ids, expected);
            } else {
                definition.embedding().gather(table, ids, expected);
            }
        }
        same(backward ? "gradient of the table" : "rows", task, 0, expected, 1e-5);
    }
}
