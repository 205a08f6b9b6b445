package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Schedule;
import lanewise.transformer.training.Trainer;
import lanewise.transformer.training.TrainingConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Encoders on the kernels for GPUs, beside the same on the CPU. */
class EncoderOnDeviceTest extends DeviceBesideCpu {
    private static final int BATCH = 3;
    private static final int LENGTH = 5;

    @ParameterizedTest(name = "{0}")
    @MethodSource("lanewise.transformer.models.EncoderTest#variants")
    void lossAndGradientsAreThoseOfTheCpu(String name, EncoderConfig config) {
        Encoder expected = new Encoder(config, cpu, ElementType.FLOAT64, 1);
        Encoder actual = new Encoder(config, device, ElementType.FLOAT64, 1);
        GradientCheck.shake(expected, 0.1, 2);
        GradientCheck.shake(actual, 0.1, 2);
        ExampleBatch batch = EncoderTest.batch(config, ElementType.FLOAT64, BATCH, LENGTH, 3);
        double loss = expected.trainingLoss(batch, 0.5, 4);
        assertEquals(loss, actual.trainingLoss(batch, 0.5, 4), 1e-12 * Math.abs(loss));
        // Some are zero but for rounding, such as those of the keys' biases.
        double largest = expected.parameters().stream().mapToDouble(parameter -> norm(parameter.gradient().toArray())).max().orElseThrow();
        for (int p = 0; p < expected.parameters().size(); p++) {
            double[] difference = actual.parameters().get(p).gradient().toArray();
            double[] wanted = expected.parameters().get(p).gradient().toArray();
            Arrays.setAll(difference, i -> difference[i] - wanted[i]);
            assertEquals(0, norm(difference), 1e-12 * largest, expected.parameters().get(p).name());
        }
    }

    private static double norm(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(value -> value * value).sum());
    }

    /** Of what vision and language need: patches that are projected, and tokens. */
    @ParameterizedTest
    @CsvSource({"FLOAT32, true, 1e-4", "FLOAT32, false, 1e-4", "BFLOAT16, false, 0.03"})
    void learnsAsOnTheCpu(ElementType type, boolean patches, double bound) throws Exception {
        EncoderConfig config = (patches ? EncoderConfig.ofVectors(12, 3).inputProjection(8) : EncoderConfig.ofTokens(7, 3).width(8))
                .learnedPositions(LENGTH).layers(2).heads(2).headWidth(4).feedForwardWidth(16).dropout(0.1).build();
        List<Double> expected = losses(config, cpu, ElementType.FLOAT32);
        List<Double> actual = losses(config, device, type);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i), actual.get(i), bound * expected.get(i), "loss " + i);
        }
    }

    /** Of some steps, and held-out ones. */
    private static List<Double> losses(EncoderConfig config, Kernels kernels, ElementType type) throws Exception {
        DataSource<ExampleBatch> data = new DataSource<>() {
            @Override
            public ExampleBatch trainingBatch(long serial) {
                return EncoderTest.batch(config, ElementType.FLOAT32, BATCH, LENGTH, serial);
            }

            @Override
            public List<ExampleBatch> heldOut() {
                return List.of(trainingBatch(-1));
            }

            @Override
            public long tokens(ExampleBatch batch) {
                return (long) batch.batch() * batch.length();
            }
        };
        List<Double> losses = new ArrayList<>();
        TrainingConfig training = new TrainingConfig(4, BATCH, 1, Schedule.constant(0.01), OptimizerConfig.adamW(0.9, 0.99, 0.1), 1, 0, 0, 0, 5);
        Trainer<ExampleBatch> trainer = new Trainer<>(kernels, new Encoder(config, kernels, type, 1), data, training, null,
                List.of(step -> losses.add(step.loss())));
        losses.add(trainer.run().heldOut().meanLoss());
        return losses;
    }
}
