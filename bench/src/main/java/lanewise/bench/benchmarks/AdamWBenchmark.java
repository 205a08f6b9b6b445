package lanewise.bench.benchmarks;

import lanewise.bench.cases.AdamWCase;
import lanewise.bench.cases.Case;
import org.openjdk.jmh.annotations.Param;

/** An optimizer's step over as many parameters as the models of the training steps have (0.8 and 10.6 million). See {@link AdamWCase}. */
public class AdamWBenchmark extends ContenderBenchmark {
    @Param({"784x1024", "10384x1024"})
    @Subsets(quick = {"784x1024"})
    public String row;

    @Override
    public Case open() {
        return new AdamWCase(row);
    }
}
