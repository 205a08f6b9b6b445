package lanewise.bench;

import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;

/** The families of rows, in the order of the report. */
enum Family {
    MATMUL_FLOAT32("matmul float32", Float32MatmulBenchmark.class),
    MATMUL_FLOAT64("matmul float64", Float64MatmulBenchmark.class),
    ATTENTION("attention", AttentionBenchmark.class),
    SOFTMAX("softmax", SoftmaxBenchmark.class),
    LAYER_NORM("layer norm", LayerNormBenchmark.class),
    GELU("gelu", GeluBenchmark.class),
    CROSS_ENTROPY("cross-entropy", CrossEntropyBenchmark.class),
    ADAMW("adamw", AdamWBenchmark.class),
    EMBEDDING("embedding", EmbeddingBenchmark.class),
    TRAINING_STEP("training step", TrainingStepBenchmark.class);

    /** Begins the names of its rows. */
    final String title;
    final Class<? extends ContenderBenchmark> benchmark;

    Family(String title, Class<? extends ContenderBenchmark> benchmark) {
        this.title = title;
        this.benchmark = benchmark;
    }

    boolean isMatmul() {
        return this == MATMUL_FLOAT32 || this == MATMUL_FLOAT64;
    }

    /** All rows. */
    List<String> rows() {
        return List.of(row(Param.class).value());
    }

    List<String> quickRows() {
        return List.of(row(Subsets.class).quick());
    }

    /** Rows in which the JVM's libraries take part. */
    List<String> jvmRows() {
        return List.of(row(Subsets.class).jvm());
    }

    /** A training step on one thread is nobody's way to train. */
    List<Integer> threads() {
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
