package lanewise.bench;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Beside a benchmark's rows: those that some runs are content with. */
@Retention(RetentionPolicy.RUNTIME)
@interface Subsets {
    /** Rows of {@code --quick}. */
    String[] quick();

    /** Rows in which the libraries of the JVM take part, which are far behind and slow to measure. */
    String[] jvm() default {};
}
