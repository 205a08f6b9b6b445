package lanewise.bench;

import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Products of matrices, C = op(A) op(B): squares, and what a training step of nanoGPT's two character models
 * multiplies, forward (NN), for the gradient of the input (NT) and of the weights (TN). Operations: 2 m n k.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class MatmulBenchmark {
    /** Rows of C x columns of C x summed index, and which operands are transposed. */
    @Param({"64x64x64 NN", "128x128x128 NN", "256x256x256 NN", "512x512x512 NN", "1024x1024x1024 NN",
        "1024x1024x1024 NT", "1024x1024x1024 TN", "768x384x128 NN", "768x512x128 NN", "768x128x512 NN", "768x65x128 NN",
        "768x128x512 NT", "128x512x768 TN", "2048x1152x384 NN", "2048x384x1536 NN", "2048x384x1152 NT",
        "384x1536x2048 TN"})
    public String shape;

    @Param({"1", "2"})
    public int threads;

    @Param("FLOAT32")
    public ElementType type;

    private Kernels kernels;
    private boolean transposeA;
    private boolean transposeB;
    private int m;
    private int n;
    private int k;
    private Tensor a;
    private Tensor b;
    private Tensor c;

    @Setup(Level.Trial)
    public void setup() {
        String[] parts = shape.split("[x ]");
        m = Integer.parseInt(parts[0]);
        n = Integer.parseInt(parts[1]);
        k = Integer.parseInt(parts[2]);
        transposeA = parts[3].charAt(0) == 'T';
        transposeB = parts[3].charAt(1) == 'T';
        kernels = Kernels.builder().threads(threads).build();
        Random random = new Random(1);
        a = random(random, transposeA ? k : m, transposeA ? m : k);
        b = random(random, transposeB ? n : k, transposeB ? k : n);
        c = kernels.zeros(type, m, n);
        multiply();
        check(random);
        System.out.println("\n" + kernels.describe());
    }

    private Tensor random(Random random, int rows, int columns) {
        Tensor tensor = kernels.zeros(type, rows, columns);
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        tensor.copyFrom(values);
        return tensor;
    }

    /** Compares elements with a plain loop, so that nobody measures a wrong result. */
    private void check(Random random) {
        double unit = type == ElementType.FLOAT32 ? 0x1p-24 : 0x1p-53;
        for (int sample = 0; sample < 1000; sample++) {
            int i = random.nextInt(m);
            int j = random.nextInt(n);
            double sum = 0;
            double magnitude = 0;
            for (int p = 0; p < k; p++) {
                double product = (transposeA ? a.get(p, i) : a.get(i, p)) * (transposeB ? b.get(j, p) : b.get(p, j));
                sum += product;
                magnitude += Math.abs(product);
            }
            if (!(Math.abs(c.get(i, j) - sum) <= 2 * (k + 3) * unit * magnitude)) {
                throw new IllegalStateException(String.format(Locale.ROOT,
                        "%s: element (%d, %d) is %s; expected %s", shape, i, j, c.get(i, j), sum));
            }
        }
    }

    @Benchmark
    public Tensor multiply(Flops flops) {
        multiply();
        flops.add(2.0 * m * n * k);
        return c;
    }

    private void multiply() {
        kernels.matmul().multiply(transposeA, transposeB, 1, a, b, 0, c, Epilogue.NONE);
    }

    @TearDown(Level.Trial)
    public void close() {
        kernels.close();
    }
}
