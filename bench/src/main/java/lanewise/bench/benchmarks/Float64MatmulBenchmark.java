package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.MatmulCase;
import lanewise.kernels.ElementType;
import org.openjdk.jmh.annotations.Param;

/** Products of float64 matrices, named as those of {@link Float32MatmulBenchmark}. See {@link MatmulCase}. */
public class Float64MatmulBenchmark extends ContenderBenchmark {
    @Param({"128x128x128 NN", "300x300x300 NN", "512x512x512 NN", "1024x1024x1024 NN", "128x512x768 TN",
        "2048x384x1536 NT"})
    @Subsets(quick = {"512x512x512 NN"}, jvm = {"512x512x512 NN"})
    public String row;

    @Override
    public Case open() {
        return new MatmulCase(row, ElementType.FLOAT64);
    }
}
