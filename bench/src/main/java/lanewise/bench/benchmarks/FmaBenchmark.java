package lanewise.bench.benchmarks;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The ceiling of arithmetic: a loop of nothing but fused multiply-adds on registers, in as many independent chains as hide
 * their latency. Operations: 2 · 12 chains · lanes · steps, in the counter {@code gflops} over all of JMH's threads.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class FmaBenchmark {
    private static final int CHAINS = 12;
    private static final int STEPS = 100_000;

    /** The loop for float; on JDK 17 a process must not use vectors of two shapes, hence classes that load late. */
    private static final class Float32Loop {
        static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

        static void run(float[] factors, float[] sums) {
            FloatVector x = FloatVector.broadcast(SPECIES, factors[0]);
            FloatVector y = FloatVector.broadcast(SPECIES, factors[1]);
            FloatVector sum0 = FloatVector.fromArray(SPECIES, sums, 0);
            FloatVector sum1 = sum0.add(1f);
            FloatVector sum2 = sum0.add(2f);
            FloatVector sum3 = sum0.add(3f);
            FloatVector sum4 = sum0.add(4f);
            FloatVector sum5 = sum0.add(5f);
            FloatVector sum6 = sum0.add(6f);
            FloatVector sum7 = sum0.add(7f);
            FloatVector sum8 = sum0.add(8f);
            FloatVector sum9 = sum0.add(9f);
            FloatVector sum10 = sum0.add(10f);
            FloatVector sum11 = sum0.add(11f);
            for (int i = 0; i < STEPS; i++) {
                sum0 = sum0.fma(x, y);
                sum1 = sum1.fma(x, y);
                sum2 = sum2.fma(x, y);
                sum3 = sum3.fma(x, y);
                sum4 = sum4.fma(x, y);
                sum5 = sum5.fma(x, y);
                sum6 = sum6.fma(x, y);
                sum7 = sum7.fma(x, y);
                sum8 = sum8.fma(x, y);
                sum9 = sum9.fma(x, y);
                sum10 = sum10.fma(x, y);
                sum11 = sum11.fma(x, y);
            }
            sum0.add(sum1).add(sum2.add(sum3)).add(sum4.add(sum5)).add(sum6.add(sum7)).add(sum8.add(sum9))
                    .add(sum10.add(sum11)).intoArray(sums, 0);
        }
    }

    /** The loop for double. */
    private static final class Float64Loop {
        static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;

        static void run(double[] factors, double[] sums) {
            DoubleVector x = DoubleVector.broadcast(SPECIES, factors[0]);
            DoubleVector y = DoubleVector.broadcast(SPECIES, factors[1]);
            DoubleVector sum0 = DoubleVector.fromArray(SPECIES, sums, 0);
            DoubleVector sum1 = sum0.add(1d);
            DoubleVector sum2 = sum0.add(2d);
            DoubleVector sum3 = sum0.add(3d);
            DoubleVector sum4 = sum0.add(4d);
            DoubleVector sum5 = sum0.add(5d);
            DoubleVector sum6 = sum0.add(6d);
            DoubleVector sum7 = sum0.add(7d);
            DoubleVector sum8 = sum0.add(8d);
            DoubleVector sum9 = sum0.add(9d);
            DoubleVector sum10 = sum0.add(10d);
            DoubleVector sum11 = sum0.add(11d);
            for (int i = 0; i < STEPS; i++) {
                sum0 = sum0.fma(x, y);
                sum1 = sum1.fma(x, y);
                sum2 = sum2.fma(x, y);
                sum3 = sum3.fma(x, y);
                sum4 = sum4.fma(x, y);
                sum5 = sum5.fma(x, y);
                sum6 = sum6.fma(x, y);
                sum7 = sum7.fma(x, y);
                sum8 = sum8.fma(x, y);
                sum9 = sum9.fma(x, y);
                sum10 = sum10.fma(x, y);
                sum11 = sum11.fma(x, y);
            }
            sum0.add(sum1).add(sum2.add(sum3)).add(sum4.add(sum5)).add(sum6.add(sum7)).add(sum8.add(sum9))
                    .add(sum10.add(sum11)).intoArray(sums, 0);
        }
    }

    private final float[] floatFactors = {0.999f, 0.001f};
    private final float[] floatSums = new float[64];
    private final double[] doubleFactors = {0.999, 0.001};
    private final double[] doubleSums = new double[64];

    @Benchmark
    public float[] float32(Rates rates) {
        Float32Loop.run(floatFactors, floatSums);
        rates.gflops += 2e-9 * CHAINS * Float32Loop.SPECIES.length() * STEPS;
        return floatSums;
    }

    @Benchmark
    public double[] float64(Rates rates) {
        Float64Loop.run(doubleFactors, doubleSums);
        rates.gflops += 2e-9 * CHAINS * Float64Loop.SPECIES.length() * STEPS;
        return doubleSums;
    }
}
