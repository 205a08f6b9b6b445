package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Loss;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaLossTest {
    @ParameterizedTest
    @HostTypes
    void crossEntropyMatchesTheDefinition(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(12)) {
            for (Layout layout : Layout.values()) {
                for (int columns : DeviceTensors.COLUMNS) {
                    crossEntropy(tensors, type, layout, 5, columns);
                }
                crossEntropy(tensors, type, layout, 0, 7);
                for (int columns : new int[] {2052, 4099, 30_008}) {
                    crossEntropy(tensors, type, layout, 2, columns);
                }
            }
        }
    }

    private static void crossEntropy(DeviceTensors tensors, ElementType type, Layout layout, int rows, int columns) {
        double u = type.unitRoundoff();
        Loss loss = new CudaLoss(tensors.device, type);
        Tensor logits = tensors.random(type, layout, rows, columns);
        int[] targets = tensors.random().ints(rows, -1, columns).toArray();
        double scale = tensors.random().nextGaussian();
        Tensor losses = tensors.unwritten(type, Layout.ODD, rows);
        Tensor dLogits = tensors.unwritten(type, layout, rows, columns);
        loss.crossEntropy(logits, targets, -1, scale, losses, dLogits);
        Tensor expected = exactLike(losses);
        Tensor expectedGradient = exactLike(logits);
        tensors.scalar.loss().crossEntropy(exact(logits), targets, -1, scale, expected, expectedGradient);
        String name = "cross-entropy of " + logits + ", " + layout;
        // In float64 the definition errs, too: a loss in what is added to its logarithm.
        double absolute = type == ElementType.FLOAT64 ? 16 + columns / 64.0 : 16;
        double relative = type == ElementType.FLOAT64 ? 16 + columns / 8.0 : 16;
        assertClose(name, expected, losses, absolute * u, 8 * u);
        assertClose("gradient of " + name, expectedGradient, dLogits, 8 * u * Math.abs(scale), relative * u);
        Tensor alone = tensors.unwritten(type, Layout.ODD, rows);
        loss.crossEntropy(logits, targets, -1, scale, alone, null);
        assertSameBits(name + " without gradient", losses, alone);
        Tensor copy = tensors.copy(logits, layout);
        loss.crossEntropy(copy, targets, -1, scale, alone, copy);
        assertSameBits("gradient of " + name + " in place", dLogits, copy);
        assertSameBits(name + " in place", losses, alone);
    }

    @ParameterizedTest
    @HostTypes
    void ignoredRowsAreZeroWhateverTheyHold(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(13)) {
            for (int columns : new int[] {5, 32, 3000}) {
                Tensor logits = tensors.unwritten(type, Layout.CONTIGUOUS, 3, columns);
                Tensor losses = tensors.unwritten(type, Layout.CONTIGUOUS, 3);
                Tensor dLogits = tensors.unwritten(type, Layout.CONTIGUOUS, 3, columns);
                // Also if it would be a class.
                for (int ignored : new int[] {-100, 2}) {
                    int[] targets = new int[3];
                    Arrays.fill(targets, ignored);
                    new CudaLoss(tensors.device, type).crossEntropy(logits, targets, ignored, 1, losses, dLogits);
                    assertClose("losses of ignored rows", exactLike(losses), losses, 0, 0);
                    assertClose("gradient of ignored rows", exactLike(logits), dLogits, 0, 0);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void crossEntropyOfExtremeLogits(ElementType type) throws Exception {
        double[][] fills = {{0, 5000}, {0, -5000}, {0, Double.NaN}, {0, Double.POSITIVE_INFINITY}, {0, Double.NEGATIVE_INFINITY}};
        try (DeviceTensors tensors = new DeviceTensors(14)) {
            for (int columns : new int[] {20, 1500}) {
                for (double[] fill : fills) {
                    double[] values = new double[2 * columns];
                    values[3] = fill[1];
                    values[columns + 3] = fill[1];
                    Tensor logits = tensors.device.zeros(type, 2, columns);
                    logits.copyFrom(values);
                    Tensor losses = tensors.unwritten(type, Layout.CONTIGUOUS, 2);
                    Tensor dLogits = tensors.unwritten(type, Layout.CONTIGUOUS, 2, columns);
                    int[] targets = {4, 3};
                    new CudaLoss(tensors.device, type).crossEntropy(logits, targets, -1, 1, losses, dLogits);
                    Tensor expected = exactLike(losses);
                    Tensor expectedGradient = exactLike(logits);
                    tensors.scalar.loss().crossEntropy(exact(logits), targets, -1, 1, expected, expectedGradient);
                    String name = "cross-entropy of " + columns + " logits, one of them " + fill[1];
                    assertClose(name, expected, losses, 0, 4 * type.unitRoundoff());
                    assertClose("gradient of " + name, expectedGradient, dLogits, 4 * type.unitRoundoff(), 4 * type.unitRoundoff());
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void squaredErrorMatchesTheDefinition(ElementType type) throws Exception {
        double u = type.unitRoundoff();
        try (DeviceTensors tensors = new DeviceTensors(15)) {
            Loss loss = new CudaLoss(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int columns : new int[] {1, 31, 33, 64, 1000, 2500}) {
                    int rows = tensors.random().nextInt(7);
                    Tensor y = tensors.random(type, layout, rows, columns);
                    Tensor target = tensors.random(type, layout, rows, columns);
                    Tensor losses = tensors.unwritten(type, Layout.ODD, rows);
                    Tensor dY = tensors.unwritten(type, layout, rows, columns);
                    loss.squaredError(y, target, 0.3, losses, dY);
                    Tensor expected = exactLike(losses);
                    Tensor expectedGradient = exactLike(y);
                    tensors.scalar.loss().squaredError(exact(y), exact(target), 0.3, expected, expectedGradient);
                    String name = "squared error of " + y + ", " + layout;
                    assertClose(name, expected, losses, 0, 30 * u);
                    assertClose("gradient of " + name, expectedGradient, dY, 0, 4 * u);
                    Tensor alone = tensors.unwritten(type, Layout.ODD, rows);
                    loss.squaredError(y, target, 0.3, alone, null);
                    assertSameBits(name + " without gradient", losses, alone);
                    Tensor copy = tensors.copy(y, layout);
                    loss.squaredError(copy, target, 0.3, alone, copy);
                    assertSameBits("gradient of " + name + " in place", dY, copy);
                }
            }
        }
    }
}
