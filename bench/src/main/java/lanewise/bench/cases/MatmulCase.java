package lanewise.bench.cases;

import java.util.Random;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * C = op(A) op(B), m rows, n columns, summed over k; row-major. NN is a layer's forward pass, NT the gradient of its input, TN
 * that of its weights. Operations: 2 m n k. Result 0: C.
 */
public final class MatmulCase extends Case {
    private static final int SAMPLES = 1002;

    public final ElementType type;
    public final boolean transposeA;
    public final boolean transposeB;
    public final int m;
    public final int n;
    public final int k;
    /** m x k, or k x m if transposed. */
    public final Tensor a;
    /** k x n, or n x k if transposed. */
    public final Tensor b;

    /** Reads a row such as {@code "512x768x3072 TN"}: m x n x k, and which operands are transposed. */
    public MatmulCase(String row, ElementType type) {
        String[] parts = row.split("[x ]");
        this.type = type;
        m = Integer.parseInt(parts[0]);
        n = Integer.parseInt(parts[1]);
        k = Integer.parseInt(parts[2]);
        transposeA = parts[3].charAt(0) == 'T';
        transposeB = parts[3].charAt(1) == 'T';
        a = random(1, type, transposeA ? k : m, transposeA ? m : k);
        b = random(2, type, transposeB ? n : k, transposeB ? k : n);
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.matmul(this, threads);
    }

    @Override
    public double work() {
        return 2.0 * m * n * k;
    }

    @Override
    public Unit unit() {
        return Unit.GFLOP;
    }

    @Override
    public double bytes() {
        return 0;
    }

    private static double element(Tensor tensor, int index) {
        return tensor.type() == ElementType.FLOAT32 ? tensor.floats()[index] : tensor.doubles()[index];
    }

    /**
     * Compares a thousand elements, and the corners, with a plain loop: each within the error bound of a sum of k products, and all
     * within what rounding at random gives, which is far less and which a type of fewer digits would not reach.
     */
    @Override
    public void check(Task task) {
        double[] c = task.result(0);
        double unit = type == ElementType.FLOAT32 ? 0x1p-24 : 0x1p-53;
        Random random = new Random(3);
        double squares = 0;
        double magnitudes = 0;
        for (int sample = -2; sample < SAMPLES - 2; sample++) {
            int i = sample == -2 ? 0 : sample == -1 ? m - 1 : random.nextInt(m);
            int j = sample == -2 ? 0 : sample == -1 ? n - 1 : random.nextInt(n);
            double sum = 0;
            double magnitude = 0;
            for (int p = 0; p < k; p++) {
                double product = element(a, transposeA ? p * m + i : i * k + p) * element(b, transposeB ? j * k + p : p * n + j);
                sum += product;
                magnitude += Math.abs(product);
            }
            near("C", i * n + j, c[i * n + j], sum, 2 * (k + 3) * unit * magnitude);
            squares += Math.pow(c[i * n + j] - sum, 2);
            magnitudes += magnitude;
        }
        // Partial sums of random signs are as large as some square root of k products; k of them are rounded, at random too.
        near("the mean error of C", 0, Math.sqrt(squares / SAMPLES), 0, 4 * unit * magnitudes / SAMPLES);
    }
}
