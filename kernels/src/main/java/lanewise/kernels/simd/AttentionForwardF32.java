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
 * The forward pass with the queries in the lanes. A task is one block of queries of one head: with Q^T packed, S^T = K Q^T
 * reads K in place, the softmax runs down the columns, and O += P V reads P across its rows and V in place.
 */
final class AttentionForwardF32 implements Workers.Task {
    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();

    private final Workers workers;
    private final AttentionShape shape;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor output;
    private final Tensor logSumExp;
    private final int blocks;
    private final int padded;

    AttentionForwardF32(Workers workers, AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        this.workers = workers;
        this.shape = shape;
        this.query = query;
        this.key = key;
        this.value = value;
        this.output = output;
        this.logSumExp = logSumExp;
        blocks = (shape.queryLength() + QUERIES - 1) / QUERIES;
        padded = AttentionBlockF32.padToPanel(shape.headWidth());
    }

    void run() {
        workers.run(shape.batch() * shape.heads() * blocks, this);
    }

    @Override
    public void run(int index) {
        // The last block of a causal head has the most to do, so it comes first.
        int block = blocks - 1 - index % blocks;
        int head = index / blocks % shape.heads();
        int sequence = index / blocks / shape.heads();
        int width = shape.headWidth();
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        int columns = AttentionBlockF32.padToPanel(queries);
        int keyHead = head / (shape.heads() / shape.keyHeads());

        Scratch scratch = workers.scratch();
        float[] transposed = scratch.floats(0, width * QUERIES);
        float[] s = scratch.floats(1, AttentionBlockF32.ELEMENTS);
        float[] sum = scratch.floats(2, (QUERIES + ROWS) * padded);
        float[] statistics = scratch.floats(3, 3 * QUERIES);
        float[] edge = scratch.floats(4, ROWS * width);
        float[] v = scratch.floats(5, KEYS * padded);

        int row = sequence * shape.queryLength() + first;
        AttentionBlockF32.packTransposed(queries, columns, width, query.floats(),
                query.offset() + row * query.rowStride() + head * width, query.rowStride(),
                (float) (shape.scale() * Float64Exp2.LOG2_E), transposed, 0);
        Arrays.fill(statistics, 0, QUERIES, 0f);
        Arrays.fill(statistics, QUERIES, 2 * QUERIES, -Float.MAX_VALUE);

        int end = shape.visibleKeys(sequence, first + queries - 1);
        for (int start = 0; start < end; start += KEYS) {
            int keys = Math.min(KEYS, end - start);
            int seen = shape.causal() ? first + shape.keyLength() - shape.queryLength() + 1 - start : AttentionBlockF32.ALL;
            int keyRow = sequence * shape.keyLength() + start;
            AttentionProductsF32.scores(keys, columns, seen, width, key.floats(),
                    key.offset() + keyRow * key.rowStride() + keyHead * width, key.rowStride(), shape.keyLength() - start,
                    transposed, 0, s, 0, edge, 0);
            AttentionSoftmaxF32.online(columns, keys, seen, s, 0, statistics, 0);
            if (start > 0) {
                rescale(queries, sum, statistics);
            }
            // Rows of V stand far apart, often at a power of two: together they stay in the cache.
            AttentionBlockF32.copyPadded(keys, width, value.floats(),
                    value.offset() + keyRow * value.rowStride() + keyHead * width, value.rowStride(), v, 0, padded);
            if (seen < keys && AttentionBlockF32.hasNonFinite(keys, padded, v, 0, padded)) {
                AttentionProductsF32.sumOverKeysExactly(queries, keys, seen, padded, s, 0, v, 0, padded,
                        sum, 0, padded, start > 0);
            } else {
                AttentionProductsF32.sumOverKeys(queries, keys, seen, padded, s, 0, v, 0, padded,
                        sum, 0, padded, start > 0);
            }
        }
        finish(sequence, head, first, queries, sum, statistics);
    }

    private void rescale(int queries, float[] sum, float[] statistics) {
        for (int i = 0; i < queries; i++) {
            float factor = statistics[2 * QUERIES + i];
            if (factor != 1f) {
                for (int p = i * padded; p < (i + 1) * padded; p += LANES) {
                    FloatVector.fromArray(SPECIES, sum, p).mul(factor).intoArray(sum, p);
                }
            }
        }
    }

    private void finish(int sequence, int head, int first, int queries, float[] sum, float[] statistics) {
        float[] out = output.floats();
        int width = shape.headWidth();
        int row = sequence * shape.queryLength() + first;
        int offset = output.offset() + row * output.rowStride() + head * width;
        for (int i = 0; i < queries; i++) {
            float total = statistics[i];
            int to = offset + i * output.rowStride();
            if (total == 0f) {
                // No key seen, or none with a score above -inf.
                Arrays.fill(out, to, to + width, 0f);
            } else {
                AttentionBlockF32.copyScaled(1, width, 1f / total, sum, i * padded, padded, out, to, 0);
            }
        }
        if (logSumExp != null) {
            float[] sums = logSumExp.floats();
            int at = logSumExp.offset() + (sequence * shape.heads() + head) * logSumExp.rowStride() + first;
            System.arraycopy(statistics, 0, statistics, 2 * QUERIES, QUERIES);
            Float32Exp2.log2(statistics, 2 * QUERIES, QUERIES);
            for (int i = 0; i < queries; i++) {
                float total = statistics[i];
                sums[at + i] = total > 0f ? (statistics[QUERIES + i] + statistics[2 * QUERIES + i]) * Float32Exp2.LN_2
                        : total == 0f ? Float.NEGATIVE_INFINITY : Float.NaN;
            }
        }
    }
}
