package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.exact;

import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Optimizer.AdamTensors;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaOptimizerTest {
    private static final int STEPS = 10;

    private interface Operation {
        void apply(Optimizer optimizer, int step, Tensor parameter, Tensor gradient, Tensor first, Tensor second);
    }

    private static void compare(String name, ElementType type, Operation operation) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(61)) {
            Optimizer optimizer = new CudaOptimizer(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int[] shape : new int[][] {{3, 1}, {1, 7}, {3, 32}, {3, 33}, {2, 1000}, {0, 5}}) {
                    Tensor parameter = tensors.random(type, layout, shape);
                    Tensor first = tensors.unwritten(type, layout, shape);
                    Tensor second = tensors.unwritten(type, layout, shape);
                    first.copyFrom(new double[first.elements()]);
                    second.copyFrom(new double[second.elements()]);
                    Tensor expected = exact(parameter);
                    Tensor expectedFirst = exact(first);
                    Tensor expectedSecond = exact(second);
                    for (int step = 1; step <= STEPS; step++) {
                        Tensor gradient = tensors.random(type, layout, shape);
                        operation.apply(optimizer, step, parameter, gradient, first, second);
                        operation.apply(tensors.scalar.optimizer(), step, expected, exact(gradient), expectedFirst, expectedSecond);
                        // Some roundings for each step, in the size of the numbers.
                        double bound = 8 * step * type.unitRoundoff();
                        String at = name + ", step " + step + " of " + parameter + ", " + layout;
                        assertClose(at, expected, parameter, bound, bound);
                        assertClose("first moment of " + at, expectedFirst, first, bound, bound);
                        // Squares of sums that may cancel, times 1 - beta2.
                        assertClose("second moment of " + at, expectedSecond, second, 0.01 * bound, bound);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void gradientDescentFollowsItsDefinition(ElementType type) throws Exception {
        compare("gradient descent", type, (optimizer, step, p, g, first, second) -> optimizer.gradientDescent(0.05, 0.1, 0.25, p, g));
    }

    @ParameterizedTest
    @HostTypes
    void momentumFollowsItsDefinition(ElementType type) throws Exception {
        compare("momentum", type, (optimizer, step, p, g, first, second) -> optimizer.momentum(0.02, 0.8, 0.1, 0.25, p, g, first));
    }

    @ParameterizedTest
    @HostTypes
    void adamFollowsItsDefinition(ElementType type) throws Exception {
        for (boolean decoupled : new boolean[] {true, false}) {
            AdamSettings settings = new AdamSettings(0.9, 0.999, 1e-3, 0.1, decoupled);
            compare("Adam, decoupled " + decoupled, type, (optimizer, step, p, g, first, second) -> optimizer.adam(settings, 0.01, step,
                    0.25, p, g, first, second));
        }
    }

    /** Of many parameters at once, with and without copies: the bits are those of each by itself. */
    @ParameterizedTest
    @HostTypes
    void adamOfManyIsThatOfEach(ElementType type) throws Exception {
        AdamSettings settings = new AdamSettings(0.9, 0.99, 1e-8, 0.1, true);
        try (DeviceTensors tensors = new DeviceTensors(67)) {
            Optimizer optimizer = new CudaOptimizer(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (boolean copied : type == ElementType.FLOAT32 ? new boolean[] {false, true} : new boolean[] {false}) {
                    List<AdamTensors> together = new ArrayList<>();
                    List<AdamTensors> alone = new ArrayList<>();
                    // More than a warp has lanes, some of them empty.
                    for (int i = 0; i < 40; i++) {
                        int[] shape = {i % 7 == 0 ? 0 : 1 + i % 3, i == 5 ? 1500 : 1 + i};
                        Tensor parameter = tensors.random(type, layout, shape);
                        Tensor gradient = tensors.random(type, layout, shape);
                        Tensor mean = tensors.random(type, layout, shape);
                        Tensor squares = tensors.unwritten(type, layout, shape);
                        squares.fill(0.5);
                        together.add(new AdamTensors(parameter, gradient, mean, squares,
                                copied ? tensors.unwritten(ElementType.BFLOAT16, layout, shape) : null));
                        alone.add(new AdamTensors(tensors.copy(parameter, layout), gradient, tensors.copy(mean, layout), tensors.copy(squares, layout),
                                copied ? tensors.unwritten(ElementType.BFLOAT16, layout, shape) : null));
                    }
                    optimizer.adam(settings, 0.01, 3, 0.5, together);
                    for (int i = 0; i < alone.size(); i++) {
                        AdamTensors one = alone.get(i);
                        optimizer.adam(settings, 0.01, 3, 0.5, one.parameter(), one.gradient(), one.mean(), one.meanSquares(), one.copy());
                        AdamTensors other = together.get(i);
                        String at = layout + ", tensor " + i;
                        assertSameBits(at, one.parameter(), other.parameter());
                        assertSameBits(at, one.mean(), other.mean());
                        assertSameBits(at, one.meanSquares(), other.meanSquares());
                        if (copied) {
                            assertSameBits(at, one.copy(), other.copy());
                        }
                    }
                }
            }
        }
    }
}
