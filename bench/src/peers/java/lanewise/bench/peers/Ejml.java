package lanewise.bench.peers;

import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.ejml.EjmlVersion;
import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.DMatrixRMaj;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.CommonOps_FDRM;
import org.ejml.dense.row.CommonOps_MT_DDRM;
import org.ejml.dense.row.CommonOps_MT_FDRM;

/** EJML's row-major products: the plain ones on one thread, the concurrent ones on more. Its threads are the whole process's. */
public final class Ejml implements Contender {
    @Override
    public String name() {
        return "ejml";
    }

    @Override
    public String version() {
        return "EJML " + EjmlVersion.VERSION;
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        if (o.transposeA && o.transposeB) {
            return null;
        }
        if (threads > 1) {
            EjmlConcurrency.setMaxThreads(threads);
        }
        Tensor c = Tensor.zeros(o.type, o.m, o.n);
        boolean one = threads == 1;
        Runnable product;
        if (o.type == ElementType.FLOAT32) {
            FMatrixRMaj x = FMatrixRMaj.wrap(o.a.rows(), o.a.columns(), o.a.floats());
            FMatrixRMaj y = FMatrixRMaj.wrap(o.b.rows(), o.b.columns(), o.b.floats());
            FMatrixRMaj z = FMatrixRMaj.wrap(o.m, o.n, c.floats());
            product = o.transposeA ? one ? () -> CommonOps_FDRM.multTransA(x, y, z) : () -> CommonOps_MT_FDRM.multTransA(x, y, z)
                    : o.transposeB ? one ? () -> CommonOps_FDRM.multTransB(x, y, z) : () -> CommonOps_MT_FDRM.multTransB(x, y, z)
                    : one ? () -> CommonOps_FDRM.mult(x, y, z) : () -> CommonOps_MT_FDRM.mult(x, y, z);
        } else {
            DMatrixRMaj x = DMatrixRMaj.wrap(o.a.rows(), o.a.columns(), o.a.doubles());
            DMatrixRMaj y = DMatrixRMaj.wrap(o.b.rows(), o.b.columns(), o.b.doubles());
            DMatrixRMaj z = DMatrixRMaj.wrap(o.m, o.n, c.doubles());
            product = o.transposeA ? one ? () -> CommonOps_DDRM.multTransA(x, y, z) : () -> CommonOps_MT_DDRM.multTransA(x, y, z)
                    : o.transposeB ? one ? () -> CommonOps_DDRM.multTransB(x, y, z) : () -> CommonOps_MT_DDRM.multTransB(x, y, z)
                    : one ? () -> CommonOps_DDRM.mult(x, y, z) : () -> CommonOps_MT_DDRM.mult(x, y, z);
        }
        return new JavaTask(product, c::toArray);
    }
}
