package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.EmulatedDevice;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.KeyValueCache;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.training.Checkpoint;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.RunFolder;
import lanewise.transformer.training.Schedule;
import lanewise.transformer.training.Trainer;
import lanewise.transformer.training.TrainingConfig;
import lanewise.transformer.training.Updater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A small GPT on the kernels for GPUs, beside the same on the CPU: the definition of a model knows of neither. */
class GptOnDeviceTest extends DeviceBesideCpu {
    private static final int VOCABULARY = 11;
    private static final int CONTEXT = 8;

    private static GptConfig config(Positions positions) {
        return GptConfig.builder(VOCABULARY, CONTEXT).layers(2).heads(2).width(16).dropout(0.1).bias(true).positions(positions).build();
    }

    private static Gpt gpt(GptConfig config, Kernels kernels, ElementType type) {
        Gpt gpt = new Gpt(config, kernels, type, 1);
        SplittableRandom random = new SplittableRandom(2);
        for (Parameter parameter : gpt.parameters()) {
            double[] values = parameter.value().toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] += 0.2 * random.nextGaussian();
            }
            parameter.value().copyFrom(values);
            parameter.valueChanged();
        }
        return gpt;
    }

    private static TokenBatch batch(long seed) {
        return GptTest.randomBatch(VOCABULARY, 3, CONTEXT, seed);
    }

    /** |actual - expected| / |expected|, all elements together. */
    private static double distance(Tensor expected, Tensor actual) {
        double[] wanted = expected.toArray();
        double[] values = actual.toArray();
        double squares = 0;
        double all = 0;
        for (int i = 0; i < wanted.length; i++) {
            squares += (values[i] - wanted[i]) * (values[i] - wanted[i]);
            all += wanted[i] * wanted[i];
        }
        return Math.sqrt(squares / all);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, LEARNED, 1e-5", "FLOAT64, LEARNED, 1e-13", "BFLOAT16, LEARNED, 0.03", "BFLOAT16, ROTARY, 0.03"})
    void lossAndGradientsAreThoseOfTheCpu(ElementType type, Positions positions, double bound) {
        GptConfig config = config(positions);
        Gpt expected = gpt(config, cpu, ElementType.FLOAT64);
        Gpt actual = gpt(config, device, type);
        for (int pass = 0; pass < 2; pass++) {
            double loss = expected.trainingLoss(batch(3), 0.5, 4);
            assertEquals(loss, actual.trainingLoss(batch(3), 0.5, 4), bound * loss);
            for (int p = 0; p < expected.parameters().size(); p++) {
                Parameter parameter = actual.parameters().get(p);
                double distance = distance(expected.parameters().get(p).gradient(), parameter.gradient());
                assertTrue(distance <= bound, () -> parameter.name() + ": " + distance);
            }
        }
        Evaluation evaluation = expected.evaluate(batch(5));
        assertEquals(evaluation.lossSum(), actual.evaluate(batch(5)).lossSum(), bound * evaluation.lossSum());
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 1e-4", "BFLOAT16, 0.03"})
    void learnsAsOnTheCpu(ElementType type, double bound) {
        GptConfig config = config(Positions.LEARNED);
        double expected = lossAfterSteps(gpt(config, cpu, ElementType.FLOAT32), cpu);
        assertEquals(expected, lossAfterSteps(gpt(config, device, type), device), bound * expected);
    }

    private static double lossAfterSteps(Gpt gpt, Kernels kernels) {
        Updater updater = new Updater(kernels, OptimizerConfig.adamW(0.9, 0.99, 0.1), gpt.parameters());
        double loss = 0;
        for (int step = 1; step <= 8; step++) {
            updater.zeroGradients();
            loss = gpt.trainingLoss(batch(6), 1, step);
            updater.update(step, 0.01, Math.min(1, 1 / updater.gradientNorm()));
        }
        return loss;
    }

    @Test
    void bfloat16IsOfActivationsAndCopiesOfWeights() {
        Gpt gpt = gpt(config(Positions.LEARNED), device, ElementType.BFLOAT16);
        gpt.trainingLoss(batch(7), 1, 8);
        assertEquals(ElementType.BFLOAT16, gpt.layerOutput(0).type());
        Updater updater = new Updater(device, OptimizerConfig.adamW(0.9, 0.99, 0.1), gpt.parameters());
        updater.update(1, 0.01, 1);
        for (Parameter parameter : gpt.parameters()) {
            assertEquals(ElementType.FLOAT32, parameter.value().type());
            assertEquals(ElementType.FLOAT32, parameter.gradient().type());
            Tensor rounded = device.zeros(ElementType.BFLOAT16, parameter.value().shape());
            rounded.copyFrom(parameter.value());
            assertArrayEquals(rounded.toArray(), parameter.working().toArray(), parameter.name());
        }
        Gpt single = gpt(config(Positions.LEARNED), device, ElementType.FLOAT32);
        single.parameters().forEach(parameter -> assertSame(parameter.value(), parameter.working()));
    }

    @Test
    void aStepWaitsForTheNormAndForTheLossAlone() throws Exception {
        Gpt gpt = gpt(config(Positions.ROTARY), device, ElementType.BFLOAT16);
        Updater updater = new Updater(device, OptimizerConfig.adamW(0.9, 0.99, 0.1), gpt.parameters());
        for (int step = 1; step <= 2; step++) {
            long before = EmulatedDevice.waits();
            updater.zeroGradients();
            gpt.differentiate(batch(step), 1, step);
            assertEquals(0, EmulatedDevice.waits() - before, "step " + step);
            double norm = updater.gradientNorm();
            assertTrue(gpt.loss() > 0);
            updater.update(step, 0.01, Math.min(1, 1 / norm));
            assertEquals(2, EmulatedDevice.waits() - before, "step " + step);
        }
    }

    @Test
    void cachedLogitsAreThoseOfTheWholePass() {
        Gpt gpt = gpt(config(Positions.ROTARY), device, ElementType.FLOAT32);
        int[] tokens = batch(9).tokens();
        double[] whole = gpt.logits(1, 4, Arrays.copyOf(tokens, 4)).toArray();
        KeyValueCache cache = gpt.newCache();
        for (int i = 0; i < 4; i++) {
            double[] one = gpt.logits(cache, new int[] {tokens[i]}).toArray();
            for (int c = 0; c < VOCABULARY; c++) {
                assertEquals(whole[i * VOCABULARY + c], one[c], 1e-5, "token " + i);
            }
        }
    }

    private static final class Batches implements DataSource<TokenBatch> {
        @Override
        public TokenBatch trainingBatch(long serial) {
            return batch(serial);
        }

        @Override
        public List<TokenBatch> heldOut() {
            return List.of(batch(-1));
        }

        @Override
        public long tokens(TokenBatch batch) {
            return batch.tokens().length;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void aResumedRunHasTheSameBits(ElementType type, @TempDir Path folder) throws Exception {
        Path whole = run(type, folder.resolve("whole"), 4, null);
        Path half = run(type, folder.resolve("parts"), 2, null);
        Checkpoint stored = Checkpoint.open(half);
        assertEquals(ElementType.FLOAT32, stored.elementType());
        assertEquals(type, stored.precision());
        Path end = run(stored.precision(), folder.resolve("parts"), 4, stored);
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertArrayEquals(Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(end.resolve(file)), file);
        }

        List<double[]> weights = new ArrayList<>();
        for (Kernels kernels : List.of(cpu, device)) {
            Gpt loaded = new Gpt(config(Positions.LEARNED), kernels, ElementType.FLOAT32, 9);
            Checkpoint.open(end).loadModel(loaded.parameters());
            weights.add(loaded.parameters().get(0).value().toArray());
        }
        assertArrayEquals(weights.get(0), weights.get(1));
    }

    private static Path run(ElementType type, Path folder, int steps, Checkpoint from) throws Exception {
        GptConfig config = config(Positions.LEARNED);
        TrainingConfig training = new TrainingConfig(steps, 3, 2, Schedule.constant(0.01), OptimizerConfig.adamW(0.9, 0.99, 0.1), 1, 0, 0, 0, 5);
        Gpt gpt = new Gpt(config, device, type, 1);
        DataConfig data = DataConfig.addition(1);
        try (RunFolder run = from == null ? RunFolder.create(folder, config, training, data, null)
                : RunFolder.resume(from, config, training, data, null)) {
            Trainer<TokenBatch> trainer = new Trainer<>(device, gpt, new Batches(), training, run, List.of());
            if (from != null) {
                trainer.resume(from);
            }
            return trainer.run().checkpoint();
        }
    }
}
