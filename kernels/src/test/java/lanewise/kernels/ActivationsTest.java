package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;
import static lanewise.kernels.KernelsUnderTest.assertWithin;

import java.util.Arrays;
import java.util.Random;
import lanewise.kernels.scalar.ScalarFunctions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ActivationsTest {
    private static final int[] COLUMNS = {1, 5, 16, 33, 100};
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    @ParameterizedTest
    @EnumSource
    void matchTheDefinition(Activation f) {
        Random random = KernelsUnderTest.seeded(3);
        for (ElementType type : KernelsUnderTest.TYPES) {
            for (int rows : Cases.ROWS) {
                for (int columns : COLUMNS) {
                    boolean contiguous = random.nextBoolean();
                    Tensor x = Cases.random(random, type, contiguous, rows, columns);
                    // From tiny numbers to where the functions saturate.
                    kernels.elementwise().scaleAdd(Math.pow(10, random.nextInt(4) - 2), x, 0, x);
                    Tensor dy = Cases.random(random, type, contiguous, rows, columns);
                    compare(f, x, dy, contiguous);
                }
            }
        }
    }

    private static void compare(Activation f, Tensor x, Tensor dy, boolean contiguous) {
        ElementType type = x.type();
        Tensor y = Cases.unwritten(type, contiguous, x.shape());
        Tensor dx = Cases.unwritten(type, contiguous, x.shape());
        kernels.activations().forward(f, x, y);
        kernels.activations().backward(f, x, dy, dx);
        double[] xs = x.toArray();
        double[] dys = dy.toArray();
        double[] expected = new double[xs.length];
        double[] expectedGradient = new double[xs.length];
        double[] bounds = new double[xs.length];
        double[] gradientBounds = new double[xs.length];
        double tiny = type == ElementType.FLOAT32 ? 100 * Float.MIN_NORMAL : 1000 * Double.MIN_NORMAL;
        for (int i = 0; i < xs.length; i++) {
            expected[i] = ScalarFunctions.activation(f, xs[i]);
            expectedGradient[i] = dys[i] * ScalarFunctions.derivative(f, xs[i]);
            // The rounding of an exponent counts in proportion to it.
            double exponent = Math.abs(Math.log(Math.abs(expected[i] / xs[i])));
            bounds[i] = 8 * (1 + (exponent < 1e4 ? exponent : 0)) * type.unitRoundoff() * Math.abs(expected[i]) + tiny;
            gradientBounds[i] = 16 * type.unitRoundoff() * Math.abs(dys[i]) + tiny;
            if (f == Activation.GELU_ERF && type == ElementType.FLOAT32) {
                bounds[i] = geluBound(xs[i], expected[i]) + tiny;
                gradientBounds[i] = 9 * type.unitRoundoff() * Math.abs(dys[i]) + tiny;
            }
        }
        String name = f + " of " + x;
        assertWithin(name, expected, y, bounds);
        assertWithin("gradient of " + name, expectedGradient, dx, gradientBounds);
        if (!contiguous) {
            assertGuardsIntact(name, y);
            assertGuardsIntact(name, dx);
        }
        // In place, forward and both ways backward.
        Tensor copy = KernelsUnderTest.copy(x, type);
        kernels.activations().forward(f, copy, copy);
        assertSameBits(name + " in place", y, copy);
        copy = KernelsUnderTest.copy(dy, type);
        kernels.activations().backward(f, x, copy, copy);
        assertSameBits("gradient of " + name + " over dy", dx, copy);
        copy = KernelsUnderTest.copy(x, type);
        kernels.activations().backward(f, copy, dy, copy);
        assertSameBits("gradient of " + name + " over x", dx, copy);
    }

    /** What {@link Activation#GELU_ERF} promises in float32. */
    private static double geluBound(double x, double y) {
        return ElementType.FLOAT32.unitRoundoff() * (x >= -2 ? 16 * Math.abs(y) : Math.abs(x));
    }

    @Test
    void geluKeepsItsBounds() {
        int n = 1 << 20;
        Tensor x = Tensor.zeros(ElementType.FLOAT32, n);
        Tensor y = Tensor.zeros(ElementType.FLOAT32, n);
        Tensor dx = Tensor.zeros(ElementType.FLOAT32, n);
        Tensor dy = Tensor.zeros(ElementType.FLOAT32, n);
        dy.fill(1);
        for (int i = 0; i < n; i++) {
            x.set(0, i, 16.0 * i / n - 8 + 1e-7);
        }
        kernels.activations().forward(Activation.GELU_ERF, x, y);
        kernels.activations().backward(Activation.GELU_ERF, x, dy, dx);
        double[] xs = x.toArray();
        double[] expected = new double[n];
        double[] expectedGradient = new double[n];
        double[] bounds = new double[n];
        double[] gradientBounds = new double[n];
        Arrays.fill(gradientBounds, 8 * ElementType.FLOAT32.unitRoundoff());
        for (int i = 0; i < n; i++) {
            expected[i] = ScalarFunctions.activation(Activation.GELU_ERF, xs[i]);
            expectedGradient[i] = ScalarFunctions.derivative(Activation.GELU_ERF, xs[i]);
            bounds[i] = geluBound(xs[i], expected[i]);
        }
        assertWithin("GELU from -8 to 8", expected, y, bounds);
        assertWithin("its derivative", expectedGradient, dx, gradientBounds);
    }

    @ParameterizedTest
    @EnumSource
    void specialValues(Activation f) {
        for (ElementType type : KernelsUnderTest.TYPES) {
            double huge = type == ElementType.FLOAT32 ? Float.MAX_VALUE : Double.MAX_VALUE;
            double[] values = {Double.NaN, Double.POSITIVE_INFINITY, huge, 1e4, 0.0, -0.0, -1e4, -huge};
            Tensor x = Tensor.zeros(type, 48);
            Tensor y = Tensor.zeros(type, 48);
            Tensor dx = Tensor.zeros(type, 48);
            Tensor dy = Tensor.zeros(type, 48);
            dy.fill(1);
            double[] expected = new double[48];
            double[] expectedGradient = new double[48];
            double tanh = f == Activation.TANH ? 1 : 0;
            double identity = f == Activation.IDENTITY ? 1 : 0;
            for (int i = 0; i < 48; i++) {
                double value = values[i % values.length];
                x.set(0, i, value);
                double large = tanh == 1 ? 1 : f == Activation.HUBER_RELU ? value - 0.5 : value;
                double atZero = f == Activation.SOFTPLUS ? Math.log(2) : 0;
                expected[i] = value > 0 ? large : value == 0 ? atZero
                        : value < 0 ? identity == 1 ? value : -tanh : Double.NaN;
                double slopeAtZero = switch (f) {
                    case RELU, HUBER_RELU -> 0;
                    case IDENTITY, TANH -> 1;
                    default -> 0.5;
                };
                expectedGradient[i] = value > 0 ? 1 - tanh : value == 0 ? slopeAtZero
                        : value < 0 ? identity : identity == 1 ? 1 : Double.NaN;
            }
            kernels.activations().forward(f, x, y);
            kernels.activations().backward(f, x, dy, dx);
            // 0 times a result of either sign is 0 of either sign.
            double[] bounds = new double[48];
            Arrays.fill(bounds, 2 * type.unitRoundoff());
            assertWithin(f + " at special values", expected, y, bounds);
            assertWithin("derivative of " + f + " at special values", expectedGradient, dx, bounds);
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsDoNotMatter(Activation f) {
        Tensor x = Cases.random(KernelsUnderTest.seeded(4), ElementType.FLOAT32, true, 311, 517);
        Cases.assertThreadsDoNotMatter(f.toString(), kernels -> {
            Tensor y = Tensor.zeros(ElementType.FLOAT32, 311, 517);
            kernels.activations().forward(f, x, y);
            kernels.activations().backward(f, x, y, y);
            return y;
        });
    }
}
