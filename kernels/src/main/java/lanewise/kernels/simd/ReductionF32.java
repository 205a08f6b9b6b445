package lanewise.kernels.simd;

import java.util.Arrays;
import lanewise.kernels.Reduction;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * Whole tensors: chunks of a fixed size (or rows, where these have gaps), whose sums are added in order. Rows: column by
 * column, each in the order of the rows.
 */
final class ReductionF32 implements Reduction {
    private static final int CHUNK = 16_384;
    /** Rows summed in float before the sum goes on in a sum of such sums. */
    private static final int ROWS = 64;
    private static final int LANES = Float32Math.SPECIES.length();

    private final Workers workers;

    ReductionF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public double sum(Tensor x) {
        return sum(x, false);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        return sum(x, true);
    }

    private double sum(Tensor x, boolean squares) {
        boolean contiguous = x.isContiguous();
        int length = contiguous ? CHUNK : x.columns();
        int stride = contiguous ? CHUNK : x.rowStride();
        int elements = x.elements();
        int chunks = contiguous ? (elements + CHUNK - 1) / CHUNK : x.rows();
        double[] sums = workers.scratch().doubles(0, chunks);
        Split.rows(workers, chunks, length, (from, to) -> {
            double[] lanes = workers.scratch().doubles(1, LANES);
            for (int c = from; c < to; c++) {
                int at = x.offset() + c * stride;
                int n = contiguous ? Math.min(CHUNK, elements - c * CHUNK) : length;
                sums[c] = squares ? DoubleSums.sumOfSquares(x.floats(), at, n, lanes)
                        : sum(x.floats(), at, n);
            }
        });
        double total = 0;
        for (int c = 0; c < chunks; c++) {
            total += sums[c];
        }
        return total;
    }

    /**
     * Without vectors: once a step, over the losses of its tokens, is not often enough to be compiled, and in the interpreter
     * every vector is an object.
     */
    private static double sum(float[] x, int at, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i < n - 3; i += 4) {
            s0 += x[at + i];
            s1 += x[at + i + 1];
            s2 += x[at + i + 2];
            s3 += x[at + i + 3];
        }
        double total = (s0 + s1) + (s2 + s3);
        for (; i < n; i++) {
            total += x[at + i];
        }
        return total;
    }

    @Override
    public void sumRepeated(Tensor x, Tensor block) {
        int period = block.rows();
        if (period == 1) {
            Split.columns(workers, x.columns(), x.rows(), (from, to) -> addRows(x, 0, 1, x.rows(), from, to, block, 0));
        } else {
            Split.rows(workers, period, x.elements() / Math.max(period, 1), (from, to) -> {
                for (int r = from; r < to; r++) {
                    addRows(x, r, period, x.rows(), 0, x.columns(), block, r);
                }
            });
        }
    }

    /** Adds rows first, first + step, .. of x to a row of the block, for some columns. */
    private void addRows(Tensor x, int first, int step, int end, int from, int to, Tensor block, int blockRow) {
        float[] sums = sumOfRows(x, first, step, end, from, to);
        int at = block.offset() + blockRow * block.rowStride() + from;
        ElementwiseF32.add(sums, 0, block.floats(), at, block.floats(), at, to - from);
    }

    /** The sum of rows first, first + step, .. before end, for some columns: in a work area. */
    private float[] sumOfRows(Tensor x, int first, int step, int end, int from, int to) {
        int n = to - from;
        float[] total = workers.scratch().floats(1, n);
        float[] part = workers.scratch().floats(2, n);
        Arrays.fill(total, 0, n, 0);
        int r = first;
        while (r < end) {
            Arrays.fill(part, 0, n, 0);
            for (int count = 0; count < ROWS && r < end; count++, r += step) {
                ElementwiseF32.add(x.floats(), x.offset() + r * x.rowStride() + from, part, 0, part, 0, n);
            }
            ElementwiseF32.add(part, 0, total, 0, total, 0, n);
        }
        return total;
    }

    @Override
    public void pool(int length, double scale, Tensor x, Tensor y) {
        Split.rows(workers, y.rows(), (long) length * x.columns(), (from, to) -> {
            for (int b = from; b < to; b++) {
                float[] sums = sumOfRows(x, b * length, 1, (b + 1) * length, 0, x.columns());
                ElementwiseF32.scale((float) scale, sums, 0, y.floats(), y.offset() + b * y.rowStride(), x.columns());
            }
        });
    }

    @Override
    public void poolBackward(int length, double scale, Tensor dy, Tensor dx) {
        Split.rows(workers, dx.rows(), dx.columns(), (from, to) -> {
            for (int r = from; r < to; r++) {
                ElementwiseF32.scale((float) scale, dy.floats(), dy.offset() + r / length * dy.rowStride(),
                        dx.floats(), dx.offset() + r * dx.rowStride(), dx.columns());
            }
        });
    }
}
