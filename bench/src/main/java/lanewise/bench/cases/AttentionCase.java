package lanewise.bench.cases;

import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Attention of float32, scaled by 1 / sqrt(head width). Operations, for every query and every key that it sees: 4 head widths
 * forward (scores, and sum of values), 10 more backward (scores again, and four products of gradients). So a causal mask about halves the count,
 * and what is computed of the hidden half counts for nothing. Row (sequence, position) and column (head, element) of each
 * matrix. Results: 0 the output; 1, 2, 3 the gradients of query, key and value.
 */
public final class AttentionCase extends Case {
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

    /** Compares the first head of the first sequence, and the last of the last, with the scalar implementation. */
    @Override
    public void check(Task task) {
        checkHead(task, 0, 0);
        checkHead(task, shape.batch() - 1, shape.heads() - 1);
    }

    private void checkHead(Task task, int sequence, int head) {
        int width = shape.headWidth();
        int queries = shape.queryLength();
        int keys = shape.keyLength();
        AttentionShape one = new AttentionShape(1, 1, 1, queries, keys, width, shape.scale(), shape.causal(), null);
        Tensor q = part(query, sequence, queries, head);
        Tensor k = part(key, sequence, keys, head);
        Tensor v = part(value, sequence, keys, head);
        Tensor output = Tensor.zeros(ElementType.FLOAT32, queries, width);
        Tensor[] expected = {output, Tensor.zeros(ElementType.FLOAT32, queries, width),
            Tensor.zeros(ElementType.FLOAT32, keys, width), Tensor.zeros(ElementType.FLOAT32, keys, width)};
        Tensor logSumExp = Tensor.zeros(ElementType.FLOAT32, 1, queries);
        try (Kernels scalar = Kernels.builder().implementation("scalar").build()) {
            scalar.attention().forward(one, q, k, v, output, logSumExp);
            if (backward) {
                scalar.attention().backward(one, q, k, v, output, logSumExp, part(dOutput, sequence, queries, head),
                        expected[1], expected[2], expected[3]);
            }
        }
        String[] names = {"output", "gradient of query", "gradient of key", "gradient of value"};
        for (int r = 0; r < (backward ? 4 : 1); r++) {
            double[] actual = task.result(r);
            int rows = r < 2 ? queries : keys;
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < width; j++) {
                    int index = (sequence * rows + i) * shape.heads() * width + head * width + j;
                    double wanted = expected[r].get(i, j);
                    near(names[r], index, actual[index], wanted, 5e-5 * (1 + Math.abs(wanted)));
                }
            }
        }
    }

    private Tensor part(Tensor tensor, int sequence, int length, int head) {
        return tensor.rowRange(sequence * length, (sequence + 1) * length)
                .columnRange(head * shape.headWidth(), (head + 1) * shape.headWidth());
    }
}
