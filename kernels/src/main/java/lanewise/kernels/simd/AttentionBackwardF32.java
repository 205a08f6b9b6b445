package lanewise.kernels.simd;

import static lanewise.kernels.simd.AttentionBlockF32.KEYS;
import static lanewise.kernels.simd.AttentionBlockF32.QUERIES;
import static lanewise.kernels.simd.AttentionBlockF32.ROWS;

import java.util.Arrays;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * The backward pass with the queries in the lanes: P is computed again from the log-sum-exp, and with dP^T = V dO^T beside
 * S^T = K Q^T, dS = P (dP - dots) is vertical work. dQ += dS K, dV += P^T dO and dK += dS^T Q read K, dO and Q in place.
 *
 * <p>Every sum runs over the same blocks in the same order whatever the tasks are: dQ over the blocks of keys, dK and dV over
 * the query heads and their blocks of queries. So one task per key head, which computes each P once, and separate tasks for
 * dQ and for dK and dV, which compute it twice but are many, give the same bits.
 */
final class AttentionBackwardF32 {
    /** Rows of dQ of a block, with those that the last tile touches beyond it. */
    private static final int BLOCK_ROWS = AttentionBlockF32.padToRows(QUERIES);

    private final Workers workers;
    private final AttentionShape shape;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor output;
    private final Tensor logSumExp;
    private final Tensor dOutput;
    private final Tensor dQuery;
    private final Tensor dKey;
    private final Tensor dValue;
    private final int width;
    private final int padded;
    private final int group;
    private final int queryBlocks;
    private final int keyBlocks;

    AttentionBackwardF32(Workers workers, AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp, Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue) {
        this.workers = workers;
        this.shape = shape;
        this.query = query;
        this.key = key;
        this.value = value;
        this.output = output;
        this.logSumExp = logSumExp;
        this.dOutput = dOutput;
        this.dQuery = dQuery;
        this.dKey = dKey;
        this.dValue = dValue;
        width = shape.headWidth();
        padded = AttentionBlockF32.padToPanel(width);
        group = shape.heads() / shape.keyHeads();
        queryBlocks = (shape.queryLength() + QUERIES - 1) / QUERIES;
        keyBlocks = (shape.keyLength() + KEYS - 1) / KEYS;
    }

    void run() {
        int keyHeads = shape.batch() * shape.keyHeads();
        // Two passes take 7 products instead of 5: worth it where whole heads would leave threads idle.
        int rounds = (keyHeads + workers.threads() - 1) / workers.threads();
        if (7 * keyHeads >= 5 * rounds * workers.threads()) {
            workers.run(keyHeads, this::keyHead);
        } else {
            workers.run(shape.batch() * shape.heads() * queryBlocks, this::queryGradients);
            workers.run(keyHeads * keyBlocks, this::keyGradients);
        }
    }

    /** All gradients of one key head and the query heads that read it. */
    private void keyHead(int index) {
        int sequence = index / shape.keyHeads();
        int keyHead = index % shape.keyHeads();
        Scratch scratch = workers.scratch();
        int packed = packedElements();
        float[] packs = scratch.floats(0, queryBlocks * packed);
        float[] dq = scratch.floats(1, queryBlocks * BLOCK_ROWS * padded);
        float[] dkv = scratch.floats(2, 2 * (keyBlocks * KEYS + ROWS) * padded);
        int dv = (keyBlocks * KEYS + ROWS) * padded;
        int valid = validKeys(sequence);
        Arrays.fill(dkv, 0, 2 * dv, 0f);
        for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
            for (int block = 0; block < queryBlocks; block++) {
                pack(sequence, head, block, packs, block * packed);
            }
            Arrays.fill(dq, 0, queryBlocks * BLOCK_ROWS * padded, 0f);
            for (int start = 0; start < valid; start += KEYS) {
                for (int block = firstBlock(start); block < queryBlocks; block++) {
                    block(sequence, head, block, start, valid, packs, block * packed, dq, block * BLOCK_ROWS * padded,
                            dkv, start * padded, dv + start * padded);
                }
            }
            for (int block = 0; block < queryBlocks; block++) {
                storeQueries(sequence, head, block, dq, block * BLOCK_ROWS * padded);
            }
        }
        storeKeys(sequence, keyHead, 0, shape.keyLength(), valid, dkv, dv);
    }

    /** dQ of one block of queries of one head. */
    private void queryGradients(int index) {
        int block = queryBlocks - 1 - index % queryBlocks;
        int head = index / queryBlocks % shape.heads();
        int sequence = index / queryBlocks / shape.heads();
        Scratch scratch = workers.scratch();
        float[] pack = scratch.floats(0, packedElements());
        float[] dq = scratch.floats(1, BLOCK_ROWS * padded);
        int valid = validKeys(sequence);
        pack(sequence, head, block, pack, 0);
        Arrays.fill(dq, 0, BLOCK_ROWS * padded, 0f);
        for (int start = 0; start < valid && firstBlock(start) <= block; start += KEYS) {
            block(sequence, head, block, start, valid, pack, 0, dq, 0, null, 0, 0);
        }
        storeQueries(sequence, head, block, dq, 0);
    }

    /** dK and dV of one block of keys of one key head. */
    private void keyGradients(int index) {
        int start = index % keyBlocks * KEYS;
        int keyHead = index / keyBlocks % shape.keyHeads();
        int sequence = index / keyBlocks / shape.keyHeads();
        Scratch scratch = workers.scratch();
        float[] pack = scratch.floats(0, packedElements());
        float[] dkv = scratch.floats(2, 2 * (KEYS + ROWS) * padded);
        int dv = (KEYS + ROWS) * padded;
        int valid = validKeys(sequence);
        Arrays.fill(dkv, 0, 2 * dv, 0f);
        if (start < valid) {
            for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
                for (int block = firstBlock(start); block < queryBlocks; block++) {
                    pack(sequence, head, block, pack, 0);
                    block(sequence, head, block, start, valid, pack, 0, null, 0, dkv, 0, dv);
                }
            }
        }
        storeKeys(sequence, keyHead, start, Math.min(KEYS, shape.keyLength() - start), valid, dkv, dv);
    }

    private int validKeys(int sequence) {
        return shape.queryLength() == 0 ? 0 : shape.visibleKeys(sequence, shape.queryLength() - 1);
    }

    /** The first block of queries of which one sees a key. */
    private int firstBlock(int key) {
        return shape.causal() ? Math.max(0, key - shape.keyLength() + shape.queryLength()) / QUERIES : 0;
    }

    /** Q^T, dO^T, log-sum-exp and dots of a block of queries. */
    private int packedElements() {
        return 2 * width * QUERIES + 2 * QUERIES;
    }

    private void pack(int sequence, int head, int block, float[] to, int at) {
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        int columns = AttentionBlockF32.padToPanel(queries);
        int row = sequence * shape.queryLength() + first;
        int column = head * width;
        AttentionBlockF32.packTransposed(queries, columns, width, query.floats(),
                query.offset() + row * query.rowStride() + column, query.rowStride(),
                (float) (shape.scale() * Float64Exp2.LOG2_E), to, at);
        int dOffset = dOutput.offset() + row * dOutput.rowStride() + column;
        AttentionBlockF32.packTransposed(queries, columns, width, dOutput.floats(), dOffset, dOutput.rowStride(), 1f,
                to, at + width * QUERIES);
        int statistics = at + 2 * width * QUERIES;
        float[] sums = logSumExp.floats();
        int sum = logSumExp.offset() + (sequence * shape.heads() + head) * logSumExp.rowStride() + first;
        float[] o = output.floats();
        float[] dO = dOutput.floats();
        int oOffset = output.offset() + row * output.rowStride() + column;
        for (int i = 0; i < columns; i++) {
            // Where no score is above -inf, any finite number makes P zero.
            to[statistics + i] = i < queries && sums[sum + i] != Float.NEGATIVE_INFINITY
                    ? sums[sum + i] * Float32Exp2.LOG2_E : 0f;
            float dot = 0f;
            if (i < queries) {
                for (int p = 0; p < width; p++) {
                    dot = Math.fma(o[oOffset + i * output.rowStride() + p], dO[dOffset + i * dOutput.rowStride() + p], dot);
                }
            }
            to[statistics + QUERIES + i] = dot;
        }
    }

    /** Adds what one block of queries and keys contributes: to dQ unless dq is null, to dK and dV unless dkv is null. */
    private void block(int sequence, int head, int block, int start, int valid, float[] pack, int packOffset,
            float[] dq, int dqOffset, float[] dkv, int dkOffset, int dvOffset) {
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        int columns = AttentionBlockF32.padToPanel(queries);
        int keys = Math.min(KEYS, valid - start);
        int seen = shape.causal() ? first + shape.keyLength() - shape.queryLength() + 1 - start : AttentionBlockF32.ALL;
        int keyRow = sequence * shape.keyLength() + start;
        int queryRow = sequence * shape.queryLength() + first;
        int keyColumn = head / group * width;
        Scratch scratch = workers.scratch();
        float[] s = scratch.floats(3, AttentionBlockF32.ELEMENTS);
        float[] dp = scratch.floats(4, AttentionBlockF32.ELEMENTS);
        float[] edge = scratch.floats(5, ROWS * width);

        int kOffset = key.offset() + keyRow * key.rowStride() + keyColumn;
        AttentionProductsF32.scores(keys, columns, seen, width, key.floats(), kOffset, key.rowStride(),
                shape.keyLength() - start, pack, packOffset, s, 0, edge, 0);
        AttentionProductsF32.scores(keys, columns, seen, width, value.floats(),
                value.offset() + keyRow * value.rowStride() + keyColumn, value.rowStride(),
                shape.keyLength() - start, pack, packOffset + width * QUERIES, dp, 0, edge, 0);
        AttentionSoftmaxF32.gradient(columns, keys, seen, s, 0, dp, 0, pack, packOffset + 2 * width * QUERIES);
        if (dq != null) {
            add(true, queries, keys, seen, dp, key.floats(), kOffset, key.rowStride(), keys, dq, dqOffset);
        }
        if (dkv != null) {
            add(false, queries, keys, seen, s, dOutput.floats(),
                    dOutput.offset() + queryRow * dOutput.rowStride() + head * width, dOutput.rowStride(), queries,
                    dkv, dvOffset);
            add(false, queries, keys, seen, dp, query.floats(),
                    query.offset() + queryRow * query.rowStride() + head * width, query.rowStride(), queries,
                    dkv, dkOffset);
        }
    }

    private void add(boolean overKeys, int queries, int keys, int seen, float[] w, float[] b, int bOffset, int bRow,
            int bRows, float[] c, int cOffset) {
        if (padded > width) {
            float[] rows = workers.scratch().floats(6, Math.max(KEYS, QUERIES) * padded);
            AttentionBlockF32.copyPadded(bRows, width, b, bOffset, bRow, rows, 0, padded);
            b = rows;
            bOffset = 0;
            bRow = padded;
        }
        boolean exactly = seen < keys && AttentionBlockF32.hasNonFinite(bRows, width, b, bOffset, bRow);
        if (overKeys) {
            if (exactly) {
                AttentionProductsF32.sumOverKeysExactly(queries, keys, seen, padded, w, 0, b, bOffset, bRow,
                        c, cOffset, padded, true);
            } else {
                AttentionProductsF32.sumOverKeys(queries, keys, seen, padded, w, 0, b, bOffset, bRow,
                        c, cOffset, padded, true);
            }
        } else if (exactly) {
            AttentionProductsF32.sumOverQueriesExactly(queries, keys, seen, padded, w, 0, b, bOffset, bRow,
                    c, cOffset, padded);
        } else {
            AttentionProductsF32.sumOverQueries(queries, keys, seen, padded, w, 0, b, bOffset, bRow, c, cOffset, padded);
        }
    }

    private void storeQueries(int sequence, int head, int block, float[] dq, int dqOffset) {
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        AttentionBlockF32.copyScaled(queries, width, (float) shape.scale(), dq, dqOffset, padded, dQuery.floats(),
                dQuery.offset() + (sequence * shape.queryLength() + first) * dQuery.rowStride() + head * width,
                dQuery.rowStride());
    }

    private void storeKeys(int sequence, int keyHead, int start, int keys, int valid, float[] dkv, int dv) {
        int row = sequence * shape.keyLength() + start;
        int dkOffset = dKey.offset() + row * dKey.rowStride() + keyHead * width;
        int dvOffset = dValue.offset() + row * dValue.rowStride() + keyHead * width;
        int written = Math.max(0, Math.min(keys, valid - start));
        AttentionBlockF32.copyScaled(written, width, (float) shape.scale(), dkv, 0, padded,
                dKey.floats(), dkOffset, dKey.rowStride());
        AttentionBlockF32.copyScaled(written, width, 1f, dkv, dv, padded, dValue.floats(), dvOffset, dValue.rowStride());
        for (int j = written; j < keys; j++) {
            Arrays.fill(dKey.floats(), dkOffset + j * dKey.rowStride(), dkOffset + j * dKey.rowStride() + width, 0f);
            Arrays.fill(dValue.floats(), dvOffset + j * dValue.rowStride(), dvOffset + j * dValue.rowStride() + width, 0f);
        }
    }
}
