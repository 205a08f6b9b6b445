package lanewise.kernels.simd;

import lanewise.kernels.Activation;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** The arguments of {@code C = act(alpha op(A) op(B) + beta C + bias)} as arrays and indices, and what ways to compute it share. */
abstract class OperandsF32 {
    /** The slots below are those of the kinds of products. */
    private static final int EDGE_SLOT = 3;

    int batches;
    int m;
    int n;
    int k;
    float alpha;
    float beta;
    boolean transposeA;
    boolean transposeB;

    // As stored: rows are a stride apart, matrices of a batch a batch stride.
    float[] a;
    int aOffset;
    int aStride;
    int aBatch;
    float[] b;
    int bOffset;
    int bStride;
    int bBatch;
    float[] c;
    int cOffset;
    int cStride;
    int cBatch;
    Epilogue epilogue;

    Workers workers;

    abstract void multiply();

    final void multiply(Workers workers) {
        this.workers = workers;
        multiply();
    }

    /** Lets go of the caller's arrays. */
    final void release() {
        a = null;
        b = null;
        c = null;
        epilogue = null;
        workers = null;
    }

    /** Runs tasks on all threads if together they are worth it. */
    final void run(int tasks, long work, Workers.Task task) {
        if (work >= 2 * Blocking.TASK_WORK) {
            workers.run(tasks, task);
            return;
        }
        for (int i = 0; i < tasks; i++) {
            task.run(i);
        }
    }

    /** {@code C = beta C}, for a block; beta = 0 does not read C. */
    final void scale(int batch, int top, int bottom, int from, int to) {
        for (int i = top; i < bottom; i++) {
            int row = cOffset + batch * cBatch + i * cStride;
            for (int j = from; j < to; j++) {
                c[row + j] = beta == 0f ? 0f : beta * c[row + j];
            }
        }
    }

    /** Applies the epilogue to a block. */
    final void finish(int batch, int top, int bottom, int from, int to) {
        Tensor bias = epilogue.bias();
        Tensor pre = epilogue.preActivation();
        if (bias == null && pre == null && epilogue.activation() == Activation.IDENTITY) {
            return;
        }
        float[] edge = workers.scratch().floats(EDGE_SLOT, ActivationLoopsF32.EDGE);
        for (int i = top; i < bottom; i++) {
            EpilogueF32.apply(to - from, bias == null ? null : bias.floats(), bias == null ? 0 : bias.offset() + from,
                    epilogue.activation(), pre == null ? null : pre.floats(),
                    pre == null ? 0 : pre.offset() + (batch * m + i) * pre.rowStride() + from,
                    c, cOffset + batch * cBatch + i * cStride + from, edge);
        }
    }

    static int divideUp(int size, int unit) {
        return (size + unit - 1) / unit;
    }

    static int roundUp(int size, int unit) {
        return divideUp(size, unit) * unit;
    }
}
