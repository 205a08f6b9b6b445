package lanewise.kernels.cuda;

import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertWithin;
import static lanewise.kernels.KernelsUnderTest.copy;
import static lanewise.kernels.KernelsUnderTest.guarded;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** Against the scalar definition, every kernel on its own. Integers are exact whatever the order of the sums. */
class CudaMatmulTest {
    private static final int[] SIZES = {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 32, 40, 64, 65, 100, 128, 130, 150};
    private static final int[] DEPTHS = {0, 1, 2, 3, 4, 7, 8, 9, 16, 24, 31, 32, 33, 64, 70};
    private static Device device;
    private static Kernels scalar;

    @BeforeAll
    static void open() throws Exception {
        scalar = KernelsUnderTest.scalar();
        device = HostRun.device();
    }

    @AfterAll
    static void close() {
        scalar.close();
        if (device != null) {
            device.close();
        }
    }

    /** One product and what the definition says about it. */
    private static final class Case {
        final Random random;
        final ElementType type;
        final boolean integers;
        final boolean transposeA;
        final boolean transposeB;
        final double alpha;
        final double beta;
        final int batch;
        final int m;
        final int n;
        final int k;
        final Tensor a;
        final Tensor b;
        final Tensor c;
        final Tensor bias;
        final Tensor pre;
        final Activation activation;
        final String name;
        /** Relative error of the operands as the kernel takes them. */
        double operandError;

        Case(Random random, ElementType type, boolean integers, int batch, int m, int n, int k, Activation activation) {
            this.random = random;
            this.type = type;
            this.integers = integers;
            this.batch = batch;
            this.m = m;
            this.n = n;
            this.k = k;
            this.activation = activation;
            transposeA = random.nextBoolean();
            transposeB = random.nextBoolean();
            alpha = integers ? random.nextInt(3) - 1 + (k == 0 ? 1 : 0) : random.nextGaussian();
            beta = random.nextBoolean() ? 0 : integers ? 2 : random.nextGaussian();
            a = operand(transposeA ? k : m, transposeA ? m : k);
            b = operand(transposeB ? n : k, transposeB ? k : n);
            c = operand(m, n);
            bias = random.nextBoolean() ? filled(n) : null;
            pre = random.nextBoolean() ? operand(m, n) : null;
            name = String.format("%s, %d of m = %d, n = %d, k = %d, A%s B%s, alpha %s, beta %s, bias %s, pre %s, %s", type, batch, m, n, k,
                    transposeA ? "'" : "", transposeB ? "'" : "", alpha, beta, bias != null, pre != null, activation);
        }

        private Tensor operand(int rows, int columns) {
            return batch == 0 ? filled(rows, columns) : filled(batch, rows, columns);
        }

        /** Rows with gaps or without, on boundaries of 16 bytes or not. */
        private Tensor filled(int... shape) {
            Tensor tensor = random.nextBoolean() ? guarded(type, shape) : aligned(type, shape);
            double[] values = new double[tensor.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = integers ? random.nextInt(9) - 4 : random.nextGaussian();
            }
            tensor.copyFrom(values);
            return tensor;
        }

        private Tensor aligned(ElementType type, int... shape) {
            return Tensor.zeros(type, shape);
        }

        void check(String kernel, Matmul matmul) {
            check(kernel, epilogue -> matmul.multiply(transposeA, transposeB, alpha, onDevice(a), onDevice(b), beta, c, epilogue));
        }

        void check(MatmulPlan plan, CudaMatmul matmul) {
            check(plan.toString(), epilogue -> {
                try (Operands operands = new Operands(device)) {
                    matmul.multiply(plan, new MatmulPlan.Shape(Math.max(1, batch), m, n, k, transposeA, transposeB), alpha, operands.in(onDevice(a)),
                            operands.in(onDevice(b)), beta, beta == 0 ? operands.out(c) : operands.inOut(c), false,
                            operands.in(epilogue.bias()).address(), activation, operands.out(epilogue.preActivation()), operands);
                }
            });
        }

        private void check(String kernel, Consumer<Epilogue> run) {
            Tensor expected = copy(c, type);
            Tensor expectedPre = copy(c, type);
            scalar.matmul().multiply(transposeA, transposeB, alpha, a, b, beta, expected, new Epilogue(bias, activation, expectedPre));
            double[] bounds = bounds();
            if (beta == 0) {
                c.fill(Double.NaN);
            }
            if (pre != null) {
                pre.fill(Double.NaN);
            }
            run.accept(new Epilogue(bias, activation, pre));
            String all = kernel + ", " + name;
            if (pre != null) {
                assertWithin(all + ", before the activation", expectedPre.toArray(), pre, bounds);
                assertGuardsIntact(all, pre);
            }
            if (activation != Activation.IDENTITY) {
                // No activation is steeper than 1.13; its own error is smaller than the rest.
                double[] values = expected.toArray();
                for (int i = 0; i < bounds.length; i++) {
                    bounds[i] = 1.2 * bounds[i] + (type == ElementType.FLOAT32 ? 0x1p-20 : 0x1p-49) * Math.abs(values[i]);
                }
            }
            assertWithin(all, expected.toArray(), c, bounds);
            assertGuardsIntact(all, c);
        }

        /** (k + 5) u (|alpha| |A| |B| + |beta| |C| + |bias|), and what the operands' errors make of it; 0 for integers. */
        private double[] bounds() {
            if (integers) {
                return new double[c.elements()];
            }
            Tensor magnitude = absolute(c);
            scalar.matmul().multiply(transposeA, transposeB, Math.abs(alpha), absolute(a), absolute(b), Math.abs(beta), magnitude,
                    Epilogue.bias(bias == null ? null : absolute(bias)));
            double unit = type == ElementType.FLOAT32 ? 0x1p-24 : 0x1p-53;
            return Arrays.stream(magnitude.toArray()).map(x -> 1.01 * ((k + 5) * unit + 2 * operandError) * x).toArray();
        }

        /** On the device or, now and then, where it is. */
        private Tensor onDevice(Tensor tensor) {
            if (random.nextInt(3) == 0) {
                return tensor;
            }
            Tensor there = device.zeros(type, tensor.shape());
            there.copyFrom(tensor);
            return there;
        }
    }

    private static Tensor absolute(Tensor tensor) {
        Tensor positive = copy(tensor, tensor.type());
        positive.copyFrom(Arrays.stream(tensor.toArray()).map(Math::abs).toArray());
        return positive;
    }

    private static int one(Random random, int[] values) {
        return values[random.nextInt(values.length)];
    }

    private static List<MatmulPlan.Tile> tiles(ElementType type) {
        List<MatmulPlan.Tile> tiles = new ArrayList<>(type == ElementType.FLOAT32 ? MatmulPlan.FLOAT32 : MatmulPlan.FLOAT64);
        if (type == ElementType.FLOAT32) {
            tiles.addAll(MatmulPlan.TF32);
        }
        return tiles;
    }

    @ParameterizedTest
    @HostTypes
    void everyKernelIsExactOnIntegers(ElementType type) {
        Random random = KernelsUnderTest.seeded(1);
        CudaMatmul matmul = new CudaMatmul(device, type, false);
        for (MatmulPlan.Tile tile : tiles(type)) {
            for (int round = 0; round < 40; round++) {
                int batch = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
                Case test = new Case(random, type, true, batch, one(random, SIZES), one(random, SIZES), one(random, DEPTHS), Activation.IDENTITY);
                test.check(new MatmulPlan(tile, random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1), matmul);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void errorIsWithinTheBound(ElementType type) {
        Random random = KernelsUnderTest.seeded(2);
        CudaMatmul matmul = new CudaMatmul(device, type, false);
        for (int round = 0; round < 40; round++) {
            int batch = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
            Activation activation = Activation.values()[round % Activation.values().length];
            new Case(random, type, false, batch, one(random, SIZES), one(random, SIZES), one(random, DEPTHS), activation).check("chosen", matmul);
        }
    }

    /** To the nearest: truncation would be twice as far off. */
    @Test
    void tf32RoundsItsOperands() {
        Random random = KernelsUnderTest.seeded(4);
        CudaMatmul matmul = new CudaMatmul(device, ElementType.FLOAT32, true);
        for (int round = 0; round < 16; round++) {
            Case test = new Case(random, ElementType.FLOAT32, false, 0, one(random, SIZES), one(random, SIZES), one(random, DEPTHS), Activation.IDENTITY);
            test.operandError = 0x1p-11;
            test.check("tf32", matmul);
        }
    }

    @ParameterizedTest
    @HostTypes
    void largerShapesAreExactOnIntegers(ElementType type) {
        Random random = KernelsUnderTest.seeded(3);
        CudaMatmul matmul = new CudaMatmul(device, type, false);
        for (int[] shape : new int[][] {{270, 300, 40}, {1, 700, 600}, {700, 1, 600}, {5, 5, 3000}, {0, 5, 5}, {5, 0, 5}, {1100, 140, 10}}) {
            new Case(random, type, true, 0, shape[0], shape[1], shape[2], Activation.IDENTITY).check("chosen", matmul);
        }
        new Case(random, type, true, 70, 9, 5, 6, Activation.RELU).check("chosen", matmul);
    }
}
