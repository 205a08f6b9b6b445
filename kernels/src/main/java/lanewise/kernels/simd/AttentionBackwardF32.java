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
 * S^T = K Q^T, dS = P (dP - dots) is vertical work. dQ += dS K, dV += P^T dO and dK += dS^T Q have the head width in the lanes.
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
        float[] packs = scratch.floats(0, Math.multiplyExact(queryBlocks, packed));
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
                copyKeys(sequence, keyHead, start, valid);
                for (int block = firstBlock(start); block < queryBlocks; block++) {
                    block(block, start, valid, packs, block * packed, dq, block * BLOCK_ROWS * padded,
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
            copyKeys(sequence, head / group, start, valid);
            block(block, start, valid, pack, 0, dq, 0, null, 0, 0);
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
            copyKeys(sequence, keyHead, start, valid);
            for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
                for (int block = firstBlock(start); block < queryBlocks; block++) {
                    pack(sequence, head, block, pack, 0);
                    block(block, start, valid, pack, 0, null, 0, dkv, 0, dv);
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

    /** Elements of what {@link #pack} writes. */
    private int packedElements() {
        return 2 * QUERIES * (width + padded + 1);
    }

    /** Packs Q^T and dO^T, the rows of Q and dO, and the log-sum-exp and dots of a block of queries, in this order. */
    private void pack(int sequence, int head, int block, float[] to, int at) {
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        int columns = AttentionBlockF32.padToPanel(queries);
        int row = sequence * shape.queryLength() + first;
        int qOffset = query.offset() + row * query.rowStride() + head * width;
        int dOffset = dOutput.offset() + row * dOutput.rowStride() + head * width;
        int rowsQ = at + 2 * width * QUERIES;
        int rowsD = rowsQ + padded * QUERIES;
        // A copy is the fastest way into the cache.
        AttentionBlockF32.copyPadded(queries, width, query.floats(), qOffset, query.rowStride(), to, rowsQ, padded);
        TransposeF32.transpose(queries, columns, width, to, rowsQ, padded,
                (float) (shape.scale() * Float64Exp2.LOG2_E), to, at, QUERIES);
        AttentionBlockF32.copyPadded(queries, width, dOutput.floats(), dOffset, dOutput.rowStride(), to, rowsD, padded);
        TransposeF32.transpose(queries, columns, width, to, rowsD, padded, 1f, to, at + width * QUERIES, QUERIES);

        int statistics = at + 2 * (width + padded) * QUERIES;
        float[] sums = logSumExp.floats();
        int sum = logSumExp.offset() + (sequence * shape.heads() + head) * logSumExp.rowStride() + first;
        for (int i = 0; i < queries; i++) {
            // Where no score is above -inf, any finite number makes P zero.
            to[statistics + i] = sums[sum + i] == Float.NEGATIVE_INFINITY ? 0f : sums[sum + i] * Float32Exp2.LOG2_E;
        }
        AttentionBlockF32.rowDots(queries, width, output.floats(),
                output.offset() + row * output.rowStride() + head * width, output.rowStride(),
                to, rowsD, padded, to, statistics + QUERIES, workers.scratch().floats(5, QUERIES));
        // Lanes without a query stay finite.
        Arrays.fill(to, statistics + queries, statistics + QUERIES, 0f);
        Arrays.fill(to, statistics + QUERIES + queries, statistics + 2 * QUERIES, 0f);
    }

    /** Copies a block of keys to slot 6 and of values to slot 7. */
    private void copyKeys(int sequence, int keyHead, int start, int valid) {
        int keys = Math.min(KEYS, valid - start);
        int row = sequence * shape.keyLength() + start;
        Scratch scratch = workers.scratch();
        AttentionBlockF32.copyPadded(keys, width, key.floats(), key.offset() + row * key.rowStride() + keyHead * width,
                key.rowStride(), scratch.floats(6, (KEYS + ROWS) * padded), 0, padded);
        AttentionBlockF32.copyPadded(keys, width, value.floats(), value.offset() + row * value.rowStride() + keyHead * width,
                value.rowStride(), scratch.floats(7, (KEYS + ROWS) * padded), 0, padded);
    }

    /**
     * Adds what one block of queries and the copied block of keys contribute: to dQ unless dq is null, to dK and dV unless
     * dkv is null.
     */
    private void block(int block, int start, int valid, float[] pack, int packOffset,
            float[] dq, int dqOffset, float[] dkv, int dkOffset, int dvOffset) {
        int first = block * QUERIES;
        int queries = Math.min(QUERIES, shape.queryLength() - first);
        int columns = AttentionBlockF32.padToPanel(queries);
        int keys = Math.min(KEYS, valid - start);
        int seen = shape.causal() ? first + shape.keyLength() - shape.queryLength() + 1 - start : AttentionBlockF32.ALL;
        Scratch scratch = workers.scratch();
        float[] s = scratch.floats(3, AttentionBlockF32.ELEMENTS);
        float[] dp = scratch.floats(4, AttentionBlockF32.ELEMENTS);
        float[] k = scratch.floats(6, 0);
        float[] v = scratch.floats(7, 0);
        int rowsQ = packOffset + 2 * width * QUERIES;
        int rowsD = rowsQ + padded * QUERIES;
        AttentionProductsF32.scores(keys, columns, seen, width, k, 0, padded, pack, packOffset, s, 0);
        AttentionProductsF32.scores(keys, columns, seen, width, v, 0, padded, pack, packOffset + width * QUERIES, dp, 0);
        AttentionSoftmaxF32.gradient(columns, keys, seen, s, 0, dp, 0, pack, rowsD + padded * QUERIES);
        boolean masked = seen < keys;
        if (dq != null) {
            if (masked && AttentionBlockF32.hasNonFinite(keys * padded, k, 0)) {
                AttentionProductsF32.sumOverKeysExactly(queries, keys, seen, padded, dp, 0, k, 0, padded,
                        dq, dqOffset, padded, true);
            } else {
                AttentionProductsF32.sumOverKeys(queries, keys, seen, padded, dp, 0, k, 0, padded,
                        dq, dqOffset, padded, true);
            }
        }
        if (dkv != null) {
            if (masked && (AttentionBlockF32.hasNonFinite(queries * padded, pack, rowsQ)
                    || AttentionBlockF32.hasNonFinite(queries * padded, pack, rowsD))) {
                AttentionProductsF32.sumOverQueriesExactly(queries, keys, seen, padded, s, 0, pack, rowsD, padded,
                        dkv, dvOffset, padded);
                AttentionProductsF32.sumOverQueriesExactly(queries, keys, seen, padded, dp, 0, pack, rowsQ, padded,
                        dkv, dkOffset, padded);
            } else {
                AttentionProductsF32.sumOverQueries(queries, keys, seen, padded, s, 0, pack, rowsD, padded,
                        dkv, dvOffset, padded);
                AttentionProductsF32.sumOverQueries(queries, keys, seen, padded, dp, 0, pack, rowsQ, padded,
                        dkv, dkOffset, padded);
            }
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
