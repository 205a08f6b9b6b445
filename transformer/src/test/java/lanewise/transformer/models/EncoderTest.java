package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.NormalizationKind;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.layers.Pooling;
import lanewise.transformer.layers.ResidualBranch.Placement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class EncoderTest {
    private static final int BATCH = 3;
    private static final int LENGTH = 5;
    private static final int WIDTH = 6;
    private static final int OUTPUTS = 3;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static EncoderConfig.Builder vectors() {
        return EncoderConfig.ofVectors(WIDTH, OUTPUTS).heads(2).layers(2);
    }

    /** One configuration per switch, and combinations that share code. */
    static Stream<Arguments> variants() {
        Map<String, EncoderConfig.Builder> table = new LinkedHashMap<>();
        table.put("defaults", vectors());
        table.put("tokens", EncoderConfig.ofTokens(7, OUTPUTS).width(WIDTH).learnedPositions(LENGTH));
        table.put("tokens, rotary", EncoderConfig.ofTokens(7, OUTPUTS).width(8).heads(2).rotaryPositions());
        table.put("vectors, learned positions", vectors().learnedPositions(LENGTH + 2));
        table.put("input projection", vectors().inputProjection(8));
        table.put("input projection, positions, dropout", vectors().inputProjection(8).learnedPositions(6).dropout(0.2));
        table.put("dropout on vectors", vectors().dropout(0.4));
        table.put("causal, grouped heads", vectors().heads(3).keyHeads(1).causal(true));
        table.put("wide heads, explicit scale", vectors().headWidth(5).attentionScale(0.3));
        table.put("no output projection", vectors().outputProjection(false));
        table.put("no output projection, other width",
                vectors().outputProjection(false).headWidth(5).attentionResidual(false));
        table.put("no residuals", vectors().attentionResidual(false).feedForwardResidual(false));
        table.put("attention residual only", vectors().feedForwardResidual(false));
        table.put("feed-forward residual only, no norm",
                vectors().attentionResidual(false).normalization(NormalizationKind.NONE));
        table.put("steps", vectors().attentionStep(0.25).feedForwardStep(-0.5));
        table.put("steps, no residuals, dropout", vectors().attentionStep(0.25).feedForwardStep(2)
                .attentionResidual(false).feedForwardResidual(false).dropout(0.3));
        table.put("no norm", vectors().normalization(NormalizationKind.NONE));
        table.put("no norm, no residuals, no biases", vectors().normalization(NormalizationKind.NONE)
                .attentionResidual(false).feedForwardResidual(false).bias(false).outputBias(false));
        table.put("RMS norm", vectors().normalization(NormalizationKind.RMS));
        table.put("layer norm after", vectors().placement(Placement.AFTER));
        table.put("RMS norm after, no residuals", vectors().placement(Placement.AFTER)
                .normalization(NormalizationKind.RMS).attentionResidual(false).feedForwardResidual(false));
        table.put("no feed-forward", vectors().feedForward(FeedForwardKind.NONE));
        table.put("activation only", vectors().feedForward(FeedForwardKind.ACTIVATION));
        table.put("activation only, no norm", vectors().feedForward(FeedForwardKind.ACTIVATION)
                .normalization(NormalizationKind.NONE).activation(Activation.SILU));
        table.put("activation only, no residual", vectors().feedForward(FeedForwardKind.ACTIVATION)
                .feedForwardResidual(false).activation(Activation.SOFTPLUS));
        table.put("sum pooling", vectors().pooling(Pooling.SUM));
        table.put("no pooling", vectors().pooling(Pooling.NONE));
        table.put("half squared sum", vectors().loss(LossKind.HALF_SQUARED_SUM));
        table.put("half squared mean, no pooling", vectors().loss(LossKind.HALF_SQUARED_MEAN).pooling(Pooling.NONE));
        table.put("mean squared error", vectors().loss(LossKind.MEAN_SQUARED_ERROR));
        table.put("output multiplier, standardised", vectors().outputMultiplier(0.3)
                .initialization(Initialization.he().inStandardForm()));
        table.put("ReLU", vectors().activation(Activation.RELU).feedForwardWidth(9));
        table.put("residual transformer", EncoderConfig.residualTransformer(WIDTH, 7, OUTPUTS).layers(3));
        table.put("shallow encoder", EncoderConfig.shallowEncoder(WIDTH, 10, 0.1));
        return table.entrySet().stream().map(entry -> Arguments.of(entry.getKey(), entry.getValue().build()));
    }

    static ExampleBatch batch(EncoderConfig config, ElementType type, int batch, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = batch * length;
        int targetRows = config.pooling() == Pooling.NONE ? rows : batch;
        Tensor inputs = config.inputWidth() == 0 ? null : cast(PaperModelsTest.normal(seed, rows, config.inputWidth()), type);
        int[] tokens = config.inputWidth() > 0 ? null : random.ints(rows, 0, config.vocabulary()).toArray();
        boolean classes = config.loss() == LossKind.CROSS_ENTROPY;
        Tensor targets = classes ? null : cast(PaperModelsTest.normal(seed + 1, targetRows, config.outputs()), type);
        return new ExampleBatch(batch, length, inputs, tokens, targets,
                classes ? random.ints(targetRows, 0, config.outputs()).toArray() : null, null);
    }

    private static Tensor cast(Tensor source, ElementType type) {
        Tensor copy = Tensor.zeros(type, source.shape());
        copy.copyFrom(source);
        return copy;
    }

    /** Some rows of the batch are padding. */
    private static ExampleBatch padded(EncoderConfig config, ExampleBatch batch, int... valid) {
        int[] classes = batch.classes() == null ? null : batch.classes().clone();
        if (classes != null && config.pooling() == Pooling.NONE) {
            for (int r = 0; r < classes.length; r++) {
                if (r % batch.length() >= valid[r / batch.length()]) {
                    classes[r] = ExampleBatch.IGNORED;
                }
            }
        }
        return new ExampleBatch(batch.batch(), batch.length(), batch.inputs(), batch.tokens(), batch.targets(), classes,
                valid);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void gradientsAreDifferenceQuotients(String name, EncoderConfig config) {
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 1);
        GradientCheck.shake(model, 0.1, 2);
        double step = config.activation() == Activation.RELU ? 1e-6 : 1e-3;
        ExampleBatch batch = batch(config, ElementType.FLOAT64, BATCH, LENGTH, 3);
        GradientCheck.check(model, batch, step, 4);
        GradientCheck.check(model, padded(config, batch, 2, LENGTH, 1), step, 5);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void evaluationAndTrainingAgree(String name, EncoderConfig config) {
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 6);
        ExampleBatch batch = batch(config, ElementType.FLOAT64, BATCH, LENGTH, 7);
        Evaluation evaluation = model.evaluate(batch);
        double loss = model.trainingLoss(batch, 1, 8);
        double evaluated = config.loss() == LossKind.HALF_SQUARED_SUM ? evaluation.lossSum() : evaluation.meanLoss();
        if (config.dropout() == 0) {
            GptTest.assertClose(evaluated, loss, 1e-14, "loss");
        } else {
            assertNotEquals(evaluated, loss);
            assertEquals(loss, model.trainingLoss(batch, 1, 8), "the same masks");
            assertNotEquals(loss, model.trainingLoss(batch, 1, 9), "other masks");
        }
        assertEquals(config.pooling() == Pooling.NONE ? BATCH * LENGTH : BATCH, evaluation.counted());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void float32IsCloseToFloat64(String name, EncoderConfig config) {
        Encoder single = new Encoder(config, kernels, ElementType.FLOAT32, 10);
        Encoder twice = new Encoder(config, kernels, ElementType.FLOAT64, 10);
        double expected = twice.trainingLoss(batch(config, ElementType.FLOAT64, BATCH, LENGTH, 11), 1, 12);
        double actual = single.trainingLoss(batch(config, ElementType.FLOAT32, BATCH, LENGTH, 11), 1, 12);
        GptTest.assertClose(expected, actual, 2e-5, "loss");
        for (int p = 0; p < twice.parameters().size(); p++) {
            double[] wanted = twice.parameters().get(p).gradient().toArray();
            double[] got = single.parameters().get(p).gradient().toArray();
            double largest = Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < wanted.length; i++) {
                assertTrue(Math.abs(wanted[i] - got[i]) <= 1e-4 * largest + 1e-6, twice.parameters().get(p).name());
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void paddingChangesNothing(String name, EncoderConfig config) {
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 13);
        ExampleBatch whole = batch(config, ElementType.FLOAT64, 1, LENGTH, 14);
        ExampleBatch padded = padded(config, whole, 3);
        boolean pooled = config.pooling() != Pooling.NONE;
        ExampleBatch cut = new ExampleBatch(1, 3, whole.inputs() == null ? null : whole.inputs().rowRange(0, 3),
                whole.tokens() == null ? null : Arrays.copyOf(whole.tokens(), 3),
                whole.targets() == null ? null : pooled ? whole.targets() : whole.targets().rowRange(0, 3),
                whole.classes() == null ? null : pooled ? whole.classes() : Arrays.copyOf(whole.classes(), 3), null);
        Evaluation expected = model.evaluate(cut);
        Evaluation actual = model.evaluate(padded);
        GptTest.assertClose(expected.lossSum(), actual.lossSum(), 1e-13, "loss");
        assertEquals(expected.counted(), actual.counted());
        assertEquals(expected.correct(), actual.correct());
    }

    @Test
    void theThreadsDoNotChangeTheBits() {
        EncoderConfig config = EncoderConfig.ofVectors(50, 10).inputProjection(64).heads(4).layers(2).dropout(0.1)
                .learnedPositions(40).pooling(Pooling.MEAN).build();
        List<double[]> gradients = null;
        double loss = 0;
        for (int threads : new int[] {1, 2, 3, 7}) {
            try (Kernels some = TestKernels.open(threads)) {
                Encoder model = new Encoder(config, some, ElementType.FLOAT32, 15);
                double threadsLoss = model.trainingLoss(batch(config, ElementType.FLOAT32, 9, 37, 16), 1, 17);
                List<double[]> own = model.parameters().stream().map(p -> p.gradient().toArray()).toList();
                if (gradients == null) {
                    gradients = own;
                    loss = threadsLoss;
                }
                assertEquals(loss, threadsLoss, threads + " threads");
                for (int p = 0; p < own.size(); p++) {
                    assertArrayEquals(gradients.get(p), own.get(p), model.parameters().get(p).name());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Initialization.Scheme.class)
    void weightsStartWithTheSchemesVariance(Initialization.Scheme scheme) {
        for (boolean standardised : new boolean[] {false, true}) {
            EncoderConfig config = EncoderConfig.ofVectors(40, 64).heads(2).feedForwardWidth(90)
                    .initialization(new Initialization(scheme, 0.3, 0.5, standardised)).build();
            Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 18);
            for (Parameter parameter : model.parameters()) {
                if (!parameter.name().endsWith(".weight")) {
                    continue;
                }
                double inputs = parameter.value().rows();
                boolean residual = parameter.name().matches(".*(attention.output|feedForward.out).weight");
                double variance = standardised ? 1 : switch (scheme) {
                    case LECUN -> 1 / inputs;
                    case HE -> 2 / inputs;
                    case NTK -> 1;
                    case GAUSSIAN -> 0.09 * (residual ? 0.25 : 1);
                };
                double[] values = parameter.value().toArray();
                double actual = Arrays.stream(values).map(v -> v * v).average().orElseThrow();
                assertTrue(Math.abs(actual / variance - 1) <= 5 * Math.sqrt(2.0 / values.length),
                        parameter.name() + " has variance " + actual + ", expected " + variance);
            }
        }
    }

    @Test
    void standardFormIsTheSameFunction() {
        EncoderConfig raw = vectors().loss(LossKind.HALF_SQUARED_SUM).build();
        EncoderConfig standard = vectors().loss(LossKind.HALF_SQUARED_SUM)
                .initialization(raw.initialization().inStandardForm()).build();
        ExampleBatch batch = batch(raw, ElementType.FLOAT64, BATCH, LENGTH, 19);
        double expected = new Encoder(raw, kernels, ElementType.FLOAT64, 20).evaluate(batch).lossSum();
        double actual = new Encoder(standard, kernels, ElementType.FLOAT64, 20).evaluate(batch).lossSum();
        GptTest.assertClose(expected, actual, 1e-12, "loss");
    }

    @Test
    void theCallersVectorsStayAsTheyAre() {
        EncoderConfig config = vectors().learnedPositions(LENGTH).dropout(0.5).build();
        ExampleBatch batch = batch(config, ElementType.FLOAT64, BATCH, LENGTH, 21);
        double[] before = batch.inputs().toArray();
        new Encoder(config, kernels, ElementType.FLOAT64, 22).trainingLoss(batch, 1, 0);
        assertArrayEquals(before, batch.inputs().toArray());
    }

    @Test
    void vectorsMayHaveThreeAxes() {
        EncoderConfig config = vectors().build();
        ExampleBatch flat = batch(config, ElementType.FLOAT64, BATCH, LENGTH, 23);
        ExampleBatch deep = ExampleBatch.classification(BATCH, LENGTH, flat.inputs().reshape(BATCH, LENGTH, WIDTH),
                flat.classes());
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 24);
        assertEquals(model.evaluate(flat), model.evaluate(deep));
    }

    @Test
    void badConfigurationsAreNamed() {
        GptTest.assertMessage("heads is 4; it must divide width, 6", () -> vectors().heads(4).build());
        GptTest.assertMessage("heads is 0; it must be at least 1", () -> vectors().heads(0).build());
        GptTest.assertMessage("keyHeads is 4; it must divide heads, 2", () -> vectors().keyHeads(4).build());
        GptTest.assertMessage("outputs is 0; it must be at least 1", () -> EncoderConfig.ofVectors(3, 0).build());
        GptTest.assertMessage("width is 5; without an input projection it must be inputWidth, 6",
                () -> vectors().width(5).heads(1).build());
        GptTest.assertMessage("heads * headWidth is 14; for a residual around an attention without output projection "
                + "it must be width, 6", () -> vectors().outputProjection(false).headWidth(7).build());
        GptTest.assertMessage("elements per head are 3; rotary positions need an even number",
                () -> vectors().rotaryPositions().build());
        GptTest.assertMessage("dropout is -0.1; expected 0 to below 1", () -> vectors().dropout(-0.1).build());
        GptTest.assertMessage("attentionStep is NaN; it must be finite", () -> vectors().attentionStep(Double.NaN).build());
        GptTest.assertMessage("inputProjection is on; the input is tokens, which have an embedding",
                () -> EncoderConfig.ofTokens(5, 2).inputProjection(8).build());
        GptTest.assertMessage("deviation is -1.0; expected 0 or a positive number", () -> Initialization.gaussian(-1));
    }

    @Test
    void badBatchesAreNamed() {
        EncoderConfig config = vectors().learnedPositions(LENGTH).build();
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT32, 25);
        GptTest.assertMessage("inputs is float64[15, 6]; expected FLOAT32 with 6 columns",
                () -> model.evaluate(batch(config, ElementType.FLOAT64, BATCH, LENGTH, 26)));
        GptTest.assertMessage("sequences have 6 rows; the longest that has positions is 5",
                () -> model.evaluate(batch(config, ElementType.FLOAT32, BATCH, LENGTH + 1, 27)));
        Tensor inputs = Tensor.zeros(ElementType.FLOAT32, 4, WIDTH);
        GptTest.assertMessage("batch has no classes; the loss is CROSS_ENTROPY",
                () -> model.evaluate(ExampleBatch.regression(2, 2, inputs, Tensor.zeros(ElementType.FLOAT32, 2, 3))));
        GptTest.assertMessage("classes has 4 rows; expected one for each sequence, 2",
                () -> model.evaluate(ExampleBatch.classification(2, 2, inputs, new int[4])));
        GptTest.assertMessage("batch has no tokens; the model's input is tokens",
                () -> new Encoder(EncoderConfig.ofTokens(5, 2).build(), kernels, ElementType.FLOAT32, 0)
                        .evaluate(ExampleBatch.classification(2, 2, inputs, new int[2])));
        Encoder unpooled = new Encoder(vectors().pooling(Pooling.NONE).build(), kernels, ElementType.FLOAT32, 28);
        GptTest.assertMessage("classes[3] is 0 for padding; expected -1", () -> unpooled.evaluate(
                ExampleBatch.classification(2, 2, inputs, new int[4]).withValidLengths(2, 1)));
        GptTest.assertMessage("inputs has 4 rows; expected batch * length = 6",
                () -> ExampleBatch.classification(2, 3, inputs, new int[2]));
        GptTest.assertMessage("classes has 3 rows; expected batch, 2, or batch * length, 4",
                () -> ExampleBatch.classification(2, 2, inputs, new int[3]));
        GptTest.assertMessage("validLengths holds 3; expected 1 to length, 2",
                () -> ExampleBatch.classification(2, 2, inputs, new int[2]).withValidLengths(1, 3));
        GptTest.assertMessage("expected either inputs or tokens; got neither",
                () -> new ExampleBatch(2, 2, null, null, null, new int[2], null));
    }
}
