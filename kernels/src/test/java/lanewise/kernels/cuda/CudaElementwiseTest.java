package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;

import lanewise.kernels.Dropout;
import lanewise.kernels.ElementType;
import lanewise.kernels.Elementwise;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaElementwiseTest {
    private static final int[] COLUMNS = {1, 7, 32, 33, 1000, 2003};

    @ParameterizedTest
    @HostTypes
    void arithmeticMatchesTheDefinition(ElementType type) throws Exception {
        double u = type.unitRoundoff();
        try (DeviceTensors tensors = new DeviceTensors(31)) {
            Elementwise kernels = new CudaElementwise(tensors.device, type);
            Elementwise definition = tensors.scalar.elementwise();
            for (Layout layout : Layout.values()) {
                for (int columns : COLUMNS) {
                    int rows = tensors.random().nextInt(5);
                    Tensor x = tensors.random(type, layout, rows, columns);
                    Tensor y = tensors.random(type, tensors.layout(), rows, columns);
                    Tensor z = tensors.unwritten(type, layout, rows, columns);
                    Tensor expected = exactLike(x);
                    String name = x + ", " + layout;
                    kernels.add(x, y, z);
                    definition.add(exact(x), exact(y), expected);
                    assertClose("add " + name, expected, z, 0, u);
                    kernels.multiply(x, y, z);
                    definition.multiply(exact(x), exact(y), expected);
                    assertClose("multiply " + name, expected, z, 0, u);
                    // A factor of 0 must not read: the target is NaN.
                    z = tensors.unwritten(type, layout, rows, columns);
                    kernels.scaleAdd(0.7, x, 0, z);
                    definition.scaleAdd(0.7, exact(x), 0, expected);
                    assertClose("scale " + name, expected, z, 0, 3 * u);
                    z = tensors.copy(y, layout);
                    expected = exact(y);
                    kernels.scaleAdd(0.7, x, -1.3, z);
                    definition.scaleAdd(0.7, exact(x), -1.3, expected);
                    assertClose("scaleAdd " + name, expected, z, 16 * u, 4 * u);
                    Tensor sum = tensors.unwritten(type, layout, rows, columns);
                    kernels.add(x, y, sum);
                    kernels.add(x, y, x);
                    assertSameBits("add in place " + name, sum, x);
                    kernels.add(x, x, x);
                    definition.add(exact(sum), exact(sum), expected);
                    assertClose("add to itself " + name, expected, x, 0, 0);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void addRepeatedMatchesTheDefinition(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(32)) {
            Elementwise kernels = new CudaElementwise(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int columns : COLUMNS) {
                    for (int period : new int[] {1, 2, 5}) {
                        int repeats = tensors.random().nextInt(4);
                        Tensor x = tensors.random(type, layout, repeats * period, columns);
                        Tensor block = tensors.random(type, tensors.random().nextBoolean() ? layout : tensors.layout(), period, columns);
                        Tensor z = tensors.unwritten(type, layout, repeats * period, columns);
                        kernels.addRepeated(x, block, z);
                        Tensor expected = exactLike(x);
                        tensors.scalar.elementwise().addRepeated(exact(x), exact(block), expected);
                        String name = "a block of " + period + " rows added to " + x + ", " + layout;
                        assertClose(name, expected, z, 0, type.unitRoundoff());
                        kernels.addRepeated(x, block, x);
                        assertSameBits(name + " in place", z, x);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void dropoutHasTheSameMask(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(33)) {
            Elementwise kernels = new CudaElementwise(tensors.device, type);
            for (double rate : new double[] {0, 0.1, 0.5, 0.9, Math.nextDown(1.0)}) {
                for (Layout layout : Layout.values()) {
                    for (int columns : new int[] {1, 7, 64, 300}) {
                        long seed = tensors.random().nextLong();
                        Tensor x = tensors.random(type, layout, 5, columns);
                        // What is dropped is 0, not 0 times a number.
                        x.set(1, 0, Double.POSITIVE_INFINITY);
                        x.set(2, 0, Double.NaN);
                        Tensor y = tensors.unwritten(type, layout, 5, columns);
                        kernels.dropout(rate, seed, x, y);
                        double[] expected = x.toArray();
                        for (int i = 0; i < expected.length; i++) {
                            expected[i] = Dropout.kept(rate, seed, i) ? expected[i] / (1 - rate) : 0;
                        }
                        String name = "dropout of " + rate + " with seed " + seed + " of " + x + ", " + layout;
                        assertClose(name, Tensor.wrap(expected, 5, columns), y, 0, 4 * type.unitRoundoff());
                        kernels.dropout(rate, seed, x, x);
                        assertSameBits(name + " in place", y, x);
                    }
                }
            }
        }
    }

    private interface Function {
        void apply(Elementwise kernels, Tensor x, Tensor y);
    }

    @ParameterizedTest
    @HostTypes
    void functionsMatchTheDefinition(ElementType type) throws Exception {
        Function[] functions = {Elementwise::exp, Elementwise::log, Elementwise::tanh, Elementwise::erf};
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 1e4, -1e4, 1e-30};
        try (DeviceTensors tensors = new DeviceTensors(34)) {
            Elementwise kernels = new CudaElementwise(tensors.device, type);
            for (int f = 0; f < functions.length; f++) {
                for (Layout layout : Layout.values()) {
                    Tensor x = tensors.random(type, layout, 3, 133);
                    for (int i = 0; i < special.length; i++) {
                        x.set(1, i, special[i]);
                    }
                    Tensor y = tensors.unwritten(type, layout, 3, 133);
                    Tensor expected = exactLike(x);
                    functions[f].apply(kernels, x, y);
                    functions[f].apply(tensors.scalar.elementwise(), exact(x), expected);
                    double[] wanted = expected.toArray();
                    for (int i = 0; i < wanted.length; i++) {
                        // Beyond float32's range.
                        wanted[i] = type == ElementType.FLOAT32 && wanted[i] > 1e39 ? Double.POSITIVE_INFINITY : wanted[i];
                    }
                    // In float64 the definition errs, too.
                    double places = type == ElementType.FLOAT64 ? 10 : 6;
                    assertClose("function " + f + ", " + layout, Tensor.wrap(wanted, 3, 133), y, Float.MIN_VALUE,
                            places * type.unitRoundoff());
                }
            }
        }
    }
}
