package lanewise.transformer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.EmulatedDevice;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.data.ImageFiles;
import lanewise.transformer.instruments.Drift;
import lanewise.transformer.instruments.Spectrum;
import lanewise.transformer.instruments.TangentKernel;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.models.MeanFieldTransformer;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Updater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the studies are made of, on the kernels for GPUs, which their tasks share: the numbers are those of the CPU. */
class StudiesOnDeviceTest {
    private static final List<Long> SEEDS = List.of(1L, 2L);
    private static Kernels device;

    @BeforeAll
    static void open() throws Exception {
        device = EmulatedDevice.open();
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    /** Two tasks at a time. */
    private static void sameAsOnTheCpu(double bound, Lab.SeedTask<double[]> task) throws Exception {
        try (Lab onDevice = new Lab(false, SEEDS, Map.of(), 2, device, (tasks, planned, what) -> { });
                Lab onCpu = new Lab(false, SEEDS, Map.of(), 2, (tasks, planned, what) -> { })) {
            List<double[]> expected = onCpu.forSeeds("test", task);
            List<double[]> actual = onDevice.forSeeds("test", task);
            for (int i = 0; i < SEEDS.size(); i++) {
                assertEquals(expected.get(i).length, actual.get(i).length);
                for (int j = 0; j < expected.get(i).length; j++) {
                    double wanted = expected.get(i)[j];
                    assertEquals(wanted, actual.get(i)[j], bound * Math.abs(wanted), "seed " + SEEDS.get(i) + ", number " + j);
                }
            }
        }
    }

    @Test
    void residuals() throws Exception {
        ResidualTask task = new ResidualTask(2, 4, 8, 10, 2, 1);
        sameAsOnTheCpu(1e-9, (kernels, seed) -> {
            Encoder model = task.model(kernels, ResidualTask.Residuals.BOTH, seed);
            ExampleBatch data = task.data(kernels, ResidualTask.Targets.TEACHER, seed);
            List<Double> numbers = new ArrayList<>();
            GradientDescent.Path path = GradientDescent.run(kernels, model, model.parameters(), data, 0.01, 2,
                    step -> numbers.add(Spectrum.singularValues(model.features()).largest()));
            Arrays.stream(path.losses()).forEach(numbers::add);
            return numbers.stream().mapToDouble(number -> number).toArray();
        });
    }

    @Test
    void tangentKernels() throws Exception {
        sameAsOnTheCpu(1e-9, (kernels, seed) -> {
            Encoder model = new Encoder(EncoderConfig.shallowEncoder(6, 10, 0.1).build(), kernels, ElementType.FLOAT64, seed);
            ExampleBatch data = ExampleBatch.regression(1, 3, normal(seed, 3, 6), normal(~seed, 1, 1));
            Drift drift = new Drift(model.parameters());
            Tensor kernel = TangentKernel.ofOutputs(kernels, model, List.of(data));
            GradientDescent.Path path = GradientDescent.run(kernels, model, model.parameters(), data, 0.1, 1, null);
            return new double[] {path.last(), kernel.get(0, 0), drift.relative()};
        });
    }

    @Test
    void meanField() throws Exception {
        sameAsOnTheCpu(1e-9, (kernels, seed) -> {
            MeanFieldTransformer model = new MeanFieldTransformer(new MeanFieldTransformer.Config(4, 2, 3, 2, false, 1), kernels,
                    ElementType.FLOAT64, seed);
            ExampleBatch data = ExampleBatch.regression(2, 3, normal(seed, 6, 4), normal(~seed, 2, 1));
            Updater updater = new Updater(kernels, OptimizerConfig.gradientDescent(), model.parameters());
            updater.zeroGradients();
            double loss = model.trainingLoss(data, 1, 0);
            updater.update(1, 0.1, 1);
            return new double[] {loss, model.evaluate(data).lossSum(), Arrays.stream(model.squaredNorms()).sum()};
        });
    }

    @Test
    void images(@TempDir Path folder) throws Exception {
        writeImages(folder, "train", 8);
        writeImages(folder, "t10k", 4);
        OptimizerConfig adam = new OptimizerConfig(OptimizerConfig.Method.ADAM, 0.9, 0.999, 1e-8, 0, 0);
        VisionTask task = new VisionTask(ImageFiles.mnistTraining(folder), ImageFiles.mnistTest(folder), 8, 2, 4, 1, adam, 0.01, true);
        sameAsOnTheCpu(1e-4, (kernels, seed) -> {
            EncoderConfig config = EncoderConfig.ofVectors(task.data(1).patchWidth(), 10).inputProjection(8)
                    .learnedPositions(task.data(1).length()).layers(1).heads(2).headWidth(4).feedForwardWidth(16).dropout(0.1).build();
            VisionTask.Run run = task.run(kernels, config, seed);
            return new double[] {run.losses()[0], run.lastLoss(), run.test().meanLoss()};
        });
    }

    private static Tensor normal(long seed, int rows, int columns) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[rows * columns];
        Arrays.setAll(values, i -> random.nextGaussian());
        return Tensor.wrap(values, rows, columns);
    }

    /** As MNIST's, of 4 x 4 pixels. */
    private static void writeImages(Path folder, String part, int count) throws Exception {
        byte[] pixels = new byte[16 * count];
        new SplittableRandom(count).nextBytes(pixels);
        Files.write(folder.resolve(part + "-images-idx3-ubyte"),
                ByteBuffer.allocate(16 + pixels.length).putInt(0x803).putInt(count).putInt(4).putInt(4).put(pixels).array());
        ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            labels.put((byte) (i % 10));
        }
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }
}
