package lanewise.bench.benchmarks;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Beside a benchmark's rows: those that some runs are content with. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Subsets {
    /** Rows of {@code --quick}. */
    String[] quick();

    /** Rows in which the libraries of the JVM take part, which are far behind and slow to measure. */
    String[] jvm() default {};
}
