package lanewise.kernels.scalar;

import java.util.Arrays;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Row by row, the sums over k in double and in order. */
final class MatmulF32 implements Matmul {
    private final Workers workers;

    MatmulF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta,
            Tensor c, Epilogue epilogue) {
        int last = c.rank() - 1;
        int m = c.size(last - 1);
        int n = c.size(last);
        int k = a.size(transposeA ? last - 1 : last);
        Split.rows(workers, c.rows(), (long) n * k, (from, to) -> {
            double[] sums = workers.scratch().doubles(0, n);
            for (int row = from; row < to; row++) {
                int batch = row / m;
                int aBase = a.offset() + batch * a.size(last - 1) * a.rowStride();
                int bBase = b.offset() + batch * b.size(last - 1) * b.rowStride();
                if (transposeA) {
                    rowOfProduct(a.floats(), aBase + row % m, a.rowStride(), b, bBase, transposeB, k, n, sums);
                } else {
                    rowOfProduct(a.floats(), aBase + row % m * a.rowStride(), 1, b, bBase, transposeB, k, n, sums);
                }
                store(row, sums, n, alpha, beta, c, epilogue);
            }
        });
    }

    /** sums[j] = sum over p of a[aAt + p aStep] op(B)[p][j]. */
    private static void rowOfProduct(float[] a, int aAt, int aStep, Tensor b, int bBase, boolean transposeB, int k,
            int n, double[] sums) {
        float[] bArray = b.floats();
        if (transposeB) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += (double) a[aAt + p * aStep] * bArray[bBase + j * b.rowStride() + p];
                }
                sums[j] = sum;
            }
        } else {
            Arrays.fill(sums, 0, n, 0);
            for (int p = 0; p < k; p++) {
                double factor = a[aAt + p * aStep];
                int bAt = bBase + p * b.rowStride();
                for (int j = 0; j < n; j++) {
                    sums[j] += factor * bArray[bAt + j];
                }
            }
        }
    }

    private static void store(int row, double[] sums, int n, double alpha, double beta, Tensor c, Epilogue epilogue) {
        float[] cArray = c.floats();
        int cAt = c.offset() + row * c.rowStride();
        Tensor bias = epilogue.bias();
        Tensor pre = epilogue.preActivation();
        for (int j = 0; j < n; j++) {
            double value = alpha * sums[j];
            if (beta != 0) {
                value += beta * cArray[cAt + j];
            }
            if (bias != null) {
                value += bias.floats()[bias.offset() + j];
            }
            if (pre != null) {
                pre.floats()[pre.offset() + row * pre.rowStride() + j] = (float) value;
            }
            cArray[cAt + j] = (float) ScalarFunctions.activation(epilogue.activation(), value);
        }
    }
}
