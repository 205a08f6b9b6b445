package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.SoftmaxCase;
import org.openjdk.jmh.annotations.Param;

/** Softmax of rows, and its gradient. See {@link SoftmaxCase}. */
public class SoftmaxBenchmark extends ContenderBenchmark {
    @Param({"768x65 forward", "768x65 backward", "2048x1024 forward", "2048x1024 backward", "512x50257 forward",
        "512x50257 backward"})
    @Subsets(quick = {"2048x1024 forward"})
    public String row;

    @Override
    public Case open() {
        return new SoftmaxCase(row);
    }
}
