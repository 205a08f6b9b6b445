package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The trainer with a model that is no Transformer. */
class TrainerTest {
    private static final ElementType TYPE = ElementType.FLOAT64;
    private static Kernels kernels;

    /** Stands for a model's configuration. */
    public record LineConfig(int degree) {
    }

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        kernels = Kernels.builder().threads(1).build();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static TrainingConfig config(int steps, OptimizerConfig.Method method, int evaluations, int checkpoints) {
        return new TrainingConfig(steps, 10, 2, new Schedule(Schedule.Shape.LINEAR, 0.1, 0.01, 5, 1000),
                new OptimizerConfig(method, 0.9, 0.99, 1e-8, 0.9, 0.001), 1, evaluations, 2, checkpoints, 3);
    }

    private RunFolder run(TrainingConfig config) throws IOException {
        return RunFolder.create(folder.resolve("run"), new LineConfig(1), config, new LineConfig(2), null);
    }

    private static Trainer<double[][]> trainer(LineModel model, TrainingConfig config, RunFolder run,
            TrainingListener... listeners) {
        return new Trainer<>(kernels, model, LineModel.data(), config, run, List.of(listeners));
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodFindsTheLine(OptimizerConfig.Method method) throws IOException {
        LineModel model = new LineModel(TYPE);
        TrainingResult result = trainer(model, config(400, method, 0, 0), null).run();
        assertEquals(3, model.value(0), 0.05);
        assertEquals(-2, model.value(1), 0.05);
        assertTrue(result.finished());
        assertTrue(result.heldOut().meanLoss() < 0.01);
        assertEquals(30, result.heldOut().counted(), "the last evaluation takes all batches");
        assertTrue(result.trainLoss() < 0.01);
        assertNull(result.checkpoint());
    }

    @ParameterizedTest
    @EnumSource
    void updatesFollowTheFormulas(OptimizerConfig.Method method) throws IOException {
        TrainingConfig config = config(5, method, 0, 0);
        LineModel model = new LineModel(TYPE);
        List<StepMetrics> steps = new ArrayList<>();
        trainer(model, config, null, steps::add).run();

        LineModel gradients = new LineModel(TYPE);
        double[] p = new double[2];
        double[] m = new double[2];
        double[] v = new double[2];
        for (int step = 1; step <= 5; step++) {
            double loss = 0;
            for (int i = 0; i < 2; i++) {
                gradients.parameters().get(i).value().set(0, 0, p[i]);
                gradients.parameters().get(i).gradient().fill(0);
            }
            for (int micro = 0; micro < 2; micro++) {
                loss += gradients.trainingLoss(LineModel.data().trainingBatch(2L * (step - 1) + micro), 0.5, 0) / 2;
            }
            double[] g = {gradients.parameters().get(0).gradient().get(0, 0),
                gradients.parameters().get(1).gradient().get(0, 0)};
            double norm = Math.hypot(g[0], g[1]);
            double rate = config.schedule().at(step - 1);
            for (int i = 0; i < 2; i++) {
                double decay = i == 0 ? 0.001 : 0;
                double clipped = g[i] * Math.min(1, 1 / (norm + 1e-6));
                double decayed = clipped + decay * p[i];
                switch (method) {
                    case GRADIENT_DESCENT -> p[i] -= rate * decayed;
                    case MOMENTUM -> {
                        m[i] = 0.9 * m[i] + decayed;
                        p[i] -= rate * m[i];
                    }
                    default -> {
                        double used = method == OptimizerConfig.Method.ADAM ? decayed : clipped;
                        m[i] = 0.9 * m[i] + 0.1 * used;
                        v[i] = 0.99 * v[i] + 0.01 * used * used;
                        p[i] -= rate * (m[i] / (1 - Math.pow(0.9, step))
                                / (Math.sqrt(v[i] / (1 - Math.pow(0.99, step))) + 1e-8)
                                + (method == OptimizerConfig.Method.ADAMW ? decay * p[i] : 0));
                    }
                }
            }
            assertEquals(loss, steps.get(step - 1).loss(), 1e-12);
            assertEquals(norm, steps.get(step - 1).gradientNorm(), 1e-12);
            assertEquals(rate, steps.get(step - 1).learningRate());
        }
        assertEquals(p[0], model.value(0), 1e-12);
        assertEquals(p[1], model.value(1), 1e-12);
    }

    @Test
    void evaluationsAndCheckpointsComeWhenDue() throws IOException {
        TrainingConfig config = config(10, OptimizerConfig.Method.ADAMW, 4, 3);
        List<Integer> saved = new ArrayList<>();
        List<StepMetrics> steps = new ArrayList<>();
        TrainingResult result = trainer(new LineModel(TYPE), config, run(config), new TrainingListener() {
            @Override
            public void step(StepMetrics metrics) {
                steps.add(metrics);
            }

            @Override
            public void saved(int step, Path checkpoint) {
                assertTrue(Files.isDirectory(checkpoint));
                saved.add(step);
            }
        }).run();
        assertEquals(List.of(3, 6, 9, 10), saved);
        for (StepMetrics metrics : steps) {
            int step = metrics.step();
            int counted = metrics.heldOut() == null ? 0 : (int) metrics.heldOut().counted();
            assertEquals(step == 10 ? 30 : step % 4 == 0 ? 20 : 0, counted, "step " + step);
        }
        assertEquals(folder.resolve("run").resolve("checkpoint-10"), result.checkpoint());
        try (var entries = Files.list(folder.resolve("run"))) {
            assertEquals(List.of("checkpoint-10", "checkpoint-9", "latest", "lock"),
                    entries.map(entry -> entry.getFileName().toString()).sorted().toList());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResumedRunContinuesWithTheSameBits(OptimizerConfig.Method method) throws IOException {
        for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
            TrainingConfig config = config(40, method, 7, 10);
            LineModel whole = new LineModel(type);
            List<String> expected = new ArrayList<>();
            trainer(whole, config, null, metrics -> expected.add(bits(metrics))).run();

            Path path = folder.resolve(type + "run");
            RunFolder run = RunFolder.create(path, new LineConfig(1), config, new LineConfig(2), null);
            LineModel part = new LineModel(type);
            List<String> actual = new ArrayList<>();
            Trainer<double[][]> first = trainer(part, config, run, metrics -> actual.add(bits(metrics)));
            part.duringPass = () -> {
                if (first.step() == 16) {
                    first.requestStop();
                }
            };
            TrainingResult stopped = first.run();
            run.close();
            assertFalse(stopped.finished());
            assertEquals(16, stopped.step(), "the step in progress is abandoned");
            assertNull(stopped.heldOut());

            Checkpoint checkpoint = Checkpoint.open(path);
            assertEquals(16, checkpoint.state().step());
            assertEquals(config, checkpoint.trainingConfig());
            assertEquals(new LineConfig(1), checkpoint.modelConfig(LineConfig.class, line -> 2L * line.degree()));
            assertEquals(new LineConfig(2), checkpoint.dataConfig(LineConfig.class));
            assertEquals(type, checkpoint.elementType());
            assertNull(checkpoint.tokenizer());
            LineModel resumed = new LineModel(type);
            RunFolder again = RunFolder.resume(checkpoint, new LineConfig(1), config, new LineConfig(2), null);
            Trainer<double[][]> second = trainer(resumed, config, again, metrics -> actual.add(bits(metrics)));
            second.resume(checkpoint);
            TrainingResult result = second.run();
            assertTrue(result.finished());
            assertTrue(result.seconds() >= checkpoint.state().seconds());
            assertEquals(expected, actual);
            assertEquals(whole.value(0), resumed.value(0));
            assertEquals(whole.value(1), resumed.value(1));
        }
    }

    private static String bits(StepMetrics metrics) {
        return metrics.step() + " " + metrics.loss() + " " + metrics.learningRate() + " " + metrics.gradientNorm() + " "
                + metrics.heldOut();
    }

    @Test
    void stoppingBeforeTheFirstStepSavesTheStart() throws IOException {
        TrainingConfig config = config(5, OptimizerConfig.Method.ADAMW, 0, 0);
        Trainer<double[][]> trainer = trainer(new LineModel(TYPE), config, run(config));
        trainer.requestStop();
        TrainingResult result = trainer.run();
        assertEquals(0, result.step());
        assertTrue(Double.isNaN(result.trainLoss()));
        assertEquals(0, Checkpoint.open(result.checkpoint()).state().step());
    }

    @Test
    void aStepThatHasAllItsBatchesIsFinished() throws IOException {
        TrainingConfig config = config(9, OptimizerConfig.Method.ADAMW, 0, 0);
        LineModel model = new LineModel(TYPE);
        Trainer<double[][]> trainer = trainer(model, config, null);
        model.duringPass = () -> {
            if (model.passes == 2 * 4 + 1) { // the second of step 5
                trainer.requestStop();
            }
        };
        assertEquals(5, trainer.run().step());
    }

    @Test
    void aStoppedEvaluationIsAbandonedAndDoneOnResuming() throws IOException {
        TrainingConfig config = config(6, OptimizerConfig.Method.ADAMW, 0, 0);
        TrainingResult expected = trainer(new LineModel(TYPE), config, null).run();
        RunFolder run = run(config);
        LineModel model = new LineModel(TYPE);
        Trainer<double[][]> trainer = trainer(model, config, run);
        int[] evaluations = new int[1];
        model.duringEvaluation = () -> {
            evaluations[0]++;
            trainer.requestStop();
        };
        TrainingResult stopped = trainer.run();
        run.close();
        assertEquals(1, evaluations[0], "batches evaluated of three");
        assertFalse(stopped.finished());
        assertNull(stopped.heldOut());
        Checkpoint checkpoint = Checkpoint.open(run.path());
        assertEquals(6, checkpoint.state().step());
        assertNull(checkpoint.state().bestLoss());
        RunFolder again = RunFolder.resume(checkpoint, new LineConfig(1), config, new LineConfig(2), null);
        Trainer<double[][]> second = trainer(new LineModel(TYPE), config, again);
        second.resume(checkpoint);
        TrainingResult result = second.run();
        assertTrue(result.finished());
        assertEquals(expected.heldOut(), result.heldOut());
    }

    @Test
    void aFinishedRunCanBeResumedAndIsOnlyEvaluated() throws IOException {
        TrainingConfig config = config(5, OptimizerConfig.Method.ADAMW, 0, 0);
        RunFolder run = run(config);
        TrainingResult first = trainer(new LineModel(TYPE), config, run).run();
        run.close();
        Checkpoint checkpoint = Checkpoint.open(run.path());
        RunFolder again = RunFolder.resume(checkpoint, new LineConfig(1), config, new LineConfig(2), null);
        Trainer<double[][]> trainer = trainer(new LineModel(TYPE), config, again, metrics -> {
            throw new AssertionError("no step is left");
        });
        trainer.resume(checkpoint);
        TrainingResult second = trainer.run();
        assertTrue(second.finished());
        assertEquals(first.heldOut(), second.heldOut());
        assertEquals(first.checkpoint(), second.checkpoint());
    }

    @Test
    void aRunCanBeSetBackToAnEarlierCheckpoint() throws IOException {
        TrainingConfig config = config(20, OptimizerConfig.Method.ADAMW, 0, 10);
        RunFolder run = run(config);
        LineModel whole = new LineModel(TYPE);
        trainer(whole, config, run).run();
        run.close();
        Checkpoint earlier = Checkpoint.open(run.path().resolve("checkpoint-10"));
        RunFolder again = RunFolder.resume(earlier, new LineConfig(1), config, new LineConfig(2), null);
        assertEquals(20, Checkpoint.open(run.path()).state().step(), "nothing has been lost yet");
        LineModel model = new LineModel(TYPE);
        Trainer<double[][]> trainer = trainer(model, config, again);
        trainer.resume(earlier);
        model.duringPass = () -> {
            if (trainer.step() == 14) {
                trainer.requestStop();
            }
        };
        trainer.run();
        again.close();
        assertEquals(14, Checkpoint.open(run.path()).state().step());
        Checkpoint stopped = Checkpoint.open(run.path());
        RunFolder third = RunFolder.resume(stopped, new LineConfig(1), config, new LineConfig(2), null);
        Trainer<double[][]> last = trainer(model, config, third);
        last.resume(stopped);
        last.run();
        assertEquals(20, Checkpoint.open(run.path()).state().step());
        assertEquals(whole.value(0), model.value(0));
    }

    @Test
    void aLossThatIsNotFiniteStopsBeforeTheUpdate() throws IOException {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (boolean inGradient : new boolean[] {false, true}) {
                Path path = folder.resolve(bad + " " + inGradient);
                TrainingConfig config = config(30, OptimizerConfig.Method.ADAMW, 0, 10);
                RunFolder run = RunFolder.create(path, new LineConfig(1), config, new LineConfig(2), null);
                LineModel model = new LineModel(TYPE);
                model.failAt = 2 * 13 + 1; // second micro-batch of step 14
                model.failingLoss = inGradient ? 1 : bad;
                model.failingGradient = inGradient ? bad : 0;
                List<double[]> values = new ArrayList<>();
                DivergenceException thrown = assertThrows(DivergenceException.class, () -> trainer(model, config, run,
                        metrics -> values.add(new double[] {model.value(0), model.value(1)})).run());
                assertEquals(14, thrown.step());
                String what = inGradient ? "the gradient norm of step 14 is " : "the loss of step 14 is ";
                assertTrue(thrown.getMessage().startsWith(what), thrown.getMessage());
                assertTrue(thrown.getMessage().contains("kept: " + path.resolve("checkpoint-10")), thrown.getMessage());
                assertArrayEquals(values.get(12), new double[] {model.value(0), model.value(1)});
                assertEquals(10, Checkpoint.open(path).state().step());
            }
        }
    }

    @Test
    void withoutACheckpointTheMessageSaysSo() throws IOException {
        TrainingConfig config = config(30, OptimizerConfig.Method.ADAMW, 0, 10);
        LineModel model = new LineModel(TYPE);
        model.failAt = 3;
        RunFolder run = run(config);
        assertTrue(assertThrows(DivergenceException.class, () -> trainer(model, config, run).run()).getMessage()
                .contains("No checkpoint had been written yet."));
        LineModel other = new LineModel(TYPE);
        other.failAt = 3;
        assertTrue(assertThrows(DivergenceException.class, () -> trainer(other, config, null).run()).getMessage()
                .contains("No checkpoints are kept."));
    }
}
