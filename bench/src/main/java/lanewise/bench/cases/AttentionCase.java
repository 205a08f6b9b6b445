package lanewise.bench.cases;

import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * Attention of float32, scaled by 1 / sqrt(head width). Operations, for every query and every key that it sees: 4 head widths
 * forward (scores, and sum of values), 10 more backward (scores again, and four products of gradients). So a causal mask about halves the count,
 * and what is computed of the hidden half counts for nothing. Row (sequence, position) and column (head, element) of each
 * matrix. Results: 0 the output; 1, 2, 3 the gradients of query, key and value.
 */
public final class AttentionCase extends Case {
    /** Rows compared of each result and head. */
    private static final int SAMPLES = 8;

    /** Everything about the sizes and the mask. */
    public final AttentionShape shape;
    /** Whether the backward pass follows in the same run. */
    public final boolean backward;
    /** batch · queryLength x heads · headWidth; where queries and keys are as many, columns of one matrix with key and value: not contiguous. */
    public final Tensor query;
    /** batch · keyLength x heads · headWidth. */
    public final Tensor key;
    /** Like key. */
    public final Tensor value;
    /** The gradient of the output. */
    public final Tensor dOutput;

    /**
     * Reads a row such as {@code "causal 4x12 256 64 forward+backward"}: plain or causal, sequences x heads, length, head
     * width, and which passes; or {@code "decode 1x12 1024 64 forward"}: one query against 1024 keys.
     */
    public AttentionCase(String row) {
        String[] parts = row.split("[x ]");
        boolean decode = parts[0].equals("decode");
        int batch = Integer.parseInt(parts[1]);
        int heads = Integer.parseInt(parts[2]);
        int length = Integer.parseInt(parts[3]);
        int width = Integer.parseInt(parts[4]);
        backward = parts[5].equals("forward+backward");
        int columns = heads * width;
        double scale = 1 / Math.sqrt(width);
        if (decode) {
            shape = new AttentionShape(batch, heads, heads, 1, length, width, scale, true, null);
            query = random(1, ElementType.FLOAT32, batch, columns);
            key = random(2, ElementType.FLOAT32, batch * length, columns);
            value = random(3, ElementType.FLOAT32, batch * length, columns);
        } else {
            shape = AttentionShape.self(batch, heads, length, width, scale, parts[0].equals("causal"));
            Tensor projection = random(1, ElementType.FLOAT32, batch * length, 3 * columns);
            query = projection.columnRange(0, columns);
            key = projection.columnRange(columns, 2 * columns);
            value = projection.columnRange(2 * columns, 3 * columns);
        }
        dOutput = random(4, ElementType.FLOAT32, batch * shape.queryLength(), columns);
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.attention(this, threads);
    }

    @Override
    public double work() {
        double seen = 0;
        for (int q = 0; q < shape.queryLength(); q++) {
            seen += shape.visibleKeys(0, q);
        }
        return (backward ? 14 : 4) * seen * shape.batch() * shape.heads() * shape.headWidth();
    }

    @Override
    public Unit unit() {
        return Unit.GFLOP;
    }

    /** Decoding reads the cache once and does little with it; elsewhere arithmetic is the limit. */
    @Override
    public double bytes() {
        return shape.queryLength() == 1 ? 4.0 * (key.elements() + value.elements()) : 0;
    }

    /** Compares some rows of the first head of the first sequence, and of the last of the last, with {@link AttentionRows}. */
    @Override
    public void check(Task task) {
        double[][] results = new double[backward ? 4 : 1][];
        for (int r = 0; r < results.length; r++) {
            results[r] = task.result(r);
        }
        check(results, 0, 0);
        check(results, shape.batch() - 1, shape.heads() - 1);
    }

    private void check(double[][] results, int sequence, int head) {
        AttentionRows definition = new AttentionRows(this, sequence, head);
        int queries = shape.queryLength();
        int keys = shape.keyLength();
        for (int sample = 0; sample < SAMPLES; sample++) {
            int query = sample * (queries - 1) / (SAMPLES - 1);
            near("output", results[0], sequence * queries + query, head, definition.output(query));
            if (backward) {
                int key = sample * (keys - 1) / (SAMPLES - 1);
                near("gradient of query", results[1], sequence * queries + query, head, definition.queryGradient(query));
                near("gradient of key", results[2], sequence * keys + key, head, definition.keyGradient(key));
                near("gradient of value", results[3], sequence * keys + key, head, definition.valueGradient(key));
            }
        }
    }

    private void near(String what, double[] actual, int row, int head, double[] expected) {
        for (int j = 0; j < expected.length; j++) {
            int index = (row * shape.heads() + head) * shape.headWidth() + j;
            near(what, index, actual[index], expected[j], 5e-5 * (1 + Math.abs(expected[j])));
        }
    }
}
