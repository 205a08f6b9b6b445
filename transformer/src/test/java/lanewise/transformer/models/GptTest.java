package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.Activation;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.KeyValueCache;
import lanewise.transformer.layers.Parameter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GptTest {
    private static final int VOCABULARY = 11;
    private static final int CONTEXT = 8;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static GptConfig.Builder small() {
        return GptConfig.builder(VOCABULARY, CONTEXT).layers(2).heads(2).width(12);
    }

    static List<GptConfig> variants() {
        return List.of(
                small().build(),
                small().bias(true).activation(Activation.GELU_TANH).build(),
                small().positions(Positions.ROTARY).build(),
                small().positions(Positions.ROTARY).heads(3).keyHeads(1).bias(true).activation(Activation.SILU).build(),
                small().heads(4).keyHeads(2).width(16).feedForwardWidth(10).build(),
                small().dropout(0.3).bias(true).build());
    }

    static TokenBatch randomBatch(int vocabulary, int batch, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] tokens = random.ints((long) batch * length, 0, vocabulary).toArray();
        int[] targets = random.ints((long) batch * length, 0, vocabulary).toArray();
        for (int i = 0; i < targets.length; i += 5) {
            targets[i] = TokenBatch.IGNORED;
        }
        return new TokenBatch(batch, length, tokens, targets);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void gradientsAreDifferenceQuotients(GptConfig config) {
        Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT64, 1);
        GradientCheck.shake(gpt, 0.2, 2);
        GradientCheck.check(gpt, randomBatch(VOCABULARY, 3, 7, 3), 1e-3, 4);
        GradientCheck.check(gpt, randomBatch(VOCABULARY, 1, 1, 5), 1e-3, 6);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void lossAndLogitsAreTheDefinition(GptConfig config) {
        Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT64, 7);
        GradientCheck.shake(gpt, 0.2, 8);
        TokenBatch batch = randomBatch(VOCABULARY, 2, 6, 9);
        double[][] expected = new ReferenceGpt(gpt).logits(batch);
        double[] actual = gpt.logits(2, 6, batch.tokens()).toArray();
        double loss = 0;
        int counted = 0;
        int correct = 0;
        for (int r = 0; r < expected.length; r++) {
            double sum = 0;
            int best = 0;
            for (int c = 0; c < VOCABULARY; c++) {
                assertClose(expected[r][c], actual[r * VOCABULARY + c], 1e-11, "row " + r);
                sum += Math.exp(expected[r][c]);
                best = expected[r][c] > expected[r][best] ? c : best;
            }
            int target = batch.targets()[r];
            if (target != TokenBatch.IGNORED) {
                loss += Math.log(sum) - expected[r][target];
                counted++;
                correct += best == target ? 1 : 0;
            }
        }
        Evaluation evaluation = gpt.evaluate(batch);
        assertClose(loss, evaluation.lossSum(), 1e-11, "loss");
        assertEquals(counted, evaluation.counted());
        assertEquals(correct, evaluation.correct());
        if (config.dropout() == 0) {
            assertClose(evaluation.meanLoss(), gpt.trainingLoss(batch, 1, 0), 1e-14, "training loss");
        } else {
            assertNotEquals(evaluation.meanLoss(), gpt.trainingLoss(batch, 1, 0));
        }
    }

    @Test
    void float32IsCloseToFloat64() {
        TokenBatch batch = randomBatch(VOCABULARY, 3, 8, 10);
        Gpt single = new Gpt(small().build(), kernels, ElementType.FLOAT32, 11);
        Gpt twice = new Gpt(small().build(), kernels, ElementType.FLOAT64, 11);
        assertClose(twice.trainingLoss(batch, 1, 0), single.trainingLoss(batch, 1, 0), 1e-6, "loss");
        for (int p = 0; p < twice.parameters().size(); p++) {
            double[] expected = twice.parameters().get(p).gradient().toArray();
            double[] actual = single.parameters().get(p).gradient().toArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < expected.length; i++) {
                assertTrue(Math.abs(expected[i] - actual[i]) <= 1e-4 * largest, twice.parameters().get(p).name());
            }
        }
    }

    @Test
    void gradientsAddUp() {
        TokenBatch batch = randomBatch(VOCABULARY, 2, 8, 12);
        Gpt gpt = new Gpt(small().bias(true).build(), kernels, ElementType.FLOAT64, 13);
        gpt.trainingLoss(batch, 1, 0);
        List<double[]> once = gpt.parameters().stream().map(parameter -> parameter.gradient().toArray()).toList();
        gpt.trainingLoss(batch, 2, 0);
        for (int p = 0; p < once.size(); p++) {
            double[] thrice = gpt.parameters().get(p).gradient().toArray();
            for (int i = 0; i < thrice.length; i++) {
                assertTrue(Math.abs(thrice[i] - 3 * once.get(p)[i]) <= 1e-12, gpt.parameters().get(p).name());
            }
        }
    }

    @Test
    void dropoutMasksFollowTheSeed() {
        GptConfig config = small().dropout(0.5).build();
        TokenBatch batch = randomBatch(VOCABULARY, 2, 8, 14);
        Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT32, 15);
        double loss = gpt.trainingLoss(batch, 1, 100);
        assertEquals(loss, gpt.trainingLoss(batch, 1, 100));
        assertNotEquals(loss, gpt.trainingLoss(batch, 1, 101));
        assertEquals(gpt.evaluate(batch), gpt.evaluate(batch));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theThreadsDoNotChangeTheBits(boolean rotary) {
        GptConfig config = GptConfig.builder(65, 64).layers(2).heads(4).keyHeads(2).width(64).dropout(0.1).bias(true)
                .positions(rotary ? Positions.ROTARY : Positions.LEARNED).build();
        TokenBatch batch = randomBatch(65, 5, 61, 16);
        double loss = 0;
        List<double[]> gradients = null;
        for (int threads : new int[] {1, 2, 3, 7}) {
            try (Kernels some = TestKernels.open(threads)) {
                Gpt gpt = new Gpt(config, some, ElementType.FLOAT32, 17);
                double threadsLoss = gpt.trainingLoss(batch, 1, 18);
                List<double[]> own = gpt.parameters().stream().map(p -> p.gradient().toArray()).toList();
                if (gradients == null) {
                    loss = threadsLoss;
                    gradients = own;
                }
                assertEquals(loss, threadsLoss, threads + " threads");
                for (int p = 0; p < own.size(); p++) {
                    assertArrayEquals(gradients.get(p), own.get(p), gpt.parameters().get(p).name());
                }
            }
        }
    }

    @Test
    void weightsStartAsGpt2s() {
        GptConfig config = GptConfig.builder(200, 50).layers(8).heads(2).width(64).bias(true).build();
        Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT32, 19);
        for (Parameter parameter : gpt.parameters()) {
            String name = parameter.name();
            double[] values = parameter.value().toArray();
            double mean = Arrays.stream(values).average().orElseThrow();
            double deviation = Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
            boolean residual = name.endsWith("attention.output.weight") || name.endsWith("feedForward.out.weight");
            if (name.endsWith(".weight")) {
                double expected = residual ? 0.02 / 4 : 0.02;
                double error = expected / Math.sqrt(values.length);
                assertTrue(Math.abs(mean) <= 5 * error, name + " has mean " + mean);
                assertTrue(Math.abs(deviation - expected) <= 5 * error, name + " has deviation " + deviation);
                assertTrue(parameter.decays(), name);
            } else {
                assertEquals(name.endsWith(".gain") ? 1 : 0, mean, name);
                assertEquals(0, deviation, name);
                assertTrue(!parameter.decays(), name);
            }
        }
    }

    @Test
    void weightsDependOnTheSeedAlone() {
        Gpt single = new Gpt(small().build(), kernels, ElementType.FLOAT32, 20);
        Gpt twice = new Gpt(small().build(), kernels, ElementType.FLOAT64, 20);
        Gpt other = new Gpt(small().build(), kernels, ElementType.FLOAT64, 21);
        for (int p = 0; p < twice.parameters().size(); p++) {
            double[] rounded = Arrays.stream(twice.parameters().get(p).value().toArray()).map(v -> (float) v).toArray();
            assertArrayEquals(rounded, single.parameters().get(p).value().toArray());
        }
        assertNotEquals(twice.parameters().get(0).value().get(0, 0), other.parameters().get(0).value().get(0, 0));
    }

    @Test
    void countsParameters() {
        // nanoGPT's character model without biases: 4 layers of 128, 65 characters, context 64.
        GptConfig config = GptConfig.builder(65, 64).layers(4).heads(4).width(128).build();
        long perLayer = 128 * 384 + 128 * 128 + 2 * 128 * 512 + 2 * 128;
        assertEquals(65 * 128 + 64 * 128 + 4 * perLayer + 128,
                new Gpt(config, kernels, ElementType.FLOAT32, 0).parameterCount());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void cachedLogitsAreThoseOfWholeSequences(GptConfig config) {
        Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT32, 22);
        GradientCheck.shake(gpt, 0.2, 23);
        int[] tokens = new SplittableRandom(24).ints(3 * CONTEXT, 0, VOCABULARY).toArray();
        KeyValueCache cache = gpt.newCache();
        int start = 0;
        int end = 3;
        while (end <= tokens.length) {
            int[] fresh = Arrays.copyOfRange(tokens, start + cache.length(), end);
            if (cache.length() + fresh.length > CONTEXT) {
                start = end - CONTEXT / 2;
            }
            double[] cached = gpt.logits(cache, fresh).toArray();
            assertEquals(end - start, cache.length());
            int[] window = Arrays.copyOfRange(tokens, start, end);
            assertArrayEquals(window, cache.tokens());
            double[] whole = gpt.logits(1, window.length, window).toArray();
            for (int c = 0; c < VOCABULARY; c++) {
                assertClose(whole[(window.length - 1) * VOCABULARY + c], cached[c], 2e-5, "tokens to " + end);
            }
            end += end == 4 ? 2 : 1;
        }
        cache.clear();
        assertEquals(0, cache.length());
        gpt.logits(cache, tokens);
        assertArrayEquals(Arrays.copyOfRange(tokens, tokens.length - CONTEXT / 2, tokens.length), cache.tokens());
    }

    @Test
    void laterTokensDoNotChangeEarlierLogits() {
        Gpt gpt = new Gpt(small().build(), kernels, ElementType.FLOAT32, 25);
        int[] tokens = {1, 2, 3, 4, 5, 6};
        double[] before = gpt.logits(1, 6, tokens).toArray();
        tokens[5] = 9;
        tokens[4] = 7;
        double[] after = gpt.logits(1, 6, tokens).toArray();
        assertArrayEquals(Arrays.copyOf(before, 4 * VOCABULARY), Arrays.copyOf(after, 4 * VOCABULARY));
    }

    @Test
    void overfitsOneBatch() {
        Gpt gpt = new Gpt(small().width(32).build(), kernels, ElementType.FLOAT32, 26);
        TokenBatch batch = randomBatch(VOCABULARY, 2, 8, 27);
        AdamSettings adam = new AdamSettings(0.9, 0.99, 1e-8, 0, true);
        List<Tensor> means = zerosLikeParameters(gpt);
        List<Tensor> squares = zerosLikeParameters(gpt);
        double loss = Double.NaN;
        for (int step = 1; step <= 150; step++) {
            gpt.parameters().forEach(parameter -> parameter.gradient().fill(0));
            loss = gpt.trainingLoss(batch, 1, step);
            for (int p = 0; p < gpt.parameters().size(); p++) {
                Parameter parameter = gpt.parameters().get(p);
                kernels.optimizer().adam(adam, 1e-2, step, 1, parameter.value(), parameter.gradient(), means.get(p),
                        squares.get(p));
            }
        }
        assertTrue(loss < 0.01, "loss is " + loss);
    }

    private static List<Tensor> zerosLikeParameters(Gpt gpt) {
        return gpt.parameters().stream().map(p -> kernels.zeros(gpt.type(), p.value().shape())).toList();
    }

    @Test
    void badInputIsNamed() {
        assertMessage("heads is 5; it must divide width, 12", () -> small().heads(5).build());
        assertMessage("keyHeads is 3; it must divide heads, 2", () -> small().keyHeads(3).build());
        assertMessage("vocabulary is 0; it must be at least 1", () -> GptConfig.builder(0, 8).build());
        assertMessage("layers is -1; it must be at least 1", () -> small().layers(-1).build());
        assertMessage("layers is 2000000000; it must be at most 10000", () -> small().layers(2_000_000_000).build());
        assertMessage("width is 2000000000; it must be at most 1048576", () -> small().width(2_000_000_000).build());
        assertMessage("context is 2000000000; it must be at most 16777216",
                () -> GptConfig.builder(5, 2_000_000_000).build());
        assertMessage("dropout is 1.0; expected 0 to below 1", () -> small().dropout(1).build());
        assertMessage("dropout is NaN; expected 0 to below 1", () -> small().dropout(Double.NaN).build());
        assertMessage("epsilon is 0.0; expected a positive number", () -> small().epsilon(0).build());
        assertMessage("positions is NONE; expected LEARNED or ROTARY",
                () -> small().positions(Positions.NONE).build());
        assertMessage("elements per head are 3; rotary positions need an even number",
                () -> small().heads(4).positions(Positions.ROTARY).build());
        Gpt gpt = new Gpt(small().build(), kernels, ElementType.FLOAT32, 28);
        assertMessage("sequences have 9 tokens; the model's context is 8",
                () -> gpt.trainingLoss(randomBatch(VOCABULARY, 1, 9, 0), 1, 0));
        assertMessage("sequences have 9 tokens; the model's context is 8",
                () -> gpt.evaluate(randomBatch(VOCABULARY, 1, 9, 0)));
        assertMessage("tokens is empty; expected at least one", () -> gpt.logits(gpt.newCache(), new int[0]));
        assertThrows(IllegalArgumentException.class, () -> gpt.logits(1, 1, new int[] {VOCABULARY}));
    }

    @Test
    void aBatchThatCountsNothingHasNoGradient() {
        Gpt gpt = new Gpt(small().build(), kernels, ElementType.FLOAT32, 29);
        TokenBatch batch = new TokenBatch(1, 2, new int[] {1, 2}, new int[] {TokenBatch.IGNORED, TokenBatch.IGNORED});
        assertEquals(0, gpt.trainingLoss(batch, 1, 0));
        assertEquals(new Evaluation(0, 0, 0), gpt.evaluate(batch));
        for (Parameter parameter : gpt.parameters()) {
            assertEquals(0, kernels.reduction().sumOfSquares(parameter.gradient()));
        }
    }

    static void assertMessage(String expected, Runnable action) {
        assertEquals(expected, assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }

    static void assertClose(double expected, double actual, double tolerance, String what) {
        assertTrue(Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected)),
                what + ": expected " + expected + ", got " + actual);
    }
}
