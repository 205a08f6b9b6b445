package lanewise.kernels.simd;

import lanewise.kernels.Epilogue;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Products by register tiles ({@link ProductF32}), or of a matrix and a vector ({@link MatrixVectorF32}). */
final class MatmulF32 implements Matmul {
    private final Workers workers;
    /** Every calling thread reuses its own, so that nothing is allocated. */
    private final ThreadLocal<ProductF32> products = ThreadLocal.withInitial(ProductF32::new);
    private final ThreadLocal<MatrixVectorF32> vectorProducts = ThreadLocal.withInitial(MatrixVectorF32::new);

    MatmulF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta,
            Tensor c, Epilogue epilogue) {
        if (c.elements() == 0) {
            return;
        }
        int last = c.rank() - 1;
        int m = c.size(last - 1);
        int n = c.size(last);
        OperandsF32 operands = m == 1 || n == 1 ? vectorProducts.get() : products.get();
        operands.batches = c.rows() / m;
        operands.m = m;
        operands.n = n;
        operands.k = a.size(transposeA ? last - 1 : last);
        operands.alpha = (float) alpha;
        operands.beta = (float) beta;
        operands.transposeA = transposeA;
        operands.transposeB = transposeB;
        operands.a = a.floats();
        operands.aOffset = a.offset();
        operands.aStride = a.rowStride();
        operands.aBatch = a.size(last - 1) * a.rowStride();
        operands.b = b.floats();
        operands.bOffset = b.offset();
        operands.bStride = b.rowStride();
        operands.bBatch = b.size(last - 1) * b.rowStride();
        operands.c = c.floats();
        operands.cOffset = c.offset();
        operands.cStride = c.rowStride();
        operands.cBatch = m * c.rowStride();
        operands.epilogue = epilogue;
        try {
            operands.multiply(workers);
        } finally {
            operands.release();
        }
    }
}
