package lanewise.bench.peers;

import dev.ludovic.netlib.blas.JavaBLAS;
import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** The BLAS in Java of dev.ludovic.netlib, which uses the Vector API. One thread. */
public final class Netlib implements Contender {
    @Override
    public String name() {
        return "netlib";
    }

    @Override
    public String version() {
        return "dev.ludovic.netlib " + Versions.of("netlib") + "; " + JavaBLAS.getInstance().getClass().getSimpleName();
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        if (threads != 1) {
            return null;
        }
        JavaBLAS blas = JavaBLAS.getInstance();
        Tensor c = Tensor.zeros(o.type, o.m, o.n);
        // Its matrices lie column by column, as the transposes of ours do: Cᵀ = op(B)ᵀ op(A)ᵀ.
        String first = o.transposeB ? "T" : "N";
        String second = o.transposeA ? "T" : "N";
        int lda = o.transposeA ? o.m : o.k;
        int ldb = o.transposeB ? o.k : o.n;
        if (o.type == ElementType.FLOAT32) {
            return new JavaTask(() -> blas.sgemm(first, second, o.n, o.m, o.k, 1, o.b.floats(), ldb, o.a.floats(), lda, 0,
                    c.floats(), o.n), c::toArray);
        }
        return new JavaTask(() -> blas.dgemm(first, second, o.n, o.m, o.k, 1, o.b.doubles(), ldb, o.a.doubles(), lda, 0,
                c.doubles(), o.n), c::toArray);
    }
}
