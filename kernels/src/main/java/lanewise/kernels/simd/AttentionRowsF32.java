package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.LT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Scratch;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * The forward pass for so few queries that they would leave most lanes idle, as when text is generated token by token: one
 * query at a time, with the head width in the lanes. Its speed is that of reading keys and values once. A task is the
 * queries of one head.
 */
final class AttentionRowsF32 implements Workers.Task {
    /** With at most so many queries this is faster than {@link AttentionForwardF32}. */
    static final int MOST_QUERIES = 3;

    private static final VectorSpecies<Float> SPECIES = Float32Exp2.SPECIES;
    private static final int LANES = SPECIES.length();

    private final Workers workers;
    private final AttentionShape shape;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor output;
    private final Tensor logSumExp;

    AttentionRowsF32(Workers workers, AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        this.workers = workers;
        this.shape = shape;
        this.query = query;
        this.key = key;
        this.value = value;
        this.output = output;
        this.logSumExp = logSumExp;
    }

    void run() {
        workers.run(shape.batch() * shape.heads(), this);
    }

    @Override
    public void run(int index) {
        int head = index % shape.heads();
        int sequence = index / shape.heads();
        int width = shape.headWidth();
        int keyColumn = head / (shape.heads() / shape.keyHeads()) * width;
        int keyRow = sequence * shape.keyLength();
        int kOffset = key.offset() + keyRow * key.rowStride() + keyColumn;
        int vOffset = value.offset() + keyRow * value.rowStride() + keyColumn;
        Scratch scratch = workers.scratch();
        float[] scaled = scratch.floats(0, width);
        float[] weights = scratch.floats(1, shape.keyLength() + LANES);
        float[] lanes = scratch.floats(2, LANES);
        for (int i = 0; i < shape.queryLength(); i++) {
            int row = sequence * shape.queryLength() + i;
            int keys = shape.visibleKeys(sequence, i);
            AttentionBlockF32.copyScaled(1, width, (float) (shape.scale() * Float64Exp2.LOG2_E), query.floats(),
                    query.offset() + row * query.rowStride() + head * width, 0, scaled, 0, 0);
            scores(keys, width, scaled, key.floats(), kOffset, key.rowStride(), weights, lanes);
            Arrays.fill(weights, keys, keys + LANES, Float.NEGATIVE_INFINITY);
            float maximum = maximum(keys, weights, lanes);
            float total = exponentials(keys, maximum, weights, lanes);
            int to = output.offset() + row * output.rowStride() + head * width;
            if (total == 0f) {
                // No key seen, or none with a score above -inf.
                Arrays.fill(output.floats(), to, to + width, 0f);
            } else {
                weightedSum(keys, width, weights, 1f / total, value.floats(), vOffset, value.rowStride(), output.floats(), to);
            }
            if (logSumExp != null) {
                logSumExp.floats()[logSumExp.offset() + index * logSumExp.rowStride() + i] = total == 0f
                        ? Float.NEGATIVE_INFINITY : (float) (maximum * Float64Exp2.LN_2 + Math.log(total));
            }
        }
    }

    private static void scores(int keys, int width, float[] q, float[] k, int kOffset, int kRow, float[] scores,
            float[] lanes) {
        int body = SPECIES.loopBound(width);
        for (int j = 0; j < keys; j++) {
            int at = kOffset + j * kRow;
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int p = 0; p < body; p += LANES) {
                sum = FloatVector.fromArray(SPECIES, q, p).fma(FloatVector.fromArray(SPECIES, k, at + p), sum);
            }
            sum.intoArray(lanes, 0);
            float score = AttentionBlockF32.sumOf(lanes);
            for (int p = body; p < width; p++) {
                score = Math.fma(q[p], k[at + p], score);
            }
            scores[j] = score;
        }
    }

    private static float maximum(int keys, float[] scores, float[] lanes) {
        FloatVector maxima = FloatVector.broadcast(SPECIES, -Float.MAX_VALUE);
        for (int j = 0; j < keys; j += LANES) {
            FloatVector s = FloatVector.fromArray(SPECIES, scores, j);
            maxima = maxima.blend(s, maxima.compare(LT, s));
        }
        maxima.intoArray(lanes, 0);
        float maximum = lanes[0];
        for (int i = 1; i < LANES; i++) {
            maximum = Math.max(maximum, lanes[i]);
        }
        return maximum;
    }

    private static float exponentials(int keys, float maximum, float[] scores, float[] lanes) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int j = 0; j < keys; j += LANES) {
            FloatVector p = Float32Exp2.exp2(FloatVector.fromArray(SPECIES, scores, j).sub(maximum));
            p.intoArray(scores, j);
            sum = sum.add(p);
        }
        sum.intoArray(lanes, 0);
        return AttentionBlockF32.sumOf(lanes);
    }

    private static void weightedSum(int keys, int width, float[] weights, float factor, float[] v, int vOffset, int vRow,
            float[] out, int outOffset) {
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            FloatVector sum0 = FloatVector.zero(SPECIES);
            FloatVector sum1 = FloatVector.zero(SPECIES);
            FloatVector sum2 = FloatVector.zero(SPECIES);
            FloatVector sum3 = FloatVector.zero(SPECIES);
            for (int j = 0; j < keys; j++) {
                int at = vOffset + c + j * vRow;
                FloatVector w = FloatVector.broadcast(SPECIES, weights[j]);
                sum0 = w.fma(FloatVector.fromArray(SPECIES, v, at), sum0);
                sum1 = w.fma(FloatVector.fromArray(SPECIES, v, at + LANES), sum1);
                sum2 = w.fma(FloatVector.fromArray(SPECIES, v, at + 2 * LANES), sum2);
                sum3 = w.fma(FloatVector.fromArray(SPECIES, v, at + 3 * LANES), sum3);
            }
            sum0.mul(factor).intoArray(out, outOffset + c);
            sum1.mul(factor).intoArray(out, outOffset + c + LANES);
            sum2.mul(factor).intoArray(out, outOffset + c + 2 * LANES);
            sum3.mul(factor).intoArray(out, outOffset + c + 3 * LANES);
        }
        for (; c + LANES <= width; c += LANES) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int j = 0; j < keys; j++) {
                sum = FloatVector.broadcast(SPECIES, weights[j]).fma(
                        FloatVector.fromArray(SPECIES, v, vOffset + c + j * vRow), sum);
            }
            sum.mul(factor).intoArray(out, outOffset + c);
        }
        for (; c < width; c++) {
            float sum = 0f;
            for (int j = 0; j < keys; j++) {
                sum = Math.fma(weights[j], v[vOffset + c + j * vRow], sum);
            }
            out[outOffset + c] = sum * factor;
        }
    }
}
