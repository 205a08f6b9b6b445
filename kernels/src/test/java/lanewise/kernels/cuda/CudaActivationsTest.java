package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.assertWithin;

import java.util.Arrays;
import lanewise.kernels.Activation;
import lanewise.kernels.Activations;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import lanewise.kernels.scalar.ScalarFunctions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CudaActivationsTest {
    @ParameterizedTest
    @EnumSource
    void matchTheDefinition(Activation f) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(3)) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                for (Layout layout : Layout.values()) {
                    for (int columns : new int[] {1, 5, 32, 33, 1000}) {
                        Tensor x = tensors.random(type, layout, tensors.random().nextInt(5), columns);
                        // From tiny numbers to where the functions saturate.
                        double[] scaled = x.toArray();
                        double size = Math.pow(10, tensors.random().nextInt(4) - 2);
                        x.copyFrom(Arrays.stream(scaled).map(value -> size * value).toArray());
                        compare(tensors, f, x, tensors.random(type, layout, x.shape()), layout);
                    }
                }
            }
        }
    }

    private static void compare(DeviceTensors tensors, Activation f, Tensor x, Tensor dy, Layout layout) {
        ElementType type = x.type();
        double u = type.unitRoundoff();
        Activations activations = new CudaActivations(tensors.device, type);
        Tensor y = tensors.unwritten(type, layout, x.shape());
        Tensor dx = tensors.unwritten(type, layout, x.shape());
        activations.forward(f, x, y);
        activations.backward(f, x, dy, dx);
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
            bounds[i] = 8 * (1 + (exponent < 1e4 ? exponent : 0)) * u * Math.abs(expected[i]) + tiny;
            gradientBounds[i] = 16 * u * Math.abs(dys[i]) + tiny;
            if (f == Activation.GELU_ERF && type == ElementType.FLOAT32) {
                // What the activation promises.
                bounds[i] = u * (xs[i] >= -2 ? 16 * Math.abs(expected[i]) : Math.abs(xs[i])) + tiny;
                gradientBounds[i] = 9 * u * Math.abs(dys[i]) + tiny;
            }
        }
        String name = f + " of " + x + ", " + layout;
        assertWithin(name, Tensor.wrap(expected, x.shape()), y, bounds);
        assertWithin("gradient of " + name, Tensor.wrap(expectedGradient, x.shape()), dx, gradientBounds);
        Tensor copy = tensors.copy(x, layout);
        activations.forward(f, copy, copy);
        assertSameBits(name + " in place", y, copy);
        copy = tensors.copy(dy, layout);
        activations.backward(f, x, copy, copy);
        assertSameBits("gradient of " + name + " over dy", dx, copy);
        copy = tensors.copy(x, layout);
        activations.backward(f, copy, dy, copy);
        assertSameBits("gradient of " + name + " over x", dx, copy);
    }

    @ParameterizedTest
    @EnumSource
    void specialValues(Activation f) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(4)) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                double huge = type == ElementType.FLOAT32 ? Float.MAX_VALUE : Double.MAX_VALUE;
                double[] values = {Double.NaN, Double.POSITIVE_INFINITY, huge, 1e4, 0.0, -0.0, -1e4, -huge};
                Tensor x = tensors.device.zeros(type, values.length);
                x.copyFrom(values);
                Tensor dy = tensors.device.zeros(type, values.length);
                double[] ones = new double[values.length];
                Arrays.fill(ones, 1);
                dy.copyFrom(ones);
                Tensor y = tensors.unwritten(type, Layout.CONTIGUOUS, values.length);
                Tensor dx = tensors.unwritten(type, Layout.CONTIGUOUS, values.length);
                new CudaActivations(tensors.device, type).forward(f, x, y);
                new CudaActivations(tensors.device, type).backward(f, x, dy, dx);
                double[] expected = new double[values.length];
                double[] expectedGradient = new double[values.length];
                double[] bounds = new double[values.length];
                for (int i = 0; i < values.length; i++) {
                    expected[i] = ScalarFunctions.activation(f, values[i]);
                    expectedGradient[i] = ScalarFunctions.derivative(f, values[i]);
                    bounds[i] = 2 * type.unitRoundoff() * Math.max(1, Math.abs(expected[i]));
                }
                assertWithin(f + " at special values", Tensor.wrap(expected, values.length), y, bounds);
                Arrays.fill(bounds, 2 * type.unitRoundoff());
                assertWithin("derivative of " + f + " at special values", Tensor.wrap(expectedGradient, values.length), dx, bounds);
            }
        }
    }
}
