package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Workers;

/**
 * A product with one row or one column: a vector times a matrix. If the matrix's rows run along the result, the result is
 * a combination of rows, summed in the order of p; if they run along p, it consists of dot products of rows, summed in
 * as many interleaved parts as a vector has lanes. Each thread computes a range of the result.
 */
final class MatrixVectorF32 extends OperandsF32 {
    private static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, VectorWidth.SHAPE);
    private static final int LANES = SPECIES.length();

    private static final int VECTOR_SLOT = 0;
    private static final int RESULT_SLOT = 1;
    private static final int LANES_SLOT = 2;

    private final Workers.Task multiplyRange = this::multiplyRange;

    private float[] vector;
    private float[] result;
    private int length;
    private int range;
    private int ranges;

    @Override
    void multiply() {
        length = m == 1 ? n : m;
        vector = workers.scratch().floats(VECTOR_SLOT, Math.multiplyExact(batches, k));
        result = workers.scratch().floats(RESULT_SLOT, Math.multiplyExact(batches, length));
        for (int z = 0; z < batches; z++) {
            float[] x = m == 1 ? a : b;
            int from = m == 1 ? aOffset + z * aBatch : bOffset + z * bBatch;
            int step = m == 1 ? transposeA ? aStride : 1 : transposeB ? 1 : bStride;
            for (int p = 0; p < k; p++) {
                vector[z * k + p] = alpha * x[from + p * step];
            }
        }
        long work = (long) batches * length * Math.max(k, 1);
        int parts = (int) Math.min(4 * workers.threads(), work / Blocking.TASK_WORK * 8 + 1);
        range = roundUp(divideUp(length, parts), 4 * LANES);
        ranges = divideUp(length, range);
        run(batches * ranges, work * 8, multiplyRange);
        vector = null;
        result = null;
    }

    private void multiplyRange(int task) {
        int z = task / ranges;
        int from = task % ranges * range;
        int to = Math.min(length, from + range);
        float[] matrix = m == 1 ? b : a;
        int stride = m == 1 ? bStride : aStride;
        int base = m == 1 ? bOffset + z * bBatch : aOffset + z * aBatch;
        if (m == 1 ? transposeB : !transposeA) {
            float[] lanes = workers.scratch().floats(LANES_SLOT, 4 * LANES);
            dots(k, matrix, base + from * stride, stride, vector, z * k, result, z * length + from, to - from, lanes);
        } else {
            combine(k, matrix, base + from, stride, vector, z * k, result, z * length + from, to - from);
        }
        int target = cOffset + z * cBatch;
        int step = m == 1 ? 1 : cStride;
        for (int i = from; i < to; i++) {
            float value = result[z * length + i];
            c[target + i * step] = beta == 0f ? value : Math.fma(beta, c[target + i * step], value);
        }
        if (m == 1) {
            finish(z, 0, 1, from, to);
        } else {
            finish(z, from, to, 0, 1);
        }
    }

    /** {@code y[j] = sum over p of x[p] * matrix[p*stride + j]}. */
    static void combine(int depth, float[] matrix, int base, int stride, float[] x, int xOffset,
            float[] y, int yOffset, int length) {
        for (int j = 0; j < length; j++) {
            y[yOffset + j] = 0f;
        }
        int p = 0;
        for (; p + 4 <= depth; p += 4) {
            combineFour(matrix, base + p * stride, stride, x, xOffset + p, y, yOffset, length);
        }
        for (; p < depth; p++) {
            for (int j = 0; j < length; j++) {
                y[yOffset + j] = Math.fma(x[xOffset + p], matrix[base + p * stride + j], y[yOffset + j]);
            }
        }
    }

    private static void combineFour(float[] matrix, int row0, int stride, float[] x, int xOffset,
            float[] y, int yOffset, int length) {
        int row1 = row0 + stride;
        int row2 = row1 + stride;
        int row3 = row2 + stride;
        float x0 = x[xOffset];
        float x1 = x[xOffset + 1];
        float x2 = x[xOffset + 2];
        float x3 = x[xOffset + 3];
        int whole = SPECIES.loopBound(length);
        for (int j = 0; j < whole; j += LANES) {
            FloatVector sum = FloatVector.fromArray(SPECIES, y, yOffset + j);
            sum = FloatVector.fromArray(SPECIES, matrix, row0 + j).fma(FloatVector.broadcast(SPECIES, x0), sum);
            sum = FloatVector.fromArray(SPECIES, matrix, row1 + j).fma(FloatVector.broadcast(SPECIES, x1), sum);
            sum = FloatVector.fromArray(SPECIES, matrix, row2 + j).fma(FloatVector.broadcast(SPECIES, x2), sum);
            sum = FloatVector.fromArray(SPECIES, matrix, row3 + j).fma(FloatVector.broadcast(SPECIES, x3), sum);
            sum.intoArray(y, yOffset + j);
        }
        for (int j = whole; j < length; j++) {
            float sum = Math.fma(matrix[row0 + j], x0, y[yOffset + j]);
            sum = Math.fma(matrix[row1 + j], x1, sum);
            sum = Math.fma(matrix[row2 + j], x2, sum);
            y[yOffset + j] = Math.fma(matrix[row3 + j], x3, sum);
        }
    }

    /** {@code y[i] = sum over p of matrix[i*stride + p] * x[p]}. */
    static void dots(int depth, float[] matrix, int base, int stride, float[] x, int xOffset,
            float[] y, int yOffset, int length, float[] lanes) {
        int i = 0;
        for (; i + 4 <= length; i += 4) {
            fourDots(depth, matrix, base + i * stride, stride, x, xOffset, y, yOffset + i, lanes);
        }
        for (; i < length; i++) {
            // The same row four times, so that the sum is taken in the same order.
            fourDots(depth, matrix, base + i * stride, 0, x, xOffset, lanes, 0, lanes);
            y[yOffset + i] = lanes[0];
        }
    }

    private static void fourDots(int depth, float[] matrix, int row0, int stride, float[] x, int xOffset,
            float[] y, int yOffset, float[] lanes) {
        int row1 = row0 + stride;
        int row2 = row1 + stride;
        int row3 = row2 + stride;
        FloatVector sum0 = FloatVector.zero(SPECIES);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        int whole = SPECIES.loopBound(depth);
        for (int p = 0; p < whole; p += LANES) {
            FloatVector factor = FloatVector.fromArray(SPECIES, x, xOffset + p);
            sum0 = FloatVector.fromArray(SPECIES, matrix, row0 + p).fma(factor, sum0);
            sum1 = FloatVector.fromArray(SPECIES, matrix, row1 + p).fma(factor, sum1);
            sum2 = FloatVector.fromArray(SPECIES, matrix, row2 + p).fma(factor, sum2);
            sum3 = FloatVector.fromArray(SPECIES, matrix, row3 + p).fma(factor, sum3);
        }
        sum0.intoArray(lanes, 0);
        sum1.intoArray(lanes, LANES);
        sum2.intoArray(lanes, 2 * LANES);
        sum3.intoArray(lanes, 3 * LANES);
        float dot0 = 0f;
        float dot1 = 0f;
        float dot2 = 0f;
        float dot3 = 0f;
        // Not reduceLanes: its order may differ between the interpreter and the compiler.
        for (int lane = 0; lane < LANES; lane++) {
            dot0 += lanes[lane];
            dot1 += lanes[LANES + lane];
            dot2 += lanes[2 * LANES + lane];
            dot3 += lanes[3 * LANES + lane];
        }
        for (int p = whole; p < depth; p++) {
            dot0 = Math.fma(matrix[row0 + p], x[xOffset + p], dot0);
            dot1 = Math.fma(matrix[row1 + p], x[xOffset + p], dot1);
            dot2 = Math.fma(matrix[row2 + p], x[xOffset + p], dot2);
            dot3 = Math.fma(matrix[row3 + p], x[xOffset + p], dot3);
        }
        y[yOffset] = dot0;
        y[yOffset + 1] = dot1;
        y[yOffset + 2] = dot2;
        y[yOffset + 3] = dot3;
    }
}
