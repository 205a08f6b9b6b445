package lanewise.kernels.simd;

import static lanewise.kernels.simd.AttentionBlockF32.KEYS;
import static lanewise.kernels.simd.AttentionBlockF32.QUERIES;
import static lanewise.kernels.simd.AttentionBlockF32.ROWS;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * The forward pass with the queries in the lanes: S^T = K Q^T with Q^T packed, the softmax down the columns of S^T, and
 * O += P V, which reads P across its rows. A task is a span of blocks of queries of one head, which share a copy of each
 * block of keys and values.
 */
final class AttentionForwardF32 implements Workers.Task {
    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Rows of O of a block, with those that the last tile touches beyond it. */
    private static final int BLOCK_ROWS = AttentionBlockF32.padToRows(QUERIES);
    /** Of each query of a block: the sum of exponentials, their reference, and the factor of the last step. */
    private static final int STATISTICS = 3 * QUERIES;
    /** The longer, the fewer copies of keys and values; its queries and sums should stay in the L2 cache. */
    private static final int LONGEST_SPAN = 16;
    /** Fewer would leave threads idle at the end. */
    private static final int TASKS_PER_THREAD = 4;

    private final Workers workers;
    private final AttentionShape shape;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor output;
    private final Tensor logSumExp;
    private final int width;
    private final int padded;
    private final int blocks;
    private final int span;
    private final int spans;

    AttentionForwardF32(Workers workers, AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        this.workers = workers;
        this.shape = shape;
        this.query = query;
        this.key = key;
        this.value = value;
        this.output = output;
        this.logSumExp = logSumExp;
        width = shape.headWidth();
        padded = AttentionBlockF32.padToPanel(width);
        blocks = (shape.queryLength() + QUERIES - 1) / QUERIES;
        int tasks = shape.batch() * shape.heads() * blocks;
        span = Math.max(1, Math.min(Math.min(LONGEST_SPAN, blocks), tasks / (TASKS_PER_THREAD * workers.threads())));
        spans = (blocks + span - 1) / span;
    }

    void run() {
        workers.run(shape.batch() * shape.heads() * spans, this);
    }

    @Override
    public void run(int index) {
        // The last queries of a causal head have the most to do, so they come first.
        int firstBlock = (spans - 1 - index % spans) * span;
        int lastBlock = Math.min(firstBlock + span, blocks) - 1;
        int head = index / spans % shape.heads();
        int sequence = index / spans / shape.heads();

        Scratch scratch = workers.scratch();
        float[] transposed = scratch.floats(0, span * width * QUERIES);
        float[] sums = scratch.floats(1, span * BLOCK_ROWS * padded);
        float[] statistics = scratch.floats(2, span * STATISTICS);
        float[] k = scratch.floats(3, (KEYS + ROWS) * padded);
        float[] v = scratch.floats(4, KEYS * padded);
        for (int block = firstBlock; block <= lastBlock; block++) {
            int at = block - firstBlock;
            start(sequence, head, block, transposed, at * width * QUERIES, statistics, at * STATISTICS);
        }
        int end = shape.visibleKeys(sequence, Math.min((lastBlock + 1) * QUERIES, shape.queryLength()) - 1);
        int keyColumn = head / (shape.heads() / shape.keyHeads()) * width;
        for (int start = 0; start < end; start += KEYS) {
            int keyRow = sequence * shape.keyLength() + start;
            int keys = Math.min(KEYS, end - start);
            AttentionBlockF32.copyPadded(keys, width, key.floats(),
                    key.offset() + keyRow * key.rowStride() + keyColumn, key.rowStride(), k, 0, padded);
            AttentionBlockF32.copyPadded(keys, width, value.floats(),
                    value.offset() + keyRow * value.rowStride() + keyColumn, value.rowStride(), v, 0, padded);
            for (int block = firstBlock; block <= lastBlock; block++) {
                int at = block - firstBlock;
                step(block, start, end, k, v, transposed, at * width * QUERIES, sums, at * BLOCK_ROWS * padded,
                        statistics, at * STATISTICS);
            }
        }
        for (int block = firstBlock; block <= lastBlock; block++) {
            finish(sequence, head, block, sums, (block - firstBlock) * BLOCK_ROWS * padded,
                    statistics, (block - firstBlock) * STATISTICS);
        }
    }

    private int queries(int block) {
        return Math.min(QUERIES, shape.queryLength() - block * QUERIES);
    }

    private void start(int sequence, int head, int block, float[] transposed, int transposedAt,
            float[] statistics, int statisticsAt) {
        int row = sequence * shape.queryLength() + block * QUERIES;
        int queries = queries(block);
        TransposeF32.transpose(queries, AttentionBlockF32.padToPanel(queries), width, query.floats(),
                query.offset() + row * query.rowStride() + head * width, query.rowStride(),
                (float) (shape.scale() * Float64Exp2.LOG2_E), transposed, transposedAt, QUERIES);
        Arrays.fill(statistics, statisticsAt, statisticsAt + QUERIES, 0f);
        Arrays.fill(statistics, statisticsAt + QUERIES, statisticsAt + 2 * QUERIES, -Float.MAX_VALUE);
    }

    /** One block of queries meets one block of keys. */
    private void step(int block, int start, int end, float[] k, float[] v, float[] transposed, int transposedAt,
            float[] sums, int sumsAt, float[] statistics, int statisticsAt) {
        int queries = queries(block);
        int columns = AttentionBlockF32.padToPanel(queries);
        int keys = Math.min(KEYS, end - start);
        int seen = AttentionBlockF32.ALL;
        if (shape.causal()) {
            seen = block * QUERIES + shape.keyLength() - shape.queryLength() + 1 - start;
            keys = AttentionBlockF32.seenBy(queries - 1, seen, keys);
        }
        if (keys == 0) {
            return;
        }
        float[] s = workers.scratch().floats(5, AttentionBlockF32.ELEMENTS);
        AttentionProductsF32.scores(keys, columns, seen, width, k, 0, padded, transposed, transposedAt, s, 0);
        AttentionSoftmaxF32.online(columns, keys, seen, s, 0, statistics, statisticsAt);
        if (start > 0) {
            rescale(queries, sums, sumsAt, statistics, statisticsAt + 2 * QUERIES);
        }
        if (seen < keys && AttentionBlockF32.hasNonFinite(keys * padded, v, 0)) {
            AttentionProductsF32.sumOverKeysExactly(queries, keys, seen, padded, s, 0, v, 0, padded,
                    sums, sumsAt, padded, start > 0);
        } else {
            AttentionProductsF32.sumOverKeys(queries, keys, seen, padded, s, 0, v, 0, padded,
                    sums, sumsAt, padded, start > 0);
        }
    }

    private void rescale(int queries, float[] sums, int sumsAt, float[] statistics, int factors) {
        for (int i = 0; i < queries; i++) {
            float factor = statistics[factors + i];
            if (factor != 1f) {
                int at = sumsAt + i * padded;
                for (int p = 0; p < padded; p += LANES) {
                    FloatVector.fromArray(SPECIES, sums, at + p).mul(factor).intoArray(sums, at + p);
                }
            }
        }
    }

    private void finish(int sequence, int head, int block, float[] sums, int sumsAt, float[] statistics, int totals) {
        float[] out = output.floats();
        int queries = queries(block);
        int row = sequence * shape.queryLength() + block * QUERIES;
        int offset = output.offset() + row * output.rowStride() + head * width;
        for (int i = 0; i < queries; i++) {
            float total = statistics[totals + i];
            int to = offset + i * output.rowStride();
            if (total == 0f) {
                // No key seen, or none with a score above -inf.
                Arrays.fill(out, to, to + width, 0f);
            } else {
                AttentionBlockF32.copyScaled(1, width, 1f / total, sums, sumsAt + i * padded, padded, out, to, 0);
            }
        }
        if (logSumExp != null) {
            float[] results = logSumExp.floats();
            int at = logSumExp.offset() + (sequence * shape.heads() + head) * logSumExp.rowStride() + block * QUERIES;
            int maxima = totals + QUERIES;
            int logs = totals + 2 * QUERIES;
            System.arraycopy(statistics, totals, statistics, logs, QUERIES);
            Float32Exp2.log2(statistics, logs, QUERIES);
            for (int i = 0; i < queries; i++) {
                float total = statistics[totals + i];
                results[at + i] = total > 0f ? (statistics[maxima + i] + statistics[logs + i]) * Float32Exp2.LN_2
                        : total == 0f ? Float.NEGATIVE_INFINITY : Float.NaN;
            }
        }
    }
}
