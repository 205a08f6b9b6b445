package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.Parameter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The papers' models against their equations and the gradients derived by hand from them, in plain loops. */
class PaperModelsTest {
    private static final int N = 3;
    private static final int T = 4;
    private static final double TOLERANCE = 1e-12;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    static Tensor normal(long seed, int rows, int columns) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensor.wrap(values, rows, columns);
    }

    private static PlainMatrix weight(Encoder model, String name) {
        return PlainMatrix.of(parameter(model, name + ".weight").value());
    }

    private static Parameter parameter(Encoder model, String name) {
        return model.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    }

    private static void assertMatrix(PlainMatrix expected, Tensor actual, String what) {
        PlainMatrix matrix = PlainMatrix.of(actual);
        assertEquals(expected.height(), matrix.height(), what);
        assertEquals(expected.width(), matrix.width(), what);
        for (int r = 0; r < expected.height(); r++) {
            for (int c = 0; c < expected.width(); c++) {
                GptTest.assertClose(expected.rows()[r][c], matrix.rows()[r][c], TOLERANCE,
                        what + "[" + r + ", " + c + "]");
            }
        }
    }

    /** Sums of matrices by name. */
    private static final class Gradients {
        private final Map<String, PlainMatrix> sums = new HashMap<>();

        void add(String name, PlainMatrix part) {
            sums.merge(name + ".weight", part, (sum, more) -> sum.plus(1, more));
        }

        void check(Encoder model, double scale) {
            assertEquals(sums.size(), model.parameters().size());
            for (Parameter parameter : model.parameters()) {
                assertMatrix(sums.get(parameter.name()).times(scale), parameter.gradient(), parameter.name());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void residualTransformer(boolean attentionResidual, boolean feedForwardResidual) {
        int d = 6;
        EncoderConfig config = EncoderConfig.residualTransformer(d, 5, 2).attentionResidual(attentionResidual)
                .feedForwardResidual(feedForwardResidual).build();
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 1);
        Tensor inputs = normal(2, N * T, d);
        Tensor targets = normal(3, N * T, 2);
        double loss = model.trainingLoss(ExampleBatch.regression(N, T, inputs, targets), 0.5, 0);

        PlainMatrix wQ = weight(model, "layer.0.attention.query");
        PlainMatrix wK = weight(model, "layer.0.attention.key");
        PlainMatrix wV = weight(model, "layer.0.attention.value");
        PlainMatrix w1 = weight(model, "layer.0.feedForward.in");
        PlainMatrix w2 = weight(model, "layer.0.feedForward.out");
        PlainMatrix wU = weight(model, "output");
        double rhoA = attentionResidual ? 1 : 0;
        double rhoF = feedForwardResidual ? 1 : 0;
        double scale = 1 / Math.sqrt(d);
        double expected = 0;
        Gradients gradients = new Gradients();
        for (int n = 0; n < N; n++) {
            PlainMatrix x = PlainMatrix.of(inputs).slice(n * T, (n + 1) * T);
            PlainMatrix y = PlainMatrix.of(targets).slice(n * T, (n + 1) * T);
            PlainMatrix s = x.times(wQ).times(wK.transposed()).times(x.transposed()).times(scale).softmax();
            PlainMatrix z = s.times(x).times(wV).plus(rhoA, x);
            PlainMatrix hidden = z.times(w1).map(Math::tanh);
            PlainMatrix g = hidden.times(w2).plus(rhoF, z);
            PlainMatrix f = g.times(wU);
            assertMatrix(z, model.attentionOutput(0).rowRange(n * T, (n + 1) * T), "Z");
            assertMatrix(g, model.features().rowRange(n * T, (n + 1) * T), "G");
            assertMatrix(g, model.layerOutput(0).rowRange(n * T, (n + 1) * T), "layer output");
            assertMatrix(f, model.output().rowRange(n * T, (n + 1) * T), "F");
            PlainMatrix e = f.plus(-1, y);
            expected += e.sumOfSquares() / 2;

            PlainMatrix dG = e.times(wU.transposed());
            PlainMatrix dA = dG.times(w2.transposed()).multiplied(hidden.map(v -> 1 - v * v));
            PlainMatrix dZ = dA.times(w1.transposed()).plus(rhoF, dG);
            PlainMatrix dP = s.softmaxBackward(dZ.times(x.times(wV).transposed())).times(scale);
            gradients.add("output", g.transposed().times(e));
            gradients.add("layer.0.feedForward.out", hidden.transposed().times(dG));
            gradients.add("layer.0.feedForward.in", z.transposed().times(dA));
            gradients.add("layer.0.attention.value", x.transposed().times(s.transposed()).times(dZ));
            gradients.add("layer.0.attention.query", x.transposed().times(dP).times(x).times(wK));
            gradients.add("layer.0.attention.key", x.transposed().times(dP.transposed()).times(x).times(wQ));
        }
        GptTest.assertClose(expected, loss, TOLERANCE, "loss");
        gradients.check(model, 0.5);
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void stackedResidualTransformer(boolean residuals) {
        int d = 5;
        EncoderConfig config = EncoderConfig.residualTransformer(d, 7, 3).layers(3).attentionResidual(residuals)
                .feedForwardResidual(residuals).build();
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 4);
        Tensor inputs = normal(5, T, d);
        Tensor output = model.forward(ExampleBatch.regression(1, T, inputs, normal(6, T, 3)), false, 0);
        PlainMatrix h = PlainMatrix.of(inputs);
        double rho = residuals ? 1 : 0;
        for (int layer = 0; layer < 3; layer++) {
            PlainMatrix q = h.times(weight(model, "layer." + layer + ".attention.query"));
            PlainMatrix k = h.times(weight(model, "layer." + layer + ".attention.key"));
            PlainMatrix v = h.times(weight(model, "layer." + layer + ".attention.value"));
            PlainMatrix z = q.times(k.transposed()).times(1 / Math.sqrt(d)).softmax().times(v).plus(rho, h);
            assertMatrix(z, model.attentionOutput(layer), "Z " + layer);
            h = z.times(weight(model, "layer." + layer + ".feedForward.in")).map(Math::tanh)
                    .times(weight(model, "layer." + layer + ".feedForward.out")).plus(rho, z);
            assertMatrix(h, model.layerOutput(layer), "H " + layer);
        }
        assertMatrix(h.times(weight(model, "output")), output, "F");
    }

    @ParameterizedTest
    @CsvSource({"LECUN,false", "HE,false", "NTK,false", "LECUN,true"})
    void shallowEncoder(Initialization.Scheme scheme, boolean standardised) {
        int d = 6;
        int dm = 9;
        double tau0 = 1 / Math.sqrt(dm);
        double tau1 = scheme == Initialization.Scheme.NTK ? 1 / Math.sqrt(dm) : 1;
        EncoderConfig config = EncoderConfig.shallowEncoder(d, dm, tau0).outputMultiplier(tau1)
                .initialization(new Initialization(scheme, 0, 1, standardised)).build();
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 7);
        Tensor inputs = normal(8, N * T, d);
        Tensor targets = normal(9, N, 1);
        double loss = model.trainingLoss(ExampleBatch.regression(N, T, inputs, targets), 1, 0);

        // The paper's weights are the transposes of these; standardised ones are multiplied by their deviations.
        double c = standardised ? 1 / Math.sqrt(d) : 1;
        double cO = standardised ? 1 / Math.sqrt(dm) : 1;
        PlainMatrix wQ = weight(model, "layer.0.attention.query").times(c);
        PlainMatrix wK = weight(model, "layer.0.attention.key").times(c);
        PlainMatrix wV = weight(model, "layer.0.attention.value").times(c);
        PlainMatrix wO = weight(model, "output").times(cO);
        double expected = 0;
        Gradients gradients = new Gradients();
        for (int n = 0; n < N; n++) {
            PlainMatrix x = PlainMatrix.of(inputs).slice(n * T, (n + 1) * T);
            PlainMatrix b = x.times(wQ).times(x.times(wK).transposed()).times(tau0).softmax();
            PlainMatrix a = b.times(x);
            PlainMatrix h = a.times(wV);
            PlainMatrix ones = new PlainMatrix(new double[][] {{1, 1, 1, 1}});
            PlainMatrix pooled = ones.times(h.map(v -> Math.max(v, 0)));
            assertMatrix(pooled, model.features().rowRange(n, n + 1), "features");
            double f = tau1 * pooled.times(wO).rows()[0][0];
            GptTest.assertClose(f, model.output().get(n, 0), TOLERANCE, "f");
            double e = f - PlainMatrix.of(targets).rows()[n][0];
            expected += e * e / 2;

            PlainMatrix dH = ones.transposed().times(wO.transposed()).times(e * tau1)
                    .multiplied(h.map(v -> v > 0 ? 1 : 0));
            PlainMatrix dA = dH.times(wV.transposed());
            PlainMatrix dP = b.softmaxBackward(dA.times(x.transposed())).times(tau0);
            gradients.add("output", pooled.transposed().times(e * tau1 * cO));
            gradients.add("layer.0.attention.value", a.transposed().times(dH).times(c));
            gradients.add("layer.0.attention.query", x.transposed().times(dP).times(x.times(wK)).times(c));
            gradients.add("layer.0.attention.key", x.transposed().times(dP.transposed()).times(x.times(wQ)).times(c));
        }
        GptTest.assertClose(expected, loss, TOLERANCE, "loss");
        gradients.check(model, 1);
    }

    @Test
    void theOutputsGradientIsTheTangentFeature() {
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(5, 8, 0.1).build(), kernels, ElementType.FLOAT64, 10);
        Tensor inputs = normal(11, N * T, 5);
        ExampleBatch batch = ExampleBatch.regression(N, T, inputs, normal(12, N, 1));
        model.forward(batch, true, 0);
        Tensor one = Tensor.zeros(ElementType.FLOAT64, N, 1);
        one.set(1, 0, 1);
        model.backward(one);
        // d f / d w_O is the pooled feature of that example.
        PlainMatrix feature = PlainMatrix.of(model.features()).slice(1, 2);
        assertMatrix(feature.transposed(), parameter(model, "output.weight").gradient(), "tangent feature");
    }
}
