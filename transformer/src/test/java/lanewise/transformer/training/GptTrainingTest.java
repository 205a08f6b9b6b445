package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.AdditionData;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.RandomStream;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole training runs of small GPTs. */
class GptTrainingTest {
    private static final int VOCABULARY = 11;

    @TempDir
    Path folder;

    /** Random tokens; some positions do not count. */
    private record Noise(int batch, int length, int vocabulary) implements DataSource<TokenBatch> {
        @Override
        public TokenBatch trainingBatch(long serial) {
            SplittableRandom random = RandomStream.at(5, serial);
            int[] tokens = random.ints((long) batch * length, 0, vocabulary).toArray();
            int[] targets = random.ints((long) batch * length, -1, vocabulary).toArray();
            return new TokenBatch(batch, length, tokens, targets);
        }

        @Override
        public List<TokenBatch> heldOut() {
            return List.of(trainingBatch(-1), trainingBatch(-2));
        }

        @Override
        public long tokens(TokenBatch batch) {
            return batch.tokens().length;
        }
    }

    private static TrainingConfig config(int steps, int batch, int accumulation, double rate, double clipping) {
        return new TrainingConfig(steps, batch, accumulation, new Schedule(Schedule.Shape.COSINE, rate, rate / 10, 3, 60),
                OptimizerConfig.adamW(0.9, 0.99, 0.1), clipping, 10, 0, 0, 42);
    }

    private static List<double[]> values(Gpt gpt) {
        return gpt.parameters().stream().map(parameter -> parameter.value().toArray()).toList();
    }

    private static void assertSameBits(List<double[]> expected, List<double[]> actual, String what) {
        for (int p = 0; p < expected.size(); p++) {
            assertArrayEquals(expected.get(p), actual.get(p), what + ", parameter " + p);
        }
    }

    /** Clipping acts in the first case and not in the second. */
    @Test
    void tenStepsFollowTheReference() throws IOException {
        for (double clipping : new double[] {0.5, 1000}) {
            GptConfig model = GptConfig.builder(VOCABULARY, 6).layers(2).heads(2).width(8).bias(true)
                    .activation(Activation.GELU_TANH).build();
            TrainingConfig config = config(10, 2, 2, 1e-2, clipping);
            Noise data = new Noise(2, 6, VOCABULARY);
            try (Kernels kernels = Kernels.builder().threads(2).build()) {
                Gpt gpt = new Gpt(model, kernels, ElementType.FLOAT64, 1);
                ReferenceTraining reference = new ReferenceTraining(gpt);
                List<StepMetrics> steps = new ArrayList<>();
                new Trainer<>(kernels, gpt, data, config, null, List.of(steps::add)).run();
                for (int step = 1; step <= 10; step++) {
                    TokenBatch[] micro = {data.trainingBatch(2 * step - 2), data.trainingBatch(2 * step - 1)};
                    double loss = reference.step(step, micro, config.schedule().at(step - 1), clipping, 0.9, 0.99, 1e-8, 0.1);
                    assertEquals(loss, steps.get(step - 1).loss(), 1e-9 * loss, "loss of step " + step);
                    assertEquals(reference.norm(), steps.get(step - 1).gradientNorm(), 1e-8, "norm of step " + step);
                }
                assertEquals(clipping < 1, steps.get(0).gradientNorm() > clipping);
                for (Parameter parameter : gpt.parameters()) {
                    assertArrayEquals(reference.weight(parameter.name()), parameter.value().toArray(), 1e-8,
                            parameter.name());
                }
            }
        }
    }

    @Test
    void oneBatchCanBeLearntByHeart() throws IOException {
        Noise noise = new Noise(4, 8, VOCABULARY);
        DataSource<TokenBatch> one = new DataSource<>() {
            @Override
            public TokenBatch trainingBatch(long serial) {
                return noise.trainingBatch(0);
            }

            @Override
            public List<TokenBatch> heldOut() {
                return List.of();
            }

            @Override
            public long tokens(TokenBatch batch) {
                return noise.tokens(batch);
            }
        };
        TrainingConfig config = new TrainingConfig(300, 4, 1, Schedule.constant(3e-3),
                OptimizerConfig.adamW(0.9, 0.99, 0), 1, 0, 0, 0, 1);
        try (Kernels kernels = Kernels.builder().threads(2).build()) {
            GptConfig model = GptConfig.builder(VOCABULARY, 8).layers(2).heads(2).width(32).build();
            TrainingResult result = new Trainer<>(kernels, new Gpt(model, kernels, ElementType.FLOAT32, 1), one, config,
                    null, List.of()).run();
            assertTrue(result.trainLoss() < 0.01, "loss " + result.trainLoss());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void theNumberOfThreadsChangesNoBitInFiftySteps(ElementType type) throws IOException {
        GptConfig model = GptConfig.builder(65, 33).layers(2).heads(4).width(64).dropout(0.1).bias(true).build();
        TrainingConfig config = config(50, 5, 1, 3e-3, 1);
        List<double[]> expected = null;
        for (int threads : new int[] {1, 2, 3, 7}) {
            try (Kernels kernels = Kernels.builder().threads(threads).build()) {
                Gpt gpt = new Gpt(model, kernels, type, 7);
                List<double[]> fresh = values(gpt);
                new Trainer<>(kernels, gpt, new Noise(5, 33, 65), config, null, List.of()).run();
                List<double[]> trained = values(gpt);
                assertNotEquals(fresh.get(0)[0], trained.get(0)[0]);
                expected = expected == null ? trained : expected;
                assertSameBits(expected, trained, threads + " threads");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void aResumedRunContinuesWithTheSameBits(ElementType type) throws IOException {
        TrainingConfig config = config(24, 3, 2, 3e-3, 1);
        AdditionData addition = new AdditionData(2, 3, 4);
        DataConfig data = DataConfig.addition(2);
        GptConfig sums = GptConfig.builder(addition.tokenizer().size(), addition.context()).layers(2).heads(2).width(16)
                .dropout(0.2).build();
        try (Kernels kernels = Kernels.builder().threads(2).build()) {
            List<String> expected = new ArrayList<>();
            Gpt whole = new Gpt(sums, kernels, type, 8);
            new Trainer<>(kernels, whole, addition, config, null, List.of(step -> expected.add(bits(step)))).run();

            List<String> actual = new ArrayList<>();
            Path path = folder.resolve("run");
            RunFolder run = RunFolder.create(path, sums, config, data, addition.tokenizer());
            TrainingConfig firstPart = config.withSteps(11);
            new Trainer<>(kernels, new Gpt(sums, kernels, type, 8), addition, firstPart, run,
                    List.of(step -> actual.add(bits(step)))).run();
            run.close();
            Checkpoint checkpoint = Checkpoint.open(path);
            GptConfig stored = checkpoint.modelConfig(GptConfig.class, GptConfig::parameterCount);
            assertEquals(sums, stored);
            assertEquals(data, checkpoint.dataConfig(DataConfig.class));
            assertEquals(type, checkpoint.elementType());
            Gpt resumed = new Gpt(stored, kernels, checkpoint.elementType(), 999);
            RunFolder again = RunFolder.resume(checkpoint, stored, config, data, checkpoint.tokenizer());
            Trainer<TokenBatch> second = new Trainer<>(kernels, resumed, addition, config, again,
                    List.of(step -> actual.add(bits(step))));
            second.resume(checkpoint);
            TrainingResult result = second.run();
            // The first part ended at step 11, and so with an evaluation that the whole run has not.
            assertEquals(expected.get(10), actual.get(10).replaceAll("Evaluation.*", "null"));
            actual.set(10, expected.get(10));
            assertEquals(expected, actual);
            assertSameBits(values(whole), values(resumed), "resumed");
            assertEquals(24, Checkpoint.open(result.checkpoint()).state().step());
        }
    }

    private static String bits(StepMetrics metrics) {
        return metrics.step() + " " + metrics.loss() + " " + metrics.gradientNorm() + " " + metrics.heldOut();
    }
}
