package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.TestKernels;
import org.junit.jupiter.api.Test;

class GeneratorTest {
    private static final GptConfig CONFIG =
            GptConfig.builder(11, 12).layers(2).heads(2).width(16).positions(Positions.ROTARY).build();

    @Test
    void takesWhatTheWholeSequenceMakesMostProbable() {
        try (Kernels kernels = TestKernels.open(1)) {
            Gpt model = new Gpt(CONFIG, kernels, ElementType.FLOAT64, 1);
            int[] sequence = {3, 1, 4};
            int[] streamed = new int[9];
            int[] position = {0};
            int[] generated = new Generator(model, new Sampler(0, 0, 1, 0)).generate(sequence, 9,
                    token -> streamed[position[0]++] = token);
            assertArrayEquals(generated, streamed);
            for (int token : generated) {
                double[] scores = model.logits(1, sequence.length, sequence)
                        .rowRange(sequence.length - 1, sequence.length).toArray();
                int best = IntStream.range(0, scores.length).reduce((a, b) -> scores[b] > scores[a] ? b : a).getAsInt();
                assertEquals(best, token, "after " + Arrays.toString(sequence));
                sequence = Arrays.copyOf(sequence, sequence.length + 1);
                sequence[sequence.length - 1] = token;
            }
        }
    }

    @Test
    void goesOnPastTheContext() {
        try (Kernels kernels = TestKernels.open(1)) {
            Gpt model = new Gpt(CONFIG, kernels, ElementType.FLOAT32, 1);
            Generator generator = new Generator(model, new Sampler(1, 0, 1, 2));
            assertEquals(40, generator.generate(new int[] {5}, 40, token -> { }).length);
            assertEquals(3, generator.generate(new int[30], 3, token -> { }).length);
            assertEquals(0, generator.generate(new int[] {5}, 0, token -> { }).length);
            assertThrows(IllegalArgumentException.class, () -> generator.generate(new int[0], 1, token -> { }));
            assertThrows(IllegalArgumentException.class, () -> generator.generate(new int[] {11}, 1, token -> { }));
        }
    }

    @Test
    void configurationKnowsTheNumberOfParameters() {
        try (Kernels kernels = TestKernels.open(1)) {
            for (Positions positions : new Positions[] {Positions.LEARNED, Positions.ROTARY}) {
                for (boolean bias : new boolean[] {false, true}) {
                    GptConfig config = GptConfig.builder(7, 5).layers(3).heads(4).keyHeads(2).width(24)
                            .feedForwardWidth(37).positions(positions).bias(bias).build();
                    assertEquals(new Gpt(config, kernels, ElementType.FLOAT32, 0).parameterCount(),
                            config.parameterCount(), config.toString());
                }
            }
        }
        // The largest there is: 4 width^2 and 8 width^2 per layer, two norms each and one at the end, and the tables.
        GptConfig enormous = GptConfig.builder(1 << 24, 1 << 24).layers(10_000).heads(1).width(1 << 20).build();
        assertEquals(10_000 * (12L << 40) + 20_001L * (1 << 20) + (2L << 44), enormous.parameterCount());
        assertEquals(10_000 * (1L << 45), enormous.cacheElements());
    }
}
