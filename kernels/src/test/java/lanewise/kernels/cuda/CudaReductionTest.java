package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.assertWithin;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Reduction;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaReductionTest {
    @ParameterizedTest
    @HostTypes
    void sumsAreThoseOfDoubles(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(41)) {
            Reduction kernels = new CudaReduction(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int[] shape : new int[][] {{0, 5}, {1, 1}, {3, 31}, {3, 64}, {40, 33}, {40, 1000}}) {
                    Tensor x = tensors.random(type, layout, shape);
                    double sum = 0;
                    double sizes = 0;
                    double squares = 0;
                    for (double value : x.toArray()) {
                        sum += value;
                        sizes += Math.abs(value);
                        squares += value * value;
                    }
                    double difference = Math.abs(kernels.sum(x) - sum);
                    assertTrue(difference <= 1e-13 * sizes, "the sum of " + x + ", " + layout + " is off by " + difference);
                    difference = Math.abs(kernels.sumOfSquares(x) - squares);
                    assertTrue(difference <= 1e-13 * squares, "the sum of squares of " + x + ", " + layout + " is off by " + difference);
                    assertEquals(kernels.sum(x), kernels.sum(x));
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void sumRepeatedMatchesTheDefinition(ElementType type) throws Exception {
        double u = type.unitRoundoff();
        try (DeviceTensors tensors = new DeviceTensors(42)) {
            Reduction kernels = new CudaReduction(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int period : new int[] {1, 3}) {
                    // The longest are cut into slices.
                    for (int repeats : new int[] {0, 1, 90, 700}) {
                        for (int columns : new int[] {1, 32, 33, 70}) {
                            Tensor x = tensors.random(type, layout, repeats * period, columns);
                            Tensor block = tensors.random(type, layout, period, columns);
                            Tensor again = tensors.copy(block, layout);
                            Tensor expected = exact(block);
                            double[] bounds = new double[expected.elements()];
                            double[] xs = x.toArray();
                            for (int i = 0; i < xs.length; i++) {
                                bounds[i % bounds.length] += (type == ElementType.FLOAT64 ? 60 : 20) * u * Math.abs(xs[i]);
                            }
                            tensors.scalar.reduction().sumRepeated(exact(x), expected);
                            for (int i = 0; i < bounds.length; i++) {
                                bounds[i] += 4 * u * (1 + Math.abs(expected.get(i / columns, i % columns)));
                            }
                            kernels.sumRepeated(x, block);
                            String name = x + " added to a block of " + period + " rows, " + layout;
                            assertWithin(name, expected, block, bounds);
                            kernels.sumRepeated(x, again);
                            assertSameBits(name + " once more", block, again);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void poolMatchesTheDefinition(ElementType type) throws Exception {
        double u = type.unitRoundoff();
        try (DeviceTensors tensors = new DeviceTensors(43)) {
            Reduction kernels = new CudaReduction(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int length : new int[] {1, 3, 70}) {
                    for (int columns : new int[] {1, 31, 64, 1000}) {
                        int sequences = tensors.random().nextInt(4);
                        Tensor x = tensors.random(type, layout, sequences * length, columns);
                        Tensor y = tensors.unwritten(type, layout, sequences, columns);
                        kernels.pool(length, 0.3, x, y);
                        Tensor expected = exactLike(y);
                        tensors.scalar.reduction().pool(length, 0.3, exact(x), expected);
                        assertClose("pool over " + length + " of " + x + ", " + layout, expected, y, (4 + 4 * length) * u, 4 * u);
                        Tensor dx = tensors.unwritten(type, layout, sequences * length, columns);
                        kernels.poolBackward(length, 0.3, y, dx);
                        Tensor expectedGradient = exactLike(dx);
                        tensors.scalar.reduction().poolBackward(length, 0.3, exact(y), expectedGradient);
                        assertClose("gradient of pool over " + length + ", " + layout, expectedGradient, dx, 0, 3 * u);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void squaresOfManyAreThoseOfEach(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(47)) {
            CudaReduction reduction = new CudaReduction(tensors.device, type);
            for (Layout layout : Layout.values()) {
                List<Tensor> all = new ArrayList<>();
                double expected = 0;
                for (int i = 0; i < 40; i++) {
                    Tensor x = tensors.random(type, layout, i % 7 == 0 ? 0 : 1 + i % 3, i == 5 ? 9000 : 1 + i);
                    all.add(x);
                    expected += reduction.sumOfSquares(x);
                }
                assertEquals(expected, reduction.sumOfAllSquares(all), layout.toString());
            }
        }
    }
}
