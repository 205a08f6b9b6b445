package lanewise.bench.peers;

import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/** A matrix product by the C interface of BLAS, of which every library has its own copy. */
final class CblasMatmul implements Task {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

    interface Sgemm {
        void call(int order, int transposeA, int transposeB, int m, int n, int k, float alpha, FloatPointer a, int lda,
                FloatPointer b, int ldb, float beta, FloatPointer c, int ldc);
    }

    interface Dgemm {
        void call(int order, int transposeA, int transposeB, int m, int n, int k, double alpha, DoublePointer a, int lda,
                DoublePointer b, int ldb, double beta, DoublePointer c, int ldc);
    }

    private final MatmulCase o;
    private final Sgemm sgemm;
    private final Dgemm dgemm;
    private final int transposeA;
    private final int transposeB;
    private final NativeMatrix a;
    private final NativeMatrix b;
    private final NativeMatrix c;

    CblasMatmul(MatmulCase matmul, Sgemm sgemm, Dgemm dgemm) {
        o = matmul;
        this.sgemm = sgemm;
        this.dgemm = dgemm;
        transposeA = o.transposeA ? TRANSPOSE : NO_TRANSPOSE;
        transposeB = o.transposeB ? TRANSPOSE : NO_TRANSPOSE;
        a = NativeMatrix.copyOf(o.a);
        b = NativeMatrix.copyOf(o.b);
        c = NativeMatrix.zeros(o.type, o.m, o.n);
    }

    @Override
    public void run() {
        int lda = o.transposeA ? o.m : o.k;
        int ldb = o.transposeB ? o.k : o.n;
        if (o.type == ElementType.FLOAT32) {
            sgemm.call(ROW_MAJOR, transposeA, transposeB, o.m, o.n, o.k, 1, a.floats, lda, b.floats, ldb, 0, c.floats, o.n);
        } else {
            dgemm.call(ROW_MAJOR, transposeA, transposeB, o.m, o.n, o.k, 1, a.doubles, lda, b.doubles, ldb, 0, c.doubles, o.n);
        }
    }

    @Override
    public double[] result(int index) {
        return c.toArray();
    }

    @Override
    public void close() {
        a.close();
        b.close();
        c.close();
    }
}
