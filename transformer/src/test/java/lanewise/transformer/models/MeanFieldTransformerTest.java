package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.models.MeanFieldTransformer.Config;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The model against its equations in plain loops, and its gradients against differences. */
class MeanFieldTransformerTest {
    private static final int B = 2;
    private static final int T = 4;
    private static final int D = 3;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static ExampleBatch batch() {
        return ExampleBatch.regression(B, T, PaperModelsTest.normal(1, B * T, D), PaperModelsTest.normal(2, B, 1));
    }

    @Test
    void forward() {
        int heads = 2;
        int layers = 3;
        MeanFieldTransformer model = new MeanFieldTransformer(new Config(D, layers, heads, 2, false, 1), kernels, ElementType.FLOAT64, 3);
        Tensor output = model.forward(batch());
        for (int b = 0; b < B; b++) {
            PlainMatrix z = PlainMatrix.of(batch().inputs()).slice(b * T, (b + 1) * T);
            for (int layer = 0; layer < layers; layer++) {
                PlainMatrix start = z;
                for (int j = 0; j < heads; j++) {
                    PlainMatrix score = PlainMatrix.of(value(model, layer, "attention.score").columnRange(j * D, (j + 1) * D));
                    PlainMatrix value = PlainMatrix.of(value(model, layer, "attention.value").rowRange(j * D, (j + 1) * D));
                    PlainMatrix attention = start.times(score).times(start.transposed()).softmax().times(start).times(value);
                    z = z.plus(0.5 / layers / heads, attention);
                }
                PlainMatrix in = PlainMatrix.of(value(model, layer, "feedForward.in"));
                PlainMatrix out = PlainMatrix.of(value(model, layer, "feedForward.out"));
                z = z.plus(0.5 / layers / heads, z.times(in).map(x -> x <= 0 ? 0 : x <= 1 ? x * x / 2 : x - 0.5).times(out));
            }
            GptTest.assertClose(z.rows()[T - 1][1], output.get(b, 0), 1e-13, "output " + b);
        }
    }

    private static Tensor value(MeanFieldTransformer model, int layer, String name) {
        return model.parameters().stream().filter(parameter -> parameter.name().equals("layer." + layer + "." + name)).findFirst()
                .orElseThrow().value();
    }

    @Test
    void gradients() {
        MeanFieldTransformer model = new MeanFieldTransformer(new Config(D, 2, 3, 2, false, 2), kernels, ElementType.FLOAT64, 4);
        GradientCheck.shake(model, 0.1, 5);
        GradientCheck.check(model, batch(), 1e-4, 6);
    }

    @Test
    void particlesStartInTheBall() {
        MeanFieldTransformer model = new MeanFieldTransformer(new Config(D, 4, 200, 2, false, 0), kernels, ElementType.FLOAT64, 7);
        double[] norms = Arrays.stream(model.squaredNorms()).map(Math::sqrt).toArray();
        assertEquals(800, norms.length);
        assertTrue(Arrays.stream(norms).max().orElseThrow() <= 2);
        // Of a uniform point in n dimensions, (norm / radius)^n is uniform from 0 to 1.
        int n = 2 * D * D + 2 * D;
        double mean = Arrays.stream(norms).map(norm -> Math.pow(norm / 2, n)).average().orElseThrow();
        assertTrue(Math.abs(mean - 0.5) <= 0.04, "mean is " + mean);
    }

    @Test
    void layersMayStartAlike() {
        MeanFieldTransformer alike = new MeanFieldTransformer(new Config(D, 2, 3, 2, true, 0), kernels, ElementType.FLOAT64, 7);
        assertEquals(Arrays.toString(value(alike, 0, "attention.score").toArray()), Arrays.toString(value(alike, 1, "attention.score").toArray()));
        MeanFieldTransformer apart = new MeanFieldTransformer(new Config(D, 2, 3, 2, false, 0), kernels, ElementType.FLOAT64, 7);
        assertTrue(value(apart, 0, "attention.score").get(0, 0) != value(apart, 1, "attention.score").get(0, 0));
    }

    @Test
    void badSizesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Config(0, 1, 1, 1, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new Config(3, 1, 0, 1, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new Config(3, 1, 1, 0, false, 0));
        assertThrows(IllegalArgumentException.class, () -> new Config(3, 1, 1, 1, false, 3));
        MeanFieldTransformer model = new MeanFieldTransformer(new Config(4, 1, 1, 1, false, 0), kernels, ElementType.FLOAT64, 1);
        assertThrows(IllegalArgumentException.class, () -> model.forward(batch()));
    }
}
