package lanewise.bench.gpu;

import java.util.SplittableRandom;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** C = A B. */
final class MatmulTask implements GpuCase {
    private static final int SAMPLES = 200;

    private final Kernels kernels;
    private final GpuRow row;
    private final RandomMatrix a;
    private final RandomMatrix b;
    private final Tensor c;

    MatmulTask(Kernels kernels, GpuRow row, long seed) {
        this.kernels = kernels;
        this.row = row;
        int m = row.sizes()[0];
        int n = row.sizes()[1];
        int k = row.sizes()[2];
        a = new RandomMatrix(kernels, row.elementType(), seed, m, k);
        b = new RandomMatrix(kernels, row.elementType(), seed + 1, k, n);
        c = GpuCase.unwritten(kernels, row.elementType(), m, n);
    }

    @Override
    public void run() {
        kernels.matmul().multiply(false, false, 1, a.tensor, b.tensor, 0, c, Epilogue.NONE);
    }

    @Override
    public void check() {
        Deviation.checkWritten(kernels, "C", c);
        SplittableRandom random = new SplittableRandom(3);
        Deviation deviation = new Deviation("C");
        for (int sample = 0; sample < SAMPLES; sample++) {
            int i = sample == 0 ? 0 : sample == 1 ? c.rows() - 1 : random.nextInt(c.rows());
            int j = sample == 0 ? 0 : sample == 1 ? c.columns() - 1 : random.nextInt(c.columns());
            double sum = 0;
            for (int p = 0; p < a.tensor.columns(); p++) {
                sum += a.at(i, p) * b.at(p, j);
            }
            deviation.add(c.get(i, j), sum);
        }
        deviation.check(GpuCase.limit(row));
    }
}
