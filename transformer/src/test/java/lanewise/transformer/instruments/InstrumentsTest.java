package lanewise.transformer.instruments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Instruments against models whose answers are known. */
class InstrumentsTest {
    private static final int N = 4;
    private static final int T = 3;
    private static final int D = 5;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static Tensor normal(long seed, int rows, int columns) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensor.wrap(values, rows, columns);
    }

    private static List<ExampleBatch> samples(Tensor inputs, int length) {
        return IntStream.range(0, inputs.rows() / length).mapToObj(i -> ExampleBatch.regression(1, length,
                inputs.rowRange(i * length, (i + 1) * length), Tensor.zeros(ElementType.FLOAT64, 1, 1))).toList();
    }

    private static void assertNear(double expected, double actual, double tolerance, String what) {
        assertTrue(Math.abs(expected - actual) <= tolerance, what + " is " + actual + "; expected " + expected);
    }

    /** The kernel's entry is what a tiny step on one sample does to the output of another, by that step. */
    @Test
    void theTangentKernelPredictsASmallStep() {
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, 7, 0.3).build(), kernels, ElementType.FLOAT64, 3);
        Tensor inputs = normal(4, N * T, D);
        List<ExampleBatch> samples = samples(inputs, T);
        Tensor kernel = TangentKernel.ofOutputs(kernels, model, samples);
        double step = 1e-7;
        for (int i = 0; i < N; i++) {
            double[] before = new double[N];
            for (int j = 0; j < N; j++) {
                before[j] = model.forward(samples.get(j), false, 0).get(0, 0);
            }
            model.parameters().forEach(Parameter::clearGradient);
            model.forward(samples.get(i), true, 0);
            model.backward(Tensor.wrap(new double[] {1}, 1, 1));
            List<double[]> start = model.parameters().stream().map(parameter -> parameter.value().toArray()).toList();
            model.parameters().forEach(parameter -> kernels.elementwise().scaleAdd(step, parameter.gradient(), 1, parameter.value()));
            for (int j = 0; j < N; j++) {
                double moved = (model.forward(samples.get(j), false, 0).get(0, 0) - before[j]) / step;
                assertNear(kernel.get(i, j), moved, 1e-4 * Math.max(1, Math.abs(moved)), "kernel[" + i + ", " + j + "]");
                assertNear(kernel.get(i, j), kernel.get(j, i), 0, "symmetry");
            }
            for (int p = 0; p < start.size(); p++) {
                model.parameters().get(p).value().copyFrom(start.get(p));
            }
        }
    }

    /**
     * Wide, with attention that averages, the kernel of the value and output weights is that of a two-layer rectifier network on the
     * mean token, with the arc-cosine kernels of Cho and Saul (2009) in closed form, up to the chance of finite width.
     */
    @Test
    void theWideKernelIsTheArcCosineKernelOfTheMeanToken() {
        int width = 20000;
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, width, 1.0 / width).initialization(Initialization.ntk())
                .outputMultiplier(1 / Math.sqrt(width)).build(), kernels, ElementType.FLOAT64, 5);
        Tensor inputs = normal(6, 2 * T, D);
        for (int r = 0; r < 2 * T; r++) {
            double norm = Math.sqrt(kernels.reduction().sumOfSquares(inputs.rowRange(r, r + 1)));
            kernels.elementwise().scaleAdd(1 / norm, inputs.rowRange(r, r + 1), 0, inputs.rowRange(r, r + 1));
        }
        Tensor kernel = TangentKernel.ofOutputs(kernels, model, samples(inputs, T));
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 2; j++) {
                double expected = T * T * limit(mean(inputs, i), mean(inputs, j));
                // Chance is of the order of 1 / sqrt(width), 0.7 %, and attention's logits of the same.
                assertNear(expected, kernel.get(i, j), 0.05 * Math.abs(T * T * limit(mean(inputs, i), mean(inputs, i))),
                        "kernel[" + i + ", " + j + "]");
            }
        }
    }

    private static double[] mean(Tensor inputs, int sample) {
        double[] mean = new double[D];
        for (int t = 0; t < T; t++) {
            for (int d = 0; d < D; d++) {
                mean[d] += inputs.get(sample * T + t, d) / T;
            }
        }
        return mean;
    }

    /** E relu(v x) relu(v y) + x y P(v x > 0, v y > 0) for normal v. */
    private static double limit(double[] x, double[] y) {
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int d = 0; d < D; d++) {
            xy += x[d] * y[d];
            xx += x[d] * x[d];
            yy += y[d] * y[d];
        }
        double norms = Math.sqrt(xx * yy);
        double angle = Math.acos(Math.max(-1, Math.min(1, xy / norms)));
        double rectified = norms * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle)) / (2 * Math.PI);
        return rectified + xy * (Math.PI - angle) / (2 * Math.PI);
    }

    @Test
    void lossesHaveAKernelToo() {
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, 7, 0.3).build(), kernels, ElementType.FLOAT64, 3);
        List<ExampleBatch> samples = samples(normal(4, N * T, D), T);
        Tensor outputs = TangentKernel.ofOutputs(kernels, model, samples);
        Tensor losses = TangentKernel.ofLosses(kernels, model, samples);
        double[] f = samples.stream().mapToDouble(sample -> model.forward(sample, false, 0).get(0, 0)).toArray();
        // With targets 0 the gradient of 1/2 f^2 is f times that of f.
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                assertNear(f[i] * f[j] * outputs.get(i, j), losses.get(i, j), 1e-12 * Math.abs(f[i] * f[j] * outputs.get(i, i)) + 1e-12,
                        "kernel of losses");
            }
        }
        assertEquals(0, TangentKernel.drift(outputs, outputs));
    }

    @Test
    void attentionIsUniformWithoutScaleAndCertainWithALargeOne() {
        ExampleBatch batch = ExampleBatch.regression(N, T, normal(7, N * T, D), Tensor.zeros(ElementType.FLOAT64, N, 1));
        AttentionMap uniform = mapAtScale(batch, 0);
        assertNear(Math.log(T), uniform.entropy(), 1e-14, "entropy");
        assertNear(Math.log(T), uniform.uniformEntropy(), 1e-14, "uniform entropy");
        assertNear(0, uniform.distance(), 1e-15, "distance");
        assertNear(0, uniform.largestRelative(), 1e-15, "largest deviation");
        AttentionMap certain = mapAtScale(batch, 1e6);
        assertNear(0, certain.entropy(), 1e-12, "entropy");
        assertNear(1 - 1.0 / T, certain.distance(), 1e-12, "distance");
        assertNear(T - 1, certain.largestRelative(), 1e-12, "largest deviation");
    }

    private static AttentionMap mapAtScale(ExampleBatch batch, double scale) {
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, 6, scale).build(), kernels, ElementType.FLOAT64, 8);
        model.forward(batch, false, 0);
        assertThrows(IllegalArgumentException.class, () -> AttentionMap.of(model.attention(0), N, T + 1));
        return AttentionMap.of(model.attention(0), N, T);
    }

    /** Attention computed from the weights gives what the kernels computed. */
    @Test
    void theMapIsThatOfTheKernels() {
        EncoderConfig config = EncoderConfig.ofVectors(8, 1).heads(4).keyHeads(2).causal(true).build();
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT64, 9);
        ExampleBatch batch = ExampleBatch.regression(1, 2, normal(10, 2, 8), Tensor.zeros(ElementType.FLOAT64, 1, 1));
        model.forward(batch, false, 0);
        AttentionMap map = AttentionMap.of(model.attention(0), 1, 2);
        // The second token's value is p v_0 + (1 - p) v_1, head by head.
        double distance = 0;
        Tensor values = model.attention(0).values();
        Tensor attended = model.attention(0).attended();
        for (int head = 0; head < 4; head++) {
            double v0 = values.get(0, head / 2 * 2);
            double v1 = values.get(1, head / 2 * 2);
            double p = (attended.get(1, head * 2) - v1) / (v0 - v1);
            distance += Math.abs(p - 0.5);
        }
        assertNear(distance / 8, map.distance(), 1e-10, "distance");
        assertNear(Math.log(2) / 2, map.uniformEntropy(), 1e-15, "uniform entropy");
    }

    @Test
    void driftAndGradientNorms() {
        Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, 7, 0.3).build(), kernels, ElementType.FLOAT64, 3);
        Drift drift = new Drift(model.parameters());
        assertEquals(0, drift.relative());
        model.parameters().forEach(parameter -> kernels.elementwise().scaleAdd(0.25, parameter.value(), 1, parameter.value()));
        assertNear(0.25, drift.relative(), 1e-15, "drift");
        model.parameters().forEach(parameter -> parameter.gradient().fill(2));
        Map<String, Double> norms = GradientNorms.of(kernels.reduction(), model.parameters(), GradientNorms::kind);
        assertEquals(List.of("attention", "output"), List.copyOf(norms.keySet()));
        assertNear(2 * Math.sqrt(3 * D * 7), norms.get("attention"), 1e-12, "norm");
        assertNear(2 * Math.sqrt(7), norms.get("output"), 1e-12, "norm");
    }
}
