package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.LT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * The forward pass for so few queries that they would leave most lanes idle, as when text is generated token by token: one
 * query at a time, with the head width in the lanes. Its speed is that of reading keys and values once, so a task takes
 * several neighbouring heads together and reads long runs of memory.
 */
final class AttentionRowsF32 implements Workers.Task {
    /** With at most so many queries this is faster than {@link AttentionForwardF32}. */
    static final int MOST_QUERIES = 3;

    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();
    /** Keys that are read at a time. */
    private static final int TOGETHER = 4;
    /** Keys of which the scores are written at a time. */
    private static final int BLOCK = Math.max(TOGETHER, LANES);
    /** Vectors that a block's sums take, {@link #TOGETHER} keys in each if it has as many lanes. */
    private static final int VECTORS = BLOCK / Math.min(TOGETHER, LANES);
    private static final VectorMask<Float> UPPER_0 = TransposeF32.UPPER.get(0);
    private static final VectorShuffle<Float> SWAP_0 = TransposeF32.SWAP.get(0);
    private static final VectorMask<Float> UPPER_1 = TransposeF32.UPPER.get(TransposeF32.BITS > 1 ? 1 : 0);
    private static final VectorShuffle<Float> SWAP_1 = TransposeF32.SWAP.get(TransposeF32.BITS > 1 ? 1 : 0);

    private final Workers workers;
    private final AttentionShape shape;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor output;
    private final Tensor logSumExp;
    private final int width;
    /** Query heads that read one key head. */
    private final int group;
    /** Tasks of a sequence. */
    private final int parts;
    /** Distance of the scores of two heads: room for whole vectors of keys. */
    private final int scoresRow;

    AttentionRowsF32(Workers workers, AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        this.workers = workers;
        this.shape = shape;
        this.query = query;
        this.key = key;
        this.value = value;
        this.output = output;
        this.logSumExp = logSumExp;
        width = shape.headWidth();
        group = shape.heads() / shape.keyHeads();
        // As few as give every thread a task: the longer the runs of memory, the faster they arrive.
        int batch = Math.max(1, shape.batch());
        parts = Math.min(shape.keyHeads(), (workers.threads() + batch - 1) / batch);
        scoresRow = shape.keyLength() + BLOCK;
    }

    void run() {
        workers.run(shape.batch() * parts, this);
    }

    @Override
    public void run(int index) {
        int sequence = index / parts;
        int part = index % parts;
        int first = part * shape.keyHeads() / parts;
        int keyHeads = (part + 1) * shape.keyHeads() / parts - first;
        int heads = keyHeads * group;
        int keyRow = sequence * shape.keyLength();
        int kOffset = key.offset() + keyRow * key.rowStride() + first * width;
        int vOffset = value.offset() + keyRow * value.rowStride() + first * width;
        Scratch scratch = workers.scratch();
        float[] scaled = scratch.floats(0, heads * width);
        float[] scores = scratch.floats(1, Math.multiplyExact(heads, scoresRow));
        float[] lanes = scratch.floats(2, keyHeads * VECTORS * LANES);
        float[] sums = scratch.floats(3, heads * width);
        float[] totals = scratch.floats(4, heads);
        for (int i = 0; i < shape.queryLength(); i++) {
            int row = sequence * shape.queryLength() + i;
            int keys = shape.visibleKeys(sequence, i);
            AttentionBlockF32.copyScaled(1, heads * width, (float) (shape.scale() * Float64Exp2.LOG2_E), query.floats(),
                    query.offset() + row * query.rowStride() + first * group * width, 0, scaled, 0, 0);
            scores(keys, keyHeads, scaled, kOffset, scores, lanes);
            int to = output.offset() + row * output.rowStride() + first * group * width;
            int logs = logSumExp == null ? 0
                    : logSumExp.offset() + (sequence * shape.heads() + first * group) * logSumExp.rowStride() + i;
            Arrays.fill(sums, 0, heads * width, 0f);
            for (int h = 0; h < heads; h++) {
                totals[h] = softmax(keys, scores, h * scoresRow, lanes, logs + (logSumExp == null ? 0 : h * logSumExp.rowStride()));
            }
            int j = 0;
            for (; j + TOGETHER <= keys; j += TOGETHER) {
                addValues(keyHeads, scores, j, value.floats(), vOffset + j * value.rowStride(), sums);
            }
            for (; j < keys; j++) {
                addValue(keyHeads, scores, j, value.floats(), vOffset + j * value.rowStride(), sums);
            }
            for (int h = 0; h < heads; h++) {
                if (totals[h] == 0f) {
                    // A weight of 0 times an infinite value would be NaN.
                    Arrays.fill(sums, h * width, (h + 1) * width, 0f);
                }
            }
            System.arraycopy(sums, 0, output.floats(), to, heads * width);
        }
    }

    /** The scores of all keys: a row for each query head. */
    private void scores(int keys, int keyHeads, float[] q, int kOffset, float[] scores, float[] lanes) {
        float[] k = key.floats();
        int body = SPECIES.loopBound(width);
        for (int start = 0; start < keys; start += BLOCK) {
            int count = Math.min(BLOCK, keys - start);
            int from = kOffset + start * key.rowStride();
            for (int g = 0; g < group; g++) {
                for (int j = 0; j < count; j += TOGETHER) {
                    multiply(j, count, keyHeads, body, q, g * width, k, from, lanes);
                }
                for (int bit = 2; bit < TransposeF32.BITS; bit++) {
                    fold(bit, keyHeads * BLOCK >> bit + 1, lanes);
                }
                for (int h = 0; h < keyHeads; h++) {
                    System.arraycopy(lanes, h * BLOCK, scores, (h * group + g) * scoresRow + start, BLOCK);
                }
                if (body < width) {
                    addRest(count, keyHeads, body, q, g * width, k, from, scores, g * scoresRow + start);
                }
            }
        }
    }

    /**
     * Products of {@link #TOGETHER} keys, from j on, with a query of every key head, summed up to one vector. Past the last
     * key it is taken again: the scores there are not used.
     */
    private void multiply(int j, int keys, int keyHeads, int body, float[] q, int qOffset, float[] k, int kOffset,
            float[] lanes) {
        int last = keys - 1;
        int at0 = kOffset + j * key.rowStride();
        int at1 = kOffset + Math.min(j + 1, last) * key.rowStride();
        int at2 = kOffset + Math.min(j + 2, last) * key.rowStride();
        int at3 = kOffset + Math.min(j + 3, last) * key.rowStride();
        int qStep = group * width;
        for (int h = 0; h < keyHeads; h++) {
            FloatVector sum0 = FloatVector.zero(SPECIES);
            FloatVector sum1 = FloatVector.zero(SPECIES);
            FloatVector sum2 = FloatVector.zero(SPECIES);
            FloatVector sum3 = FloatVector.zero(SPECIES);
            for (int p = 0; p < body; p += LANES) {
                FloatVector x = FloatVector.fromArray(SPECIES, q, qOffset + h * qStep + p);
                sum0 = x.fma(FloatVector.fromArray(SPECIES, k, at0 + h * width + p), sum0);
                sum1 = x.fma(FloatVector.fromArray(SPECIES, k, at1 + h * width + p), sum1);
                sum2 = x.fma(FloatVector.fromArray(SPECIES, k, at2 + h * width + p), sum2);
                sum3 = x.fma(FloatVector.fromArray(SPECIES, k, at3 + h * width + p), sum3);
            }
            FloatVector low = fold(sum0, sum1, UPPER_0, SWAP_0);
            FloatVector high = fold(sum2, sum3, UPPER_0, SWAP_0);
            int to = h * VECTORS * LANES + j * LANES * VECTORS / BLOCK;
            if (LANES == 2) {
                low.intoArray(lanes, to);
                high.intoArray(lanes, to + LANES);
            } else {
                fold(low, high, UPPER_1, SWAP_1).intoArray(lanes, to);
            }
        }
    }

    private static FloatVector fold(FloatVector a, FloatVector b, VectorMask<Float> upper, VectorShuffle<Float> swap) {
        return a.blend(b, upper).add(b.blend(a, upper).rearrange(swap));
    }

    /** One step to the sums of the lanes of many vectors: of two neighbours, adds lanes that differ in one bit, and keeps both. */
    private static void fold(int bit, int count, float[] lanes) {
        VectorShuffle<Float> swap = TransposeF32.SWAP.get(bit);
        VectorMask<Float> upper = TransposeF32.UPPER.get(bit);
        for (int i = 0; i < count; i++) {
            FloatVector a = FloatVector.fromArray(SPECIES, lanes, 2 * i * LANES);
            FloatVector b = FloatVector.fromArray(SPECIES, lanes, 2 * i * LANES + LANES);
            fold(a, b, upper, swap).intoArray(lanes, i * LANES);
        }
    }

    /** Adds the products of what is left of the head's width to the scores. */
    private void addRest(int keys, int keyHeads, int body, float[] q, int qOffset, float[] k, int kOffset,
            float[] scores, int scoresOffset) {
        for (int h = 0; h < keyHeads; h++) {
            int queryAt = qOffset + h * group * width;
            for (int j = 0; j < keys; j++) {
                int at = kOffset + j * key.rowStride() + h * width;
                float score = scores[scoresOffset + h * group * scoresRow + j];
                for (int p = body; p < width; p++) {
                    score = Math.fma(q[queryAt + p], k[at + p], score);
                }
                scores[scoresOffset + h * group * scoresRow + j] = score;
            }
        }
    }

    /**
     * Replaces the scores of one head by its probabilities. Returns what they were divided by: 0 where no score is above -inf,
     * which leaves zeros.
     */
    private float softmax(int keys, float[] scores, int offset, float[] lanes, int log) {
        Arrays.fill(scores, offset + keys, offset + keys + LANES, Float.NEGATIVE_INFINITY);
        float maximum = maximum(keys, scores, offset, lanes);
        float total = exponentials(keys, maximum, scores, offset, lanes);
        scale(keys, total == 0f ? 0f : 1f / total, scores, offset);
        if (logSumExp != null) {
            logSumExp.floats()[log] = total == 0f
                    ? Float.NEGATIVE_INFINITY : (float) (maximum * Float64Exp2.LN_2 + Math.log(total));
        }
        return total;
    }

    private static float maximum(int keys, float[] scores, int offset, float[] lanes) {
        FloatVector maxima = FloatVector.broadcast(SPECIES, -Float.MAX_VALUE);
        for (int j = 0; j < keys; j += LANES) {
            FloatVector s = FloatVector.fromArray(SPECIES, scores, offset + j);
            maxima = maxima.blend(s, maxima.compare(LT, s));
        }
        maxima.intoArray(lanes, 0);
        float maximum = lanes[0];
        for (int i = 1; i < LANES; i++) {
            maximum = Math.max(maximum, lanes[i]);
        }
        return maximum;
    }

    private static float exponentials(int keys, float maximum, float[] scores, int offset, float[] lanes) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int j = 0; j < keys; j += LANES) {
            FloatVector p = Float32Exp2.exp2(FloatVector.fromArray(SPECIES, scores, offset + j).sub(maximum));
            p.intoArray(scores, offset + j);
            sum = sum.add(p);
        }
        sum.intoArray(lanes, 0);
        return AttentionBlockF32.sumOf(lanes);
    }

    private static void scale(int keys, float factor, float[] scores, int offset) {
        for (int j = 0; j < keys; j += LANES) {
            FloatVector.fromArray(SPECIES, scores, offset + j).mul(factor).intoArray(scores, offset + j);
        }
    }

    /** Adds the weighted values of {@link #TOGETHER} keys to the sums of every head, the first key first. */
    private void addValues(int keyHeads, float[] weights, int j, float[] v, int vOffset, float[] sums) {
        int vRow = value.rowStride();
        int body = SPECIES.loopBound(width);
        for (int h = 0; h < keyHeads * group; h++) {
            int at = h * scoresRow + j;
            float weight0 = weights[at];
            float weight1 = weights[at + 1];
            float weight2 = weights[at + 2];
            float weight3 = weights[at + 3];
            int from = vOffset + h / group * width;
            for (int p = 0; p < body; p += LANES) {
                FloatVector sum = FloatVector.fromArray(SPECIES, sums, h * width + p);
                sum = FloatVector.broadcast(SPECIES, weight0).fma(FloatVector.fromArray(SPECIES, v, from + p), sum);
                sum = FloatVector.broadcast(SPECIES, weight1).fma(FloatVector.fromArray(SPECIES, v, from + vRow + p), sum);
                sum = FloatVector.broadcast(SPECIES, weight2).fma(FloatVector.fromArray(SPECIES, v, from + 2 * vRow + p), sum);
                sum = FloatVector.broadcast(SPECIES, weight3).fma(FloatVector.fromArray(SPECIES, v, from + 3 * vRow + p), sum);
                sum.intoArray(sums, h * width + p);
            }
            for (int p = body; p < width; p++) {
                float sum = Math.fma(weight0, v[from + p], sums[h * width + p]);
                sum = Math.fma(weight1, v[from + vRow + p], sum);
                sum = Math.fma(weight2, v[from + 2 * vRow + p], sum);
                sums[h * width + p] = Math.fma(weight3, v[from + 3 * vRow + p], sum);
            }
        }
    }

    private void addValue(int keyHeads, float[] weights, int j, float[] v, int vOffset, float[] sums) {
        for (int h = 0; h < keyHeads * group; h++) {
            float weight = weights[h * scoresRow + j];
            int from = vOffset + h / group * width;
            for (int p = 0; p < width; p++) {
                sums[h * width + p] = Math.fma(weight, v[from + p], sums[h * width + p]);
            }
        }
    }
}
