package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.instruments.TangentKernel;
import org.junit.jupiter.api.Test;

/**
 * The shallow encoder's tangent kernel against the sum of its four blocks, each from the forward quantities alone: for the output,
 * value, query and key weights. Inner products of gradients factor into those of what a layer read and of what came back to it.
 */
class TangentKernelBlocksTest {
    private static final int N = 3;
    private static final int T = 4;
    private static final int D = 5;
    private static final int WIDTH = 7;
    private static final double TAU_0 = 0.4;
    private static final double TAU_1 = 0.6;

    /** What the blocks need of a sample. */
    private record Sample(PlainMatrix x, PlainMatrix attended, PlainMatrix pooled, PlainMatrix dHidden, PlainMatrix dQueries,
            PlainMatrix dKeys) {
        static Sample of(PlainMatrix x, PlainMatrix query, PlainMatrix key, PlainMatrix value, PlainMatrix output) {
            PlainMatrix q = x.times(query);
            PlainMatrix k = x.times(key);
            PlainMatrix b = q.times(k.transposed()).times(TAU_0).softmax();
            PlainMatrix attended = b.times(x);
            PlainMatrix hidden = attended.times(value);
            PlainMatrix ones = new PlainMatrix(new double[T][1]).map(v -> 1);
            PlainMatrix pooled = ones.transposed().times(hidden.map(v -> Math.max(v, 0)));
            PlainMatrix dHidden = ones.times(output.transposed()).multiplied(hidden.map(v -> v > 0 ? TAU_1 : 0));
            PlainMatrix dB = dHidden.times(value.transposed()).times(x.transposed());
            PlainMatrix dP = b.softmaxBackward(dB).times(TAU_0);
            return new Sample(x, attended, pooled.times(TAU_1), dHidden, dP.times(k), dP.transposed().times(q));
        }
    }

    @Test
    void theKernelIsTheSumOfItsBlocks() {
        try (Kernels kernels = TestKernels.open(1)) {
            Encoder model = new Encoder(EncoderConfig.shallowEncoder(D, WIDTH, TAU_0).outputMultiplier(TAU_1).build(), kernels,
                    ElementType.FLOAT64, 11);
            Tensor inputs = PaperModelsTest.normal(12, N * T, D);
            List<ExampleBatch> batches = new ArrayList<>();
            List<Sample> samples = new ArrayList<>();
            for (int n = 0; n < N; n++) {
                Tensor x = inputs.rowRange(n * T, (n + 1) * T);
                batches.add(ExampleBatch.regression(1, T, x, Tensor.zeros(ElementType.FLOAT64, 1, 1)));
                samples.add(Sample.of(PlainMatrix.of(x), weight(model, "layer.0.attention.query.weight"),
                        weight(model, "layer.0.attention.key.weight"), weight(model, "layer.0.attention.value.weight"),
                        weight(model, "output.weight")));
            }
            Tensor kernel = TangentKernel.ofOutputs(kernels, model, batches);
            for (int i = 0; i < N; i++) {
                for (int j = 0; j < N; j++) {
                    Sample a = samples.get(i);
                    Sample b = samples.get(j);
                    double ofOutput = a.pooled.times(b.pooled.transposed()).rows()[0][0];
                    double expected = ofOutput + products(a.dHidden, b.dHidden, a.attended, b.attended)
                            + products(a.dQueries, b.dQueries, a.x, b.x) + products(a.dKeys, b.dKeys, a.x, b.x);
                    double difference = Math.abs(expected - kernel.get(i, j));
                    assertTrue(difference <= 1e-12 * kernel.get(i, i), "kernel[" + i + ", " + j + "] is " + kernel.get(i, j) + "; expected "
                            + expected);
                }
            }
        }
    }

    private static PlainMatrix weight(Encoder model, String name) {
        return PlainMatrix.of(model.parameters().stream().filter(parameter -> parameter.name().equals(name)).findFirst().orElseThrow()
                .value());
    }

    /** The sum over pairs of tokens of the inner product of what came back times that of what was read. */
    private static double products(PlainMatrix backA, PlainMatrix backB, PlainMatrix readA, PlainMatrix readB) {
        PlainMatrix sums = backA.times(backB.transposed()).multiplied(readA.times(readB.transposed())).rowSums();
        double sum = 0;
        for (double[] row : sums.rows()) {
            sum += row[0];
        }
        return sum;
    }
}
