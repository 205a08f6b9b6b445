package lanewise.bench.peers;

import java.util.Arrays;
import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** What one writes in Java without a library: plain loops, in the order that the JIT compiler vectorises best. One thread. */
public final class PlainLoop implements Contender {
    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String version() {
        return "plain Java loops";
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        if (threads != 1) {
            return null;
        }
        Tensor c = Tensor.zeros(o.type, o.m, o.n);
        if (o.type == ElementType.FLOAT32) {
            return new JavaTask(o.transposeB ? () -> dots(o, o.a.floats(), o.b.floats(), c.floats())
                    : () -> rowSums(o, o.a.floats(), o.b.floats(), c.floats()), c::toArray);
        }
        return new JavaTask(o.transposeB ? () -> dots(o, o.a.doubles(), o.b.doubles(), c.doubles())
                : () -> rowSums(o, o.a.doubles(), o.b.doubles(), c.doubles()), c::toArray);
    }

    /** Row i of C is the sum over p of A[i, p] times row p of B. */
    private static void rowSums(MatmulCase o, float[] a, float[] b, float[] c) {
        Arrays.fill(c, 0);
        for (int i = 0; i < o.m; i++) {
            for (int p = 0; p < o.k; p++) {
                addScaled(o.n, o.transposeA ? a[p * o.m + i] : a[i * o.k + p], b, p * o.n, c, i * o.n);
            }
        }
    }

    private static void rowSums(MatmulCase o, double[] a, double[] b, double[] c) {
        Arrays.fill(c, 0);
        for (int i = 0; i < o.m; i++) {
            for (int p = 0; p < o.k; p++) {
                addScaled(o.n, o.transposeA ? a[p * o.m + i] : a[i * o.k + p], b, p * o.n, c, i * o.n);
            }
        }
    }

    private static void addScaled(int n, float scale, float[] x, int atX, float[] y, int atY) {
        for (int j = 0; j < n; j++) {
            y[atY + j] += scale * x[atX + j];
        }
    }

    private static void addScaled(int n, double scale, double[] x, int atX, double[] y, int atY) {
        for (int j = 0; j < n; j++) {
            y[atY + j] += scale * x[atX + j];
        }
    }

    /** C[i, j] is the product of two rows. */
    private static void dots(MatmulCase o, float[] a, float[] b, float[] c) {
        for (int i = 0; i < o.m; i++) {
            for (int j = 0; j < o.n; j++) {
                float sum = 0;
                for (int p = 0; p < o.k; p++) {
                    sum += (o.transposeA ? a[p * o.m + i] : a[i * o.k + p]) * b[j * o.k + p];
                }
                c[i * o.n + j] = sum;
            }
        }
    }

    private static void dots(MatmulCase o, double[] a, double[] b, double[] c) {
        for (int i = 0; i < o.m; i++) {
            for (int j = 0; j < o.n; j++) {
                double sum = 0;
                for (int p = 0; p < o.k; p++) {
                    sum += (o.transposeA ? a[p * o.m + i] : a[i * o.k + p]) * b[j * o.k + p];
                }
                c[i * o.n + j] = sum;
            }
        }
    }
}
