package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.CrossEntropyCase;
import org.openjdk.jmh.annotations.Param;

/** The loss and its gradient. See {@link CrossEntropyCase}. */
public class CrossEntropyBenchmark extends ContenderBenchmark {
    @Param({"768x65 both", "2048x65 both", "16384x65 both", "512x50257 both"})
    @Subsets(quick = {"2048x65 both"})
    public String row;

    @Override
    public Case open() {
        return new CrossEntropyCase(row);
    }
}
