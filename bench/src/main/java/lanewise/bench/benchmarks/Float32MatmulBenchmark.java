package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import lanewise.bench.cases.MatmulCase;
import lanewise.kernels.ElementType;
import org.openjdk.jmh.annotations.Param;

/**
 * Products of float32 matrices: squares, also odd ones, and what training multiplies, forward (NN), for the gradient of the
 * input (NT) and of the weights (TN); with a tied head, whose weights are the table of the embedding, NT is the forward pass.
 * See {@link MatmulCase}.
 */
public class Float32MatmulBenchmark extends ContenderBenchmark {
    @Param({"64x64x64 NN", "128x128x128 NN", "207x207x207 NN", "300x300x300 NN", "512x512x512 NN", "702x702x702 NN",
        "1024x1024x1024 NN", "2048x2048x2048 NN", "768x384x128 NN", "768x512x128 NT", "128x512x768 TN",
        "768x65x128 NT", "768x128x65 NN", "2048x1152x384 NN", "2048x384x1536 NT", "384x1536x2048 TN",
        "512x3072x768 NN", "512x768x3072 NT", "768x3072x512 TN", "512x50257x768 NT", "512x768x50257 NN", "50257x768x512 TN",
        "16384x384x128 NN", "16384x128x384 NT", "128x384x16384 TN"})
    @Subsets(quick = {"128x128x128 NN", "1024x1024x1024 NN", "2048x384x1536 NT", "128x512x768 TN"},
        jvm = {"128x128x128 NN", "207x207x207 NN", "1024x1024x1024 NN", "768x512x128 NT", "128x512x768 TN"})
    public String row;

    @Override
    public Case open() {
        return new MatmulCase(row, ElementType.FLOAT32);
    }
}
