package lanewise.bench.plan;

import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Locale;
import lanewise.bench.benchmarks.AdamWBenchmark;
import lanewise.bench.benchmarks.AttentionBenchmark;
import lanewise.bench.benchmarks.BandwidthBenchmark;
import lanewise.bench.benchmarks.ContenderBenchmark;
import lanewise.bench.benchmarks.CrossEntropyBenchmark;
import lanewise.bench.benchmarks.EmbeddingBenchmark;
import lanewise.bench.benchmarks.Float32MatmulBenchmark;
import lanewise.bench.benchmarks.Float64MatmulBenchmark;
import lanewise.bench.benchmarks.GeluBenchmark;
import lanewise.bench.benchmarks.LayerNormBenchmark;
import lanewise.bench.benchmarks.SoftmaxBenchmark;
import lanewise.bench.benchmarks.Subsets;
import lanewise.bench.benchmarks.TrainingStepBenchmark;
import lanewise.bench.cases.Unit;
import org.openjdk.jmh.annotations.Param;

/** The families of rows, in the order of the report. */
public enum Family {
    MATMUL_FLOAT32("matmul float32", Float32MatmulBenchmark.class, Unit.GFLOP),
    MATMUL_FLOAT64("matmul float64", Float64MatmulBenchmark.class, Unit.GFLOP),
    ATTENTION("attention", AttentionBenchmark.class, Unit.GFLOP),
    SOFTMAX("softmax", SoftmaxBenchmark.class, Unit.GELEMENT),
    LAYER_NORM("layer norm", LayerNormBenchmark.class, Unit.GELEMENT),
    GELU("gelu", GeluBenchmark.class, Unit.GELEMENT),
    CROSS_ENTROPY("cross-entropy", CrossEntropyBenchmark.class, Unit.GELEMENT),
    ADAMW("adamw", AdamWBenchmark.class, Unit.GELEMENT),
    EMBEDDING("embedding", EmbeddingBenchmark.class, Unit.GELEMENT),
    TRAINING_STEP("training step", TrainingStepBenchmark.class, Unit.TOKEN);

    /** Begins the names of its rows. */
    public final String title;
    public final Class<? extends ContenderBenchmark> benchmark;
    /** Of its rows' speeds, as its cases have it. */
    public final Unit unit;

    Family(String title, Class<? extends ContenderBenchmark> benchmark, Unit unit) {
        this.title = title;
        this.benchmark = benchmark;
        this.unit = unit;
    }

    boolean isMatmul() {
        return this == MATMUL_FLOAT32 || this == MATMUL_FLOAT64;
    }

    /** All rows. */
    public List<String> rows() {
        return List.of(row(Param.class).value());
    }

    List<String> quickRows() {
        return List.of(row(Subsets.class).quick());
    }

    /** Rows in which the JVM's libraries take part. */
    public List<String> jvmRows() {
        return List.of(row(Subsets.class).jvm());
    }

    /**
     * The loop of {@link BandwidthBenchmark} that moves data as a row does, in the form of {@link Job#CEILINGS}: copy where each
     * element that is written goes with one that is read, triad where with two, update where it is one of those. Of the zeros in a
     * large table's gradient nothing is read, and decoding writes nothing; copy and update come closest to those.
     */
    public String bandwidth(String row) {
        return "BandwidthBenchmark." + switch (this) {
            case ADAMW, ATTENTION -> "update";
            case EMBEDDING -> "copy";
            default -> row.contains("backward") ? "triad" : "copy";
        };
    }

    /** A training step on one thread is nobody's way to train. */
    public List<Integer> threads() {
        return this == TRAINING_STEP ? List.of(2) : List.of(1, 2);
    }

    /** The beginning of its files' names. */
    String file() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private <A extends Annotation> A row(Class<A> annotation) {
        try {
            return benchmark.getField("row").getAnnotation(annotation);
        } catch (NoSuchFieldException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
