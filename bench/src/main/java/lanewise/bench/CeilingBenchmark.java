package lanewise.bench;

import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The speed that no float32 kernel can pass: a loop of nothing but fused multiply-adds on registers, in as many
 * independent chains as hide their latency. Operations: 2 · 12 chains · lanes · steps.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class CeilingBenchmark {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int STEPS = 100_000;

    private final float[] factors = {0.999f, 0.001f};
    private final float[] sums = new float[SPECIES.length()];

    @Benchmark
    @Threads(1)
    public float[] oneThread(Flops flops) {
        return run(flops);
    }

    @Benchmark
    @Threads(2)
    public float[] twoThreads(Flops flops) {
        return run(flops);
    }

    private float[] run(Flops flops) {
        multiplyAdd(STEPS, factors, sums);
        flops.add(2.0 * 12 * SPECIES.length() * STEPS);
        return sums;
    }

    private static void multiplyAdd(int steps, float[] factors, float[] sums) {
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
        for (int i = 0; i < steps; i++) {
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
