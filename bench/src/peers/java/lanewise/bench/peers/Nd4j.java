package lanewise.bench.peers;

import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.bytedeco.openblas.global.openblas_full;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ND4J's product on the CPU, which is that of the OpenBLAS beside it. Its threads are the whole process's. */
public final class Nd4j implements Contender {
    @Override
    public String name() {
        return "nd4j";
    }

    @Override
    public String version() {
        return "ND4J " + Versions.of("nd4j") + "; BLAS " + org.nd4j.linalg.factory.Nd4j.getExecutioner().getEnvironmentInformation()
                .getProperty("blas.vendor") + " " + openblas_full.openblas_get_config().getString().trim();
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        org.nd4j.linalg.factory.Nd4j.getMemoryManager().togglePeriodicGc(false);
        INDArray elementsA = copyOf(o.a);
        INDArray elementsB = copyOf(o.b);
        INDArray a = elementsA.reshape('c', o.a.rows(), o.a.columns());
        INDArray b = elementsB.reshape('c', o.b.rows(), o.b.columns());
        // Results column by column cost it no copy, so we want the transpose: Cᵀ = op(B)ᵀ op(A)ᵀ.
        INDArray first = o.transposeB ? b : b.transpose();
        INDArray second = o.transposeA ? a : a.transpose();
        DataType type = o.type == ElementType.FLOAT32 ? DataType.FLOAT : DataType.DOUBLE;
        INDArray c = org.nd4j.linalg.factory.Nd4j.createUninitialized(type, new long[] {o.n, o.m}, 'f');
        // Only now, since ND4J's start sets a number of its own.
        openblas_full.openblas_set_num_threads(threads);
        return new Product(first, second, c, elementsA, elementsB);
    }

    private static INDArray copyOf(Tensor tensor) {
        return tensor.type() == ElementType.FLOAT32 ? org.nd4j.linalg.factory.Nd4j.createFromArray(tensor.floats())
                : org.nd4j.linalg.factory.Nd4j.createFromArray(tensor.doubles());
    }

    private record Product(INDArray first, INDArray second, INDArray c, INDArray elementsA, INDArray elementsB)
            implements Task {
        @Override
        public void run() {
            first.mmuli(second, c);
        }

        @Override
        public double[] result(int index) {
            return c.data().asDouble();
        }

        @Override
        public void close() {
            elementsA.close();
            elementsB.close();
            c.close();
        }
    }
}
