package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.LayerNormCase;
import org.openjdk.jmh.annotations.Param;

/** Layer norm of rows, and its gradients. See {@link LayerNormCase}. */
public class LayerNormBenchmark extends ContenderBenchmark {
    @Param({"768x128 forward", "768x128 backward", "2048x384 forward", "2048x384 backward",
        "512x768 forward", "512x768 backward", "16384x768 forward", "16384x768 backward"})
    @Subsets(quick = {"2048x384 backward"})
    public String row;

    @Override
    public Case open() {
        return new LayerNormCase(row);
    }
}
