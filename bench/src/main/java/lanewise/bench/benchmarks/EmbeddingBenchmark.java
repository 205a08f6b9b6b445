package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.EmbeddingCase;
import org.openjdk.jmh.annotations.Param;

/** Lookup of rows, and the gradient of the table. See {@link EmbeddingCase}. */
public class EmbeddingBenchmark extends ContenderBenchmark {
    @Param({"768x128 forward of 65", "768x128 backward of 65", "2048x768 forward of 50257",
        "2048x768 backward of 50257"})
    @Subsets(quick = {"2048x768 forward of 50257"})
    public String row;

    @Override
    public Case open() {
        return new EmbeddingCase(row);
    }
}
