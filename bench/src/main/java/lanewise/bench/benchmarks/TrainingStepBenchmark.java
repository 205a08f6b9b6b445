package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.TrainingStepCase;
import org.openjdk.jmh.annotations.Param;

/** Training steps of nanoGPT's two character models and of GPT-2 with 124 million parameters. See {@link TrainingStepCase}. */
public class TrainingStepBenchmark extends ContenderBenchmark {
    @Param({"4x128 heads 4 vocabulary 65 batch 12x64", "6x384 heads 6 vocabulary 65 batch 8x256",
        "12x768 heads 12 vocabulary 50257 batch 4x64"})
    @Subsets(quick = {"4x128 heads 4 vocabulary 65 batch 12x64"})
    public String row;

    @Override
    public Case open() {
        return new TrainingStepCase(row);
    }
}
