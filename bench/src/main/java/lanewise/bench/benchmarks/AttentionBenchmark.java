package lanewise.bench.benchmarks;

import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.Case;
import org.openjdk.jmh.annotations.Param;

/** Attention: sequences x heads, length, head width; decoding is one query against a cache. See {@link AttentionCase}. */
public class AttentionBenchmark extends ContenderBenchmark {
    @Param({"plain 64x4 64 32 forward", "causal 64x4 64 32 forward",
        "plain 64x4 64 32 forward+backward", "causal 64x4 64 32 forward+backward",
        "plain 4x12 256 64 forward", "causal 4x12 256 64 forward",
        "plain 4x12 256 64 forward+backward", "causal 4x12 256 64 forward+backward",
        "plain 4x12 512 64 forward", "causal 4x12 512 64 forward", "causal 4x12 512 128 forward+backward",
        "plain 1x12 1024 64 forward", "causal 1x12 1024 64 forward",
        "plain 1x12 1024 64 forward+backward", "causal 1x12 1024 64 forward+backward",
        "plain 1x12 2048 64 forward", "causal 1x12 2048 64 forward",
        "plain 1x12 2048 64 forward+backward", "causal 1x12 2048 64 forward+backward",
        "plain 1x12 4096 64 forward", "causal 1x12 4096 64 forward", "causal 1x12 4096 64 forward+backward",
        "decode 1x12 1024 64 forward"})
    @Subsets(quick = {"causal 64x4 64 32 forward", "plain 1x12 1024 64 forward",
        "causal 1x12 1024 64 forward+backward", "decode 1x12 1024 64 forward"})
    public String row;

    @Override
    public Case open() {
        return new AttentionCase(row);
    }
}
