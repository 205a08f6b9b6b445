package lanewise.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
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
 * Self-attention on the columns of a fused query-key-value projection. Operations that are counted: for every query and
 * every key that it sees, 4 head width forward (scores, and sum of values) and 10 head width backward (scores again, and
 * four products of gradients). So a causal mask halves the count, and what is computed of the hidden half counts for nothing.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class AttentionBenchmark {
    /** Sequences x heads, length, head width. */
    @Param({"1x12 1024 64", "4x12 256 64", "1x12 4096 64", "64x4 64 32", "12x4 64 32", "8x6 256 64"})
    public String shape;

    @Param({"false", "true"})
    public boolean causal;

    @Param({"1", "2"})
    public int threads;

    private Kernels kernels;
    private AttentionShape attention;
    private Tensor query;
    private Tensor key;
    private Tensor value;
    private Tensor output;
    private Tensor logSumExp;
    private Tensor dOutput;
    private Tensor dQuery;
    private Tensor dKey;
    private Tensor dValue;
    private double pairs;

    /** Makes the tensors and compares one forward and one backward pass with the definition. */
    @Setup(Level.Trial)
    public void setUp() {
        String[] sizes = shape.split("[x ]");
        int batch = Integer.parseInt(sizes[0]);
        int heads = Integer.parseInt(sizes[1]);
        int length = Integer.parseInt(sizes[2]);
        int width = Integer.parseInt(sizes[3]);
        kernels = Kernels.builder().threads(threads).build();
        attention = AttentionShape.self(batch, heads, length, width, 1 / Math.sqrt(width), causal);
        pairs = (double) batch * heads * length * (causal ? (length + 1) / 2.0 : length);
        allocate(batch * length, heads * width, batch * heads);
        forward();
        backward();
        check(length, width);
    }

    private void allocate(int rows, int columns, int sequencesAndHeads) {
        Random random = new Random(1);
        Tensor projection = random(random, rows, 3 * columns);
        query = projection.columnRange(0, columns);
        key = projection.columnRange(columns, 2 * columns);
        value = projection.columnRange(2 * columns, 3 * columns);
        Tensor gradient = Tensor.zeros(ElementType.FLOAT32, rows, 3 * columns);
        dQuery = gradient.columnRange(0, columns);
        dKey = gradient.columnRange(columns, 2 * columns);
        dValue = gradient.columnRange(2 * columns, 3 * columns);
        output = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        dOutput = random(random, rows, columns);
        logSumExp = Tensor.zeros(ElementType.FLOAT32, sequencesAndHeads, attention.queryLength());
    }

    private static Tensor random(Random random, int rows, int columns) {
        Tensor tensor = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        tensor.copyFrom(values);
        return tensor;
    }

    /** Compares the first head of the first sequence with the scalar implementation. */
    private void check(int length, int width) {
        AttentionShape one = AttentionShape.self(1, 1, length, width, attention.scale(), causal);
        Tensor[] expected = new Tensor[4];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Tensor.zeros(ElementType.FLOAT32, length, width);
        }
        Tensor sums = Tensor.zeros(ElementType.FLOAT32, 1, length);
        Tensor q = firstHead(query, length, width);
        Tensor k = firstHead(key, length, width);
        Tensor v = firstHead(value, length, width);
        try (Kernels scalar = Kernels.builder().implementation("scalar").build()) {
            scalar.attention().forward(one, q, k, v, expected[0], sums);
            scalar.attention().backward(one, q, k, v, expected[0], sums, firstHead(dOutput, length, width),
                    expected[1], expected[2], expected[3]);
        }
        Tensor[] actual = {output, dQuery, dKey, dValue};
        for (int t = 0; t < actual.length; t++) {
            double[] wanted = expected[t].toArray();
            double[] found = firstHead(actual[t], length, width).toArray();
            for (int i = 0; i < wanted.length; i++) {
                if (!(Math.abs(wanted[i] - found[i]) <= 5e-5 * (1 + Math.abs(wanted[i])))) {
                    throw new IllegalStateException("result " + t + ", element " + i + ": " + found[i] + ", not " + wanted[i]);
                }
            }
        }
    }

    private static Tensor firstHead(Tensor tensor, int length, int width) {
        return tensor.rowRange(0, length).columnRange(0, width);
    }

    @TearDown(Level.Trial)
    public void close() {
        kernels.close();
    }

    @Benchmark
    public Tensor forward(Flops flops) {
        forward();
        flops.add(4 * pairs * attention.headWidth());
        return output;
    }

    @Benchmark
    public Tensor forwardAndBackward(Flops flops) {
        forward();
        backward();
        flops.add(14 * pairs * attention.headWidth());
        return dQuery;
    }

    private void forward() {
        kernels.attention().forward(attention, query, key, value, output, logSumExp);
    }

    private void backward() {
        kernels.attention().backward(attention, query, key, value, output, logSumExp, dOutput, dQuery, dKey, dValue);
    }
}
