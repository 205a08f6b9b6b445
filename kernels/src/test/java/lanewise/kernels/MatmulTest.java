package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;
import static lanewise.kernels.KernelsUnderTest.assertWithin;
import static lanewise.kernels.KernelsUnderTest.guarded;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import lanewise.kernels.scalar.ScalarFunctions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class MatmulTest {
    private static final int[] SIZES = {0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 13, 16, 17, 31, 48, 64, 65, 97, 128, 130, 193, 255, 384, 513};
    /** Reach what random sizes seldom do: several blocks of p, groups of columns, both operands packed, vectors. */
    private static final int[][] LARGE = {{7, 2100, 2100}, {300, 270, 290}, {130, 66, 2500}, {513, 513, 513}, {1, 700, 900},
        {700, 1, 900}, {1, 1, 3000}, {2, 1000, 300}, {768, 65, 128}};
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** One product: its operands, and what the definition says about it. */
    private static final class Case {
        final boolean transposeA;
        final boolean transposeB;
        final double alpha;
        final double beta;
        final Tensor a;
        final Tensor b;
        final Tensor c;
        final Tensor bias;
        final int batches;
        final int m;
        final int n;
        final int k;
        final String name;

        /** Operands of small integers, or else normally distributed. */
        Case(Random random, ElementType type, boolean integers, int batches, int m, int n, int k, double alpha,
                double beta, boolean withBias) {
            transposeA = random.nextBoolean();
            transposeB = random.nextBoolean();
            this.alpha = alpha;
            this.beta = beta;
            this.batches = Math.max(batches, 1);
            this.m = m;
            this.n = n;
            this.k = k;
            a = operand(random, type, integers, batches, transposeA ? k : m, transposeA ? m : k);
            b = operand(random, type, integers, batches, transposeB ? n : k, transposeB ? k : n);
            c = operand(random, type, integers, batches, m, n);
            bias = withBias ? operand(random, type, integers, n) : null;
            name = String.format("%s, %d of m = %d, n = %d, k = %d, A%s B%s, alpha %s, beta %s, bias %s", type, batches,
                    m, n, k, transposeA ? "'" : "", transposeB ? "'" : "", alpha, beta, withBias);
        }

        private static Tensor operand(Random random, ElementType type, boolean integers, int batches, int rows,
                int columns) {
            return batches == 0 ? operand(random, type, integers, rows, columns)
                    : operand(random, type, integers, new int[] {batches, rows, columns});
        }

        private static Tensor operand(Random random, ElementType type, boolean integers, int... shape) {
            Tensor tensor = guarded(type, shape);
            double[] values = new double[tensor.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = integers ? random.nextInt(9) - 4 : random.nextGaussian();
            }
            tensor.copyFrom(values);
            return tensor;
        }

        /** alpha op(A) op(B) + beta C + bias, exact for integers, else with an error of about one rounding of a double. */
        double[] exact() {
            return define(a.toArray(), b.toArray(), c.toArray(), bias == null ? null : bias.toArray(), alpha, beta);
        }

        /** |alpha| |A| |B| + |beta| |C| + |bias|, the scale of the error. */
        double[] magnitude() {
            return define(absolute(a.toArray()), absolute(b.toArray()), absolute(c.toArray()),
                    bias == null ? null : absolute(bias.toArray()), Math.abs(alpha), Math.abs(beta));
        }

        private double[] define(double[] x, double[] y, double[] z, double[] offset, double alpha, double beta) {
            double[] result = new double[batches * m * n];
            double[] error = new double[n];
            for (int row = 0; row < batches * m; row++) {
                int batch = row / m;
                int i = row % m;
                int at = row * n;
                Arrays.fill(error, 0);
                for (int p = 0; p < k; p++) {
                    double factor = x[batch * m * k + (transposeA ? p * m + i : i * k + p)];
                    for (int j = 0; j < n; j++) {
                        double other = y[batch * n * k + (transposeB ? j * k + p : p * n + j)];
                        // Compensated: the rounding errors of product and sum are exact doubles themselves.
                        double product = factor * other;
                        double sum = result[at + j] + product;
                        double part = sum - result[at + j];
                        error[j] += (result[at + j] - (sum - part)) + (product - part)
                                + Math.fma(factor, other, -product);
                        result[at + j] = sum;
                    }
                }
                for (int j = 0; j < n; j++) {
                    result[at + j] = alpha * (result[at + j] + error[j]) + (beta == 0 ? 0 : beta * z[at + j])
                            + (offset == null ? 0 : offset[j]);
                }
            }
            return result;
        }

        void run(Kernels kernels, Epilogue epilogue) {
            kernels.matmul().multiply(transposeA, transposeB, alpha, a, b, beta, c, epilogue);
        }

        double[] bounds(double[] magnitude) {
            double unit = c.type() == ElementType.FLOAT32 ? 0x1p-24 : 0x1p-53;
            double[] bounds = new double[magnitude.length];
            for (int i = 0; i < bounds.length; i++) {
                bounds[i] = 1.01 * (k + 4) * unit * magnitude[i];
            }
            return bounds;
        }
    }

    private static double[] absolute(double[] values) {
        return Arrays.stream(values).map(Math::abs).toArray();
    }

    private static int size(Random random) {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private static void checkIntegers(Case test) {
        double[] expected = test.exact();
        if (test.beta == 0) {
            test.c.fill(Double.NaN);
        }
        test.run(kernels, Epilogue.bias(test.bias));
        assertWithin(test.name, expected, test.c, new double[expected.length]);
        assertGuardsIntact(test.name, test.c);
    }

    private static void checkNormal(Case test) {
        double[] expected = test.exact();
        double[] bounds = test.bounds(test.magnitude());
        test.run(kernels, Epilogue.bias(test.bias));
        assertWithin(test.name, expected, test.c, bounds);
        assertGuardsIntact(test.name, test.c);
    }

    @ParameterizedTest
    @HostTypes
    void integersAreExact(ElementType type) {
        Random random = KernelsUnderTest.seeded(1);
        double[] factors = {0, 1, 1, 1, -1, 2};
        for (int round = 0; round < 400; round++) {
            int m = size(random);
            int n = size(random);
            int k = size(random);
            if ((long) m * n * k < 4_000_000) {
                checkIntegers(new Case(random, type, true, 0, m, n, k, factors[random.nextInt(6)],
                        factors[random.nextInt(6)], random.nextBoolean()));
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void largeIntegersAreExact(ElementType type) {
        Random random = KernelsUnderTest.seeded(2);
        for (int[] shape : LARGE) {
            for (int round = 0; round < 3; round++) {
                checkIntegers(new Case(random, type, true, 0, shape[0], shape[1], shape[2], 1, round, round == 1));
            }
        }
    }

    /** Scratch arrays that are as long as a small product needs, and no longer, show who reads beyond them. */
    @ParameterizedTest
    @HostTypes
    void smallProductsReadNothingBeyondTheirOperands(ElementType type) {
        Random random = KernelsUnderTest.seeded(6);
        for (int m = 1; m <= 25; m++) {
            for (int n : new int[] {9, 16, 17, 24, 32, 33, 49, 64, 65, 97, 100}) {
                try (Kernels fresh = KernelsUnderTest.best()) {
                    Case test = new Case(random, type, true, 0, m, n, 50, 1, 0, false);
                    double[] expected = test.exact();
                    test.run(fresh, Epilogue.NONE);
                    assertWithin(test.name, expected, test.c, new double[expected.length]);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void batchesOfIntegersAreExact(ElementType type) {
        Random random = KernelsUnderTest.seeded(3);
        int[] sizes = {0, 1, 2, 5, 8, 17, 33, 64, 70};
        for (int round = 0; round < 150; round++) {
            checkIntegers(new Case(random, type, true, 1 + random.nextInt(5), sizes[random.nextInt(9)],
                    sizes[random.nextInt(9)], sizes[random.nextInt(9)], 1 + random.nextInt(2), random.nextInt(3),
                    random.nextBoolean()));
        }
        checkIntegers(new Case(random, type, true, 3, 20, 1500, 1500, 2, 1, true));
    }

    @ParameterizedTest
    @HostTypes
    void errorIsWithinTheBound(ElementType type) {
        Random random = KernelsUnderTest.seeded(4);
        for (int round = 0; round < 150; round++) {
            int m = size(random);
            int n = size(random);
            int k = size(random);
            if ((long) m * n * k < 2_000_000) {
                checkNormal(new Case(random, type, false, random.nextInt(3), m, n, k, random.nextGaussian(),
                        random.nextInt(2) * random.nextGaussian(), random.nextBoolean()));
            }
        }
        for (int[] shape : LARGE) {
            checkNormal(new Case(random, type, false, 0, shape[0], shape[1], shape[2], 1, 0, true));
        }
    }

    @ParameterizedTest
    @HostTypes
    void epilogueAppliesEveryActivation(ElementType type) {
        Random random = KernelsUnderTest.seeded(5);
        int[][] shapes = {{0, 5, 65, 7}, {0, 70, 200, 33}, {0, 1, 90, 20}, {0, 90, 1, 20}, {3, 20, 30, 10}, {0, 4, 70, 0}};
        for (Activation activation : Activation.values()) {
            for (int[] shape : shapes) {
                Case test = new Case(random, type, false, shape[0], shape[1], shape[2], shape[3], 0.3, 0.5, true);
                double[] pre = test.exact();
                double[] bounds = test.bounds(test.magnitude());
                double[] expected = new double[pre.length];
                double[] activatedBounds = new double[pre.length];
                for (int i = 0; i < pre.length; i++) {
                    expected[i] = ScalarFunctions.activation(activation, pre[i]);
                    // No activation is steeper than 1.13; its own error is smaller than the rest.
                    activatedBounds[i] = 1.2 * bounds[i]
                            + (type == ElementType.FLOAT32 ? 0x1p-21 : 0x1p-50) * Math.abs(expected[i]);
                }
                Tensor preActivation = guarded(type, test.c.shape());
                String name = activation + ", " + test.name;
                test.run(kernels, new Epilogue(test.bias, activation, preActivation));
                assertWithin(name, pre, preActivation, bounds);
                assertWithin(name, expected, test.c, activatedBounds);
                assertGuardsIntact(name, preActivation);
                assertGuardsIntact(name, test.c);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void bitsDoNotDependOnThreads(ElementType type) {
        int[][] shapes = {{0, 193, 513, 130}, {0, 513, 65, 513}, {0, 300, 290, 270}, {0, 1, 3001, 200}, {0, 3001, 1, 200},
            {5, 50, 70, 90}, {0, 40, 200, 2100}};
        for (int[] shape : shapes) {
            for (int round = 0; round < 4; round++) {
                Tensor first = null;
                for (int threads : new int[] {1, 2, 3, 7}) {
                    Case test = new Case(KernelsUnderTest.seeded(6 + round), type, false, shape[0], shape[1], shape[2], shape[3], 1.5,
                            round % 2, true);
                    try (Kernels own = KernelsUnderTest.best(threads)) {
                        test.run(own, new Epilogue(test.bias, Activation.GELU_TANH, null));
                    }
                    if (first == null) {
                        first = test.c;
                    }
                    assertSameBits(threads + " threads, " + test.name, first, test.c);
                }
            }
        }
    }

    /** A NaN or an infinity reaches its own row or column of the result and nothing else. */
    @ParameterizedTest
    @HostTypes
    void specialValuesStayInTheirRowAndColumn(ElementType type) {
        Random random = KernelsUnderTest.seeded(7);
        int[][] shapes = {{5, 9, 4}, {1, 40, 9}, {40, 1, 9}, {67, 83, 29}, {100, 300, 600}};
        for (int[] shape : shapes) {
            for (int round = 0; round < 4; round++) {
                Case test = new Case(random, type, true, 0, shape[0], shape[1], shape[2], 1, 0, false);
                int row = random.nextInt(test.m);
                int column = random.nextInt(test.n);
                int p = random.nextInt(test.k);
                test.a.set(test.transposeA ? p : row, test.transposeA ? row : p, Double.NaN);
                test.b.set(test.transposeB ? column : p, test.transposeB ? p : column, Double.POSITIVE_INFINITY);
                test.run(kernels, Epilogue.NONE);
                for (int i = 0; i < test.m; i++) {
                    for (int j = 0; j < test.n; j++) {
                        boolean finite = Double.isFinite(test.c.get(i, j));
                        assertTrue(finite == (i != row && j != column),
                                test.name + ": element " + i + ", " + j + " is " + test.c.get(i, j));
                    }
                }
            }
        }
    }
}
