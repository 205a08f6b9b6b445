package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.GeluCase;
import org.openjdk.jmh.annotations.Param;

/** GELU and its gradient. See {@link GeluCase}. */
public class GeluBenchmark extends ContenderBenchmark {
    @Param({"768x512 forward exact", "768x512 backward exact", "2048x1536 forward exact", "2048x1536 backward exact",
        "512x3072 forward tanh", "512x3072 backward tanh"})
    @Subsets(quick = {"2048x1536 forward exact"})
    public String row;

    @Override
    public Case open() {
        return new GeluCase(row);
    }
}
