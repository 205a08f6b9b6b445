package lanewise.bench.benchmarks;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The ceiling of moving data: loops over arrays of 64 MiB, more than caches hold, each of JMH's threads with its own. Bytes are
 * counted as STREAM does, each element read or written once, in the counter {@code gbytes} over all threads.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class BandwidthBenchmark {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int SIZE = 1 << 24;

    private float[] a;
    private float[] b;
    private float[] c;

    /** Fills the arrays: pages that were never written are all one page of zeros. */
    @Setup(Level.Trial)
    public void fill() {
        a = new float[SIZE];
        b = new float[SIZE];
        c = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            a[i] = i;
            b[i] = i;
            c[i] = 1;
        }
    }

    /** a = b: 8 bytes an element. */
    @Benchmark
    public float[] copy(Rates rates) {
        copy(b, a);
        rates.gbytes += 8e-9 * SIZE;
        return a;
    }

    /** a = b + s c: 12 bytes an element. */
    @Benchmark
    public float[] triad(Rates rates) {
        triad(b, c, a);
        rates.gbytes += 12e-9 * SIZE;
        return a;
    }

    /** a += s b: 12 bytes an element, and no more moved, since the line that is written was read. */
    @Benchmark
    public float[] update(Rates rates) {
        triad(a, b, a);
        rates.gbytes += 12e-9 * SIZE;
        return a;
    }

    private static void copy(float[] from, float[] to) {
        for (int i = 0; i < SPECIES.loopBound(SIZE); i += SPECIES.length()) {
            FloatVector.fromArray(SPECIES, from, i).intoArray(to, i);
        }
    }

    private static void triad(float[] b, float[] c, float[] a) {
        FloatVector s = FloatVector.broadcast(SPECIES, 0.5f);
        for (int i = 0; i < SPECIES.loopBound(SIZE); i += SPECIES.length()) {
            FloatVector.fromArray(SPECIES, c, i).fma(s, FloatVector.fromArray(SPECIES, b, i)).intoArray(a, i);
        }
    }
}
