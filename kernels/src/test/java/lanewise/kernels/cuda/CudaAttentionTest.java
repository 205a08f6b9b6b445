package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaAttentionTest {
    private static final double UNITS = 32;

    private static AttentionShape shape(int batch, int heads, int keyHeads, int queries, int keys, int width, boolean causal,
            int... keyLengths) {
        return new AttentionShape(batch, heads, keyHeads, queries, keys, width, 1 / Math.sqrt(width), causal,
                keyLengths.length == 0 ? null : keyLengths);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void agreesForEveryWidthOfHeads(String type) throws Exception {
        try (Device device = HostRun.device()) {
            for (int width : new int[] {1, 5, 16, 24, 64, 80, 128, 200}) {
                new CudaAttentionCase(device, type, shape(1, 2, 1, 37, 41, width, true), 0, 1, width).run().check(UNITS);
                new CudaAttentionCase(device, type, shape(1, 1, 1, 70, 67, width, false), 8, 1, width).run().check(UNITS);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void agreesWhereTilesBeginAndEnd(String type) throws Exception {
        try (Device device = HostRun.device()) {
            int width = type.endsWith("Hopper") ? 40 : 16;
            for (int length : new int[] {1, 7, 31, 32, 33, 63, 64, 65, 127, 128, 129, 193, 300}) {
                new CudaAttentionCase(device, type, shape(1, 1, 1, length, length, width, true), 0, 1, length).run().check(UNITS);
            }
            new CudaAttentionCase(device, type, shape(1, 1, 1, 1, 200, 32, true), 0, 1, 1).run().check(UNITS);
            new CudaAttentionCase(device, type, shape(1, 1, 1, 65, 150, 64, true), 0, 1, 2).run().check(UNITS);
            new CudaAttentionCase(device, type, shape(1, 1, 1, 150, 65, 64, true), 0, 1, 3).run().check(UNITS);
            new CudaAttentionCase(device, type, shape(1, 1, 1, 200, 260, 32, false), 0, 1, 4).run().check(UNITS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void agreesForGroupedHeadsAndPadding(String type) throws Exception {
        try (Device device = HostRun.device()) {
            int width = type.endsWith("Hopper") ? 48 : 24;
            for (boolean causal : new boolean[] {false, true}) {
                // Views begin on boundaries of 16 bytes, or not.
                new CudaAttentionCase(device, type, shape(3, 4, 2, 33, 70, width, causal, 70, 0, 9), 8, 1, 1).run().check(UNITS);
                new CudaAttentionCase(device, type, shape(3, 4, 2, 33, 70, width, causal, 70, 0, 9), 1, 1, 1).run().check(UNITS);
                new CudaAttentionCase(device, type, shape(2, 3, 1, 65, 66, 64, causal, 64, 65), 8, 1, 2).run().check(UNITS);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void queriesThatSeeNoKeyGiveZeros(String type) throws Exception {
        int width = type.endsWith("Hopper") ? 40 : 16;
        try (Device device = HostRun.device()) {
            CudaAttentionCase it = new CudaAttentionCase(device, type, shape(2, 2, 1, 90, 30, width, true, 30, 0), 0, 1, 1).run();
            it.check(UNITS);
            assertTrue(it.logSumExp[0] == Double.NEGATIVE_INFINITY && it.logSumExp[60] > Double.NEGATIVE_INFINITY);
            assertArrayEquals(new double[60 * 2 * width], Arrays.copyOf(it.output, 60 * 2 * width));
            new CudaAttentionCase(device, type, shape(2, 2, 1, 5, 0, width, false), 0, 1, 1).run().check(UNITS);
            new CudaAttentionCase(device, type, shape(2, 2, 1, 0, 5, width, true), 0, 1, 1).run().check(UNITS);
            new CudaAttentionCase(device, type, shape(0, 2, 1, 5, 5, width, true), 0, 1, 1).run().check(UNITS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void largeScores(String type) throws Exception {
        try (Device device = HostRun.device()) {
            // Their exponentials overflow; a score's rounding is about 2000 units of its weight's.
            double units = type.startsWith("bf16") ? 2 * UNITS : 2000;
            new CudaAttentionCase(device, type, shape(1, 2, 2, 65, 100, 64, true), 0, 30, 1).run().check(units);
            AttentionShape down = new AttentionShape(1, 1, 1, 70, 70, 32, -0.3, false, null);
            new CudaAttentionCase(device, type, down, 0, 1, 2).run().check(UNITS);
            AttentionShape flat = new AttentionShape(1, 1, 1, 70, 70, 32, 0, true, null);
            new CudaAttentionCase(device, type, flat, 0, 1, 2).run().check(UNITS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64", "bf16", "bf16 on Hopper"})
    void sameBitsInEveryRun(String type) throws Exception {
        try (Device device = HostRun.device()) {
            AttentionShape shape = shape(1, 2, 1, 130, 130, 64, true);
            CudaAttentionCase one = new CudaAttentionCase(device, type, shape, 0, 1, 1).run();
            // The host runs every other launch with threads in falling order; three forward and three backward launches are even.
            new CudaAttentionCase(device, type, shape(1, 1, 1, 0, 5, 8, true), 0, 1, 1).run();
            CudaAttentionCase two = new CudaAttentionCase(device, type, shape, 0, 1, 1).run();
            assertArrayEquals(one.output, two.output);
            assertArrayEquals(one.logSumExp, two.logSumExp);
            assertArrayEquals(one.dQuery, two.dQuery);
            assertArrayEquals(one.dKey, two.dKey);
            assertArrayEquals(one.dValue, two.dValue);
        }
    }

    @Test
    void readsAndWritesColumnsOfAFusedProjection() throws Exception {
        AttentionShape shape = shape(2, 2, 1, 19, 19, 24, true);
        try (Device device = HostRun.device(); Kernels scalar = Kernels.builder().implementation("scalar").threads(1).build()) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                double[] data = new SplittableRandom(1).doubles(38 * 96, -1, 1).toArray();
                double[] dOutput = new SplittableRandom(2).doubles(38 * 48, -1, 1).toArray();
                Tensor on = device.zeros(type, 38, 96);
                Tensor off = Tensor.zeros(type, 38, 96);
                on.copyFrom(data);
                off.copyFrom(data);
                Tensor dOn = device.zeros(type, 38, 96);
                Tensor dOff = Tensor.zeros(type, 38, 96);
                Tensor upstream = Tensor.zeros(type, 38, 48);
                upstream.copyFrom(dOutput);
                // Outputs and statistics on the host are copied there and back.
                Tensor[] outputs = {device.zeros(type, 38, 48), Tensor.zeros(type, 38, 48)};
                Tensor[] sums = {Tensor.zeros(type, 4, 19), Tensor.zeros(type, 4, 19)};
                CudaAttention cuda = new CudaAttention(device, type);
                cuda.forward(shape, query(on), key(on), value(on), outputs[0], null);
                double[] without = outputs[0].toArray();
                cuda.forward(shape, query(on), key(on), value(on), outputs[0], sums[0]);
                assertArrayEquals(without, outputs[0].toArray());
                cuda.backward(shape, query(on), key(on), value(on), outputs[0], sums[0], upstream, query(dOn), key(dOn), value(dOn));
                scalar.attention().forward(shape, query(off), key(off), value(off), outputs[1], sums[1]);
                scalar.attention().backward(shape, query(off), key(off), value(off), outputs[1], sums[1], upstream, query(dOff),
                        key(dOff), value(dOff));
                double tolerance = 64 * type.unitRoundoff();
                assertArrayEquals(outputs[1].toArray(), outputs[0].toArray(), tolerance);
                assertArrayEquals(sums[1].toArray(), sums[0].toArray(), tolerance);
                assertArrayEquals(dOff.toArray(), dOn.toArray(), 4 * tolerance);
                assertArrayEquals(off.toArray(), on.toArray());
            }
        }
    }

    private static Tensor query(Tensor fused) {
        return fused.columnRange(0, 48);
    }

    private static Tensor key(Tensor fused) {
        return fused.columnRange(48, 72);
    }

    private static Tensor value(Tensor fused) {
        return fused.columnRange(72, 96);
    }
}
