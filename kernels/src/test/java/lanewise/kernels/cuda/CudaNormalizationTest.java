package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.assertWithin;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Normalization;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaNormalizationTest {
    private static final double EPSILON = 1e-5;

    private static void forward(Normalization kernels, boolean rms, Tensor x, Tensor gain, Tensor shift, Tensor y, Tensor mean,
            Tensor rstd) {
        if (rms) {
            kernels.rmsNorm(x, gain, EPSILON, y, rstd);
        } else {
            kernels.layerNorm(x, gain, shift, EPSILON, y, mean, rstd);
        }
    }

    private static void backward(Normalization kernels, boolean rms, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy,
            boolean accumulate, Tensor dx, Tensor dGain, Tensor dShift) {
        if (rms) {
            kernels.rmsNormBackward(x, gain, rstd, dy, accumulate, dx, dGain);
        } else {
            kernels.layerNormBackward(x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
        }
    }

    @ParameterizedTest
    @HostTypes
    void matchesTheDefinition(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(21)) {
            for (boolean rms : new boolean[] {false, true}) {
                for (int columns : DeviceTensors.COLUMNS) {
                    for (Layout layout : Layout.values()) {
                        compare(tensors, type, rms, layout, tensors.random().nextInt(30), columns);
                    }
                }
                // Blocks take these, backward with one, two and four packs a thread.
                for (int columns : type == ElementType.FLOAT32 ? new int[] {772, 1028, 4092, 6000} : new int[] {772, 1028, 2056, 4092}) {
                    for (Layout layout : Layout.values()) {
                        compare(tensors, type, rms, layout, 3, columns);
                    }
                }
                compare(tensors, type, rms, Layout.CONTIGUOUS, 90, 40);
            }
        }
    }

    private static void compare(DeviceTensors tensors, ElementType type, boolean rms, Layout layout, int rows, int columns) {
        double u = type.unitRoundoff();
        Normalization kernels = new CudaNormalization(tensors.device, type);
        Normalization definition = tensors.scalar.normalization();
        Tensor x = tensors.random(type, layout, rows, columns);
        Tensor gain = tensors.random(type, layout, columns);
        Tensor shift = rms || tensors.random().nextBoolean() ? null : tensors.random(type, layout, columns);
        Tensor y = tensors.unwritten(type, layout, rows, columns);
        Tensor mean = tensors.unwritten(type, layout, rows);
        Tensor rstd = tensors.unwritten(type, layout, rows);
        String name = (rms ? "RMS norm of " : "layer norm of ") + x + ", " + layout + (shift == null ? ", without shift" : "");
        forward(kernels, rms, x, gain, shift, y, mean, rstd);
        Tensor expected = exactLike(x);
        Tensor expectedMean = exactLike(mean);
        Tensor expectedRstd = exactLike(rstd);
        forward(definition, rms, exact(x), exact(gain), shift == null ? null : exact(shift), expected, expectedMean, expectedRstd);
        // With one or two columns the deviations may be as small as the rounding of the mean, and rstd up to 300.
        double factor = columns < 3 && !rms ? 1000 : 16 + (type == ElementType.FLOAT64 ? columns / 20 : 0);
        assertClose(name, expected, y, factor * u, factor * u);
        if (!rms) {
            assertClose("mean of " + name, expectedMean, mean, 4 * u, 4 * u);
        }
        assertClose("rstd of " + name, expectedRstd, rstd, 0, factor * u);
        gradients(tensors, rms, x, gain, mean, rstd, shift != null, layout, name);
        Tensor copy = tensors.copy(x, layout);
        forward(kernels, rms, copy, gain, shift, copy, mean, rstd);
        assertSameBits(name + " in place", y, copy);
    }

    private static void gradients(DeviceTensors tensors, boolean rms, Tensor x, Tensor gain, Tensor mean, Tensor rstd, boolean shifted,
            Layout layout, String name) {
        ElementType type = x.type();
        double u = type.unitRoundoff();
        int n = x.columns();
        Normalization kernels = new CudaNormalization(tensors.device, type);
        Tensor dy = tensors.random(type, layout, x.shape());
        Tensor dx = tensors.unwritten(type, layout, x.shape());
        Tensor dGain = tensors.random(type, layout, n);
        Tensor dShift = shifted ? tensors.random(type, layout, n) : null;
        Tensor expected = exactLike(x);
        Tensor expectedGain = exact(dGain);
        Tensor expectedShift = shifted ? exact(dShift) : null;
        backward(tensors.scalar.normalization(), rms, exact(x), exact(gain), rms ? null : exact(mean), exact(rstd), exact(dy), false,
                expected, expectedGain, expectedShift);
        double[] bounds = new double[x.elements()];
        double[] gainBounds = new double[n];
        double[] shiftBounds = new double[n];
        for (int r = 0; r < x.rows(); r++) {
            double center = rms ? 0 : mean.get(0, r);
            double factor = rstd.get(0, r);
            double[] xs = x.rowRange(r, r + 1).toArray();
            double[] dys = dy.rowRange(r, r + 1).toArray();
            double[] gains = gain.toArray();
            double sizes = 0;
            double products = 0;
            for (int j = 0; j < n; j++) {
                double normal = Math.abs((xs[j] - center) * factor);
                double scaled = Math.abs(dys[j] * gains[j]);
                sizes += rms ? 0 : scaled / n;
                products += scaled * normal / n;
                gainBounds[j] += 30 * u * Math.abs(dys[j]) * normal;
                shiftBounds[j] += 30 * u * Math.abs(dys[j]);
            }
            for (int j = 0; j < n; j++) {
                double normal = Math.abs((xs[j] - center) * factor);
                bounds[r * n + j] = 16 * u * factor * (Math.abs(dys[j] * gains[j]) + sizes + normal * products);
            }
        }
        for (int j = 0; j < n; j++) {
            gainBounds[j] += 8 * u * (1 + Math.abs(expectedGain.get(0, j)));
            shiftBounds[j] += shifted ? 8 * u * (1 + Math.abs(expectedShift.get(0, j))) : 0;
        }
        backward(kernels, rms, x, gain, mean, rstd, dy, false, dx, dGain, dShift);
        assertWithin("gradient of " + name, expected, dx, bounds);
        assertWithin("gradient of the gain of " + name, expectedGain, dGain, gainBounds);
        if (shifted) {
            assertWithin("gradient of the shift of " + name, expectedShift, dShift, shiftBounds);
        }
        Tensor copy = tensors.copy(dy, layout);
        backward(kernels, rms, x, gain, mean, rstd, copy, false, copy, dGain, dShift);
        assertSameBits("gradient of " + name + " over dy", dx, copy);
        Tensor accumulated = tensors.random(type, layout, x.shape());
        double[] before = accumulated.toArray();
        double[] added = expected.toArray();
        for (int i = 0; i < added.length; i++) {
            added[i] += before[i];
            bounds[i] += 2 * u * Math.abs(added[i]);
        }
        backward(kernels, rms, x, gain, mean, rstd, dy, true, accumulated, dGain, dShift);
        assertWithin("accumulated gradient of " + name, Tensor.wrap(added, x.shape()), accumulated, bounds);
    }

    @ParameterizedTest
    @HostTypes
    void aLargeMeanDoesNoHarm(ElementType type) throws Exception {
        double size = type == ElementType.FLOAT32 ? 0x1p20 : 0x1p49;
        try (DeviceTensors tensors = new DeviceTensors(22)) {
            for (int n : new int[] {53, 4096}) {
                double[] deviations = new double[n];
                double[] large = new double[n];
                for (int j = 0; j < n; j++) {
                    deviations[j] = j % 7;
                    large[j] = size + j % 7;
                }
                Tensor x = tensors.device.zeros(type, 1, n);
                x.copyFrom(large);
                Tensor gain = tensors.device.zeros(type, n);
                double[] ones = new double[n];
                Arrays.fill(ones, 1);
                gain.copyFrom(ones);
                Tensor y = tensors.unwritten(type, Layout.CONTIGUOUS, 1, n);
                Tensor mean = tensors.device.zeros(type, 1);
                Tensor rstd = tensors.device.zeros(type, 1);
                new CudaNormalization(tensors.device, type).layerNorm(x, gain, null, EPSILON, y, mean, rstd);
                Tensor expected = exactLike(x);
                tensors.scalar.normalization().layerNorm(Tensor.wrap(deviations, 1, n), exact(gain), null, EPSILON, expected,
                        exactLike(mean), exactLike(rstd));
                assertClose("layer norm of a large mean", expected, y, 1e-5, 0);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void constantRowsStayFinite(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(23)) {
            Tensor x = tensors.device.zeros(type, 2, 100);
            double[] values = new double[200];
            Arrays.fill(values, 0.1);
            x.copyFrom(values);
            Tensor gain = tensors.random(type, Layout.CONTIGUOUS, 100);
            Tensor y = tensors.unwritten(type, Layout.CONTIGUOUS, 2, 100);
            Tensor mean = tensors.device.zeros(type, 2);
            Tensor rstd = tensors.device.zeros(type, 2);
            new CudaNormalization(tensors.device, type).layerNorm(x, gain, null, EPSILON, y, mean, rstd);
            assertClose("layer norm of constant rows", exactLike(x), y, 1000 * type.unitRoundoff(), 0);
        }
    }
}
