package lanewise.transformer.instruments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.AdditionData;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.instruments.Watch.Instrument;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Schedule;
import lanewise.transformer.training.StepMetrics;
import lanewise.transformer.training.Trainer;
import lanewise.transformer.training.TrainingConfig;
import lanewise.transformer.training.TrainingListener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
    private static final int STEPS = 6;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** Trains with these instruments, from a step on, and returns the weights. */
    private static double[] train(Path file, Set<Instrument> instruments) throws IOException {
        AdditionData data = new AdditionData(1, 4, 1);
        Gpt model = new Gpt(GptConfig.builder(data.tokenizer().size(), data.context()).layers(2).heads(2).width(8).dropout(0.1).build(),
                kernels, ElementType.FLOAT32, 1);
        TrainingConfig config = new TrainingConfig(STEPS, 4, 1, Schedule.constant(1e-2), OptimizerConfig.adamW(0.9, 0.99, 0.1), 1, 0, 1, 0, 1);
        List<TrainingListener> listeners = new ArrayList<>();
        TokenBatch probe = data.trainingBatch(99);
        try (Watch<TokenBatch> watch = new Watch<>(kernels, model, probe, instruments, 3, file, 0)) {
            listeners.add(watch);
            new Trainer<>(kernels, model, data, config, null, listeners).run();
        }
        return model.parameters().stream().flatMapToDouble(parameter -> Arrays.stream(parameter.value().toArray())).toArray();
    }

    @Test
    void lookingChangesNothing(@TempDir Path folder) throws IOException {
        double[] watched = train(folder.resolve("all.csv"), EnumSet.allOf(Instrument.class));
        double[] alone = train(folder.resolve("none.csv"), Set.of());
        assertArrayEquals(alone, watched);
        assertEquals(List.of(Watch.HEADER), Files.readAllLines(folder.resolve("none.csv")));
        List<String> lines = Files.readAllLines(folder.resolve("all.csv"));
        // Steps 1, 3 and 6; three quantities of the spectrum and two of the attention for each of two layers, three of the kernel, one
        // distance, and the norms of five kinds.
        long kinds = lines.stream().filter(line -> line.startsWith("3,norm of the gradient")).count();
        assertEquals(1 + 3 * (2 * 5 + 3 + 1 + kinds), lines.size());
        assertTrue(kinds >= 3, "kinds: " + kinds);
        for (String line : lines.subList(1, lines.size())) {
            double value = Double.parseDouble(line.split(",")[3]);
            assertTrue(value >= -1e-3 && !Double.isNaN(value), line);
        }
        assertTrue(value(lines, 6, "distance of the weights from the start") > value(lines, 1, "distance of the weights from the start"));
        assertTrue(value(lines, 6, "distance of the tangent kernel from the start") > 0);
        assertTrue(value(lines, 1, "entropy of attention") <= Math.log(6));
    }

    private static double value(List<String> lines, int step, String chart) {
        String line = lines.stream().filter(each -> each.startsWith(step + "," + chart + ",")).findFirst().orElseThrow();
        return Double.parseDouble(line.split(",")[3]);
    }

    @Test
    void anEncoderIsWatchedAlike(@TempDir Path folder) throws IOException {
        Encoder model = new Encoder(EncoderConfig.ofVectors(6, 2).layers(2).build(), kernels, ElementType.FLOAT64, 1);
        ExampleBatch probe = examples(null);
        Path file = folder.resolve("instruments.csv");
        try (Watch<ExampleBatch> watch = new Watch<>(kernels, model, probe, EnumSet.of(Instrument.SPECTRUM, Instrument.NTK), 1, file, 0)) {
            watch.step(new StepMetrics(1, 0, 0, 0, 0, 0, null));
        }
        List<String> lines = Files.readAllLines(file);
        model.evaluate(probe);
        assertEquals(Spectrum.singularValues(model.layerOutput(0)).largest(), value(lines, 1, "largest singular value of the layers' outputs"));
        Tensor kernel = TangentKernel.ofLosses(kernels, model, List.of(probe.sequence(0), probe.sequence(1), probe.sequence(2)));
        assertEquals(Spectrum.eigenvalues(kernel).largest(), value(lines, 1, "eigenvalues of the tangent kernel"));
    }

    @Test
    void paddingIsRefused(@TempDir Path folder) {
        Encoder model = new Encoder(EncoderConfig.ofVectors(6, 2).build(), kernels, ElementType.FLOAT64, 1);
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> new Watch<>(kernels, model,
                examples(new int[] {4, 2, 4}), Set.of(Instrument.SPECTRUM), 1, folder.resolve("instruments.csv"), 0));
        assertTrue(error.getMessage().contains("padding"), error.getMessage());
    }

    /** Three sequences of four vectors. */
    private static ExampleBatch examples(int[] validLengths) {
        SplittableRandom random = new SplittableRandom(8);
        return new ExampleBatch(3, 4, Tensor.wrap(random.doubles(72, -1, 1).toArray(), 12, 6), null, null, new int[] {0, 1, 1}, validLengths);
    }

    @Test
    void aResumedRunGoesOnWithTheFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("instruments.csv");
        Files.writeString(file, Watch.HEADER + "\n3,a,b,1.0\n6,a,b,2.0\n6,a,");
        AdditionData data = new AdditionData(1, 4, 1);
        Gpt model = new Gpt(GptConfig.builder(data.tokenizer().size(), data.context()).layers(1).heads(1).width(8).build(), kernels,
                ElementType.FLOAT32, 1);
        new Watch<>(kernels, model, data.trainingBatch(0), Set.of(Instrument.DRIFT), 3, file, 4).close();
        assertEquals(List.of(Watch.HEADER, "3,a,b,1.0"), Files.readAllLines(file));
    }
}
