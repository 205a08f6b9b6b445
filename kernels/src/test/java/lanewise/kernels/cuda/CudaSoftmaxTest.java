package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.assertWithin;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Softmax;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaSoftmaxTest {
    private static final double INF = Double.POSITIVE_INFINITY;

    @ParameterizedTest
    @HostTypes
    void matchesTheDefinition(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(8)) {
            for (int columns : DeviceTensors.COLUMNS) {
                for (Layout layout : Layout.values()) {
                    forward(tensors, tensors.random(type, layout, 5, columns), layout);
                }
            }
            forward(tensors, tensors.random(type, Layout.CONTIGUOUS, 0, 7), Layout.CONTIGUOUS);
            // Blocks take these; the last does not fit into shared memory.
            for (int columns : new int[] {2052, 4099, 30_008}) {
                for (Layout layout : Layout.values()) {
                    forward(tensors, tensors.random(type, layout, 2, columns), layout);
                }
            }
        }
    }

    private static void forward(DeviceTensors tensors, Tensor x, Layout layout) {
        ElementType type = x.type();
        double u = type.unitRoundoff();
        double scale = (tensors.random().nextBoolean() ? 1 : -1) * Math.pow(10, tensors.random().nextInt(3) - 1);
        String name = "softmax of " + scale + " " + x + ", " + layout;
        Softmax softmax = new CudaSoftmax(tensors.device, type);
        Tensor y = tensors.unwritten(type, layout, x.shape());
        Tensor logs = tensors.unwritten(type, layout, x.shape());
        softmax.forward(scale, x, y);
        softmax.logForward(scale, x, logs);
        Tensor expected = exactLike(x);
        Tensor expectedLogs = exactLike(x);
        tensors.scalar.softmax().forward(scale, exact(x), expected);
        tensors.scalar.softmax().logForward(scale, exact(x), expectedLogs);
        double[] bounds = expected.toArray();
        double[] logBounds = expectedLogs.toArray();
        double[] xs = x.toArray();
        for (int r = 0; r < x.rows(); r++) {
            double largest = 0;
            for (int i = r * x.columns(); i < (r + 1) * x.columns(); i++) {
                largest = Math.max(largest, Math.abs(scale * xs[i]));
            }
            // What the public description promises; against an exact definition, sums over a tree do better.
            double factor = u * (16 + 4 * largest + (type == ElementType.FLOAT64 ? x.columns() / 8.0 : 0));
            for (int i = r * x.columns(); i < (r + 1) * x.columns(); i++) {
                bounds[i] = factor * bounds[i] + 4 * Float.MIN_NORMAL;
                logBounds[i] = factor + 4 * u * Math.abs(logBounds[i]);
            }
        }
        assertWithin(name, expected, y, bounds);
        assertWithin("logarithm of " + name, expectedLogs, logs, logBounds);
        backward(tensors, scale, y, logs, layout);
        Tensor copy = tensors.copy(x, layout);
        softmax.forward(scale, copy, copy);
        assertSameBits(name + " in place", y, copy);
        copy = tensors.copy(x, layout);
        softmax.logForward(scale, copy, copy);
        assertSameBits("logarithm of " + name + " in place", logs, copy);
    }

    private static void backward(DeviceTensors tensors, double scale, Tensor y, Tensor logs, Layout layout) {
        ElementType type = y.type();
        double u = type.unitRoundoff();
        Softmax softmax = new CudaSoftmax(tensors.device, type);
        Tensor dy = tensors.random(type, layout, y.shape());
        Tensor dx = tensors.unwritten(type, layout, y.shape());
        Tensor dxOfLogs = tensors.unwritten(type, layout, y.shape());
        softmax.backward(scale, y, dy, dx);
        softmax.logBackward(scale, logs, dy, dxOfLogs);
        Tensor expected = exactLike(y);
        tensors.scalar.softmax().backward(scale, exact(y), exact(dy), expected);
        double[] bounds = new double[y.elements()];
        double[] logBounds = new double[y.elements()];
        double[] ys = y.toArray();
        double[] ls = logs.toArray();
        double[] dys = dy.toArray();
        int n = y.columns();
        for (int r = 0; r < y.rows(); r++) {
            double products = 0;
            double sizes = 0;
            for (int i = r * n; i < (r + 1) * n; i++) {
                products += Math.abs(ys[i] * dys[i]);
                sizes += Math.abs(dys[i]);
            }
            // Sums err in the size of their terms. In float64 the definition, which sums in order, errs as well.
            double units = type == ElementType.FLOAT64 ? 8 + 2 * Math.sqrt(n) : 8;
            for (int i = r * n; i < (r + 1) * n; i++) {
                bounds[i] = units * u * Math.abs(scale * ys[i]) * (Math.abs(dys[i]) + products) + Float.MIN_NORMAL;
                logBounds[i] = units * u * Math.abs(scale) * (Math.abs(dys[i]) + Math.exp(ls[i]) * sizes);
            }
        }
        tensors.scalar.softmax().backward(scale, exact(y), exact(dy), expected);
        assertWithin("gradient of softmax of " + y + ", " + layout, expected, dx, bounds);
        tensors.scalar.softmax().logBackward(scale, exact(logs), exact(dy), expected);
        assertWithin("gradient of the logarithm of softmax of " + y + ", " + layout, expected, dxOfLogs, logBounds);
        Tensor copy = tensors.copy(dy, layout);
        softmax.backward(scale, y, copy, copy);
        assertSameBits("gradient of softmax over dy", dx, copy);
        copy = tensors.copy(dy, layout);
        softmax.logBackward(scale, logs, copy, copy);
        assertSameBits("gradient of the logarithm of softmax over dy", dxOfLogs, copy);
    }

    @ParameterizedTest
    @HostTypes
    void specialRows(ElementType type) throws Exception {
        double[][] fills = {{-INF, -INF}, {0, INF}, {0, Double.NaN}, {-INF, Double.NaN}, {-INF, 0}, {0x1p100, -0x1p100}};
        try (DeviceTensors tensors = new DeviceTensors(9)) {
            Softmax softmax = new CudaSoftmax(tensors.device, type);
            for (int columns : new int[] {1, 3, 32, 37, 2500}) {
                for (double[] fill : fills) {
                    double[] values = new double[columns];
                    Arrays.fill(values, fill[0]);
                    values[columns - 1] = fill[1];
                    Tensor x = tensors.device.zeros(type, 1, columns);
                    x.copyFrom(values);
                    Tensor y = tensors.unwritten(type, Layout.CONTIGUOUS, 1, columns);
                    Tensor expected = exactLike(x);
                    String name = "softmax of " + columns + " of " + fill[0] + " and one " + fill[1];
                    softmax.forward(1, x, y);
                    tensors.scalar.softmax().forward(1, exact(x), expected);
                    assertClose(name, expected, y, 0, 4 * type.unitRoundoff());
                    softmax.logForward(1, x, y);
                    tensors.scalar.softmax().logForward(1, exact(x), expected);
                    assertClose("logarithm of " + name, expected, y, 0, 4 * type.unitRoundoff());
                }
            }
        }
    }
}
