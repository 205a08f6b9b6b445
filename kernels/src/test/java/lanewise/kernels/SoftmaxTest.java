package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;
import static lanewise.kernels.KernelsUnderTest.assertWithin;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class SoftmaxTest {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** The definition in double. */
    private static double[] softmax(double scale, Tensor x, boolean logarithm) {
        double[] result = x.toArray();
        int n = x.columns();
        for (int r = 0; r < x.rows(); r++) {
            double maximum = -INF;
            for (int j = 0; j < n; j++) {
                maximum = Math.max(maximum, scale * result[r * n + j]);
            }
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += Math.exp(scale * result[r * n + j] - maximum);
            }
            for (int j = 0; j < n; j++) {
                double z = scale * result[r * n + j] - maximum;
                result[r * n + j] = logarithm ? z - Math.log(sum) : Math.exp(z) / sum;
            }
        }
        return result;
    }

    @ParameterizedTest
    @HostTypes
    void matchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(8);
        for (int rows : Cases.ROWS) {
            for (int columns : Cases.COLUMNS) {
                matchesTheDefinition(random, type, rows, columns);
            }
        }
        for (int columns : Cases.LONG_COLUMNS) {
            matchesTheDefinition(random, type, 3, columns);
        }
    }

    private static void matchesTheDefinition(Random random, ElementType type, int rows, int columns) {
        double u = type.unitRoundoff();
        boolean contiguous = random.nextBoolean();
        double scale = (random.nextBoolean() ? 1 : -1) * Math.pow(10, random.nextInt(3) - 1);
        Tensor x = Cases.random(random, type, contiguous, rows, columns);
        Tensor y = Cases.unwritten(type, contiguous, rows, columns);
        Tensor logs = Cases.unwritten(type, contiguous, rows, columns);
        String name = "softmax of " + scale + " " + x;
        kernels.softmax().forward(scale, x, y);
        kernels.softmax().logForward(scale, x, logs);
        double[] expected = softmax(scale, x, false);
        double[] expectedLogs = softmax(scale, x, true);
        double[] bounds = new double[expected.length];
        double[] logBounds = new double[expected.length];
        double[] xs = x.toArray();
        for (int r = 0; r < rows; r++) {
            double largest = 0;
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                largest = Math.max(largest, Math.abs(scale * xs[i]));
            }
            // What the public description promises.
            double factor = u * (16 + columns / 8.0 + 4 * largest);
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                bounds[i] = factor * expected[i] + 4 * (type == ElementType.FLOAT32 ? Float.MIN_NORMAL : Double.MIN_NORMAL);
                logBounds[i] = factor + 4 * u * Math.abs(expectedLogs[i]);
            }
        }
        assertWithin(name, expected, y, bounds);
        assertWithin("logarithm of " + name, expectedLogs, logs, logBounds);
        backward(scale, y, logs, Cases.random(random, type, contiguous, rows, columns), contiguous);
        Tensor copy = KernelsUnderTest.copy(x, type);
        kernels.softmax().forward(scale, copy, copy);
        assertSameBits(name + " in place", y, copy);
        copy.copyFrom(x);
        kernels.softmax().logForward(scale, copy, copy);
        assertSameBits("logarithm of " + name + " in place", logs, copy);
        assertGuardsIntact(name, copy);
    }

    private static void backward(double scale, Tensor y, Tensor logs, Tensor dy, boolean contiguous) {
        ElementType type = y.type();
        Tensor dx = Cases.unwritten(type, contiguous, y.shape());
        Tensor dxOfLogs = Cases.unwritten(type, contiguous, y.shape());
        kernels.softmax().backward(scale, y, dy, dx);
        kernels.softmax().logBackward(scale, logs, dy, dxOfLogs);
        double[] ys = y.toArray();
        double[] ls = logs.toArray();
        double[] dys = dy.toArray();
        int n = y.columns();
        double[] expected = new double[ys.length];
        double[] expectedOfLogs = new double[ys.length];
        for (int r = 0; r < y.rows(); r++) {
            double dot = 0;
            double sum = 0;
            for (int j = 0; j < n; j++) {
                dot += ys[r * n + j] * dys[r * n + j];
                sum += dys[r * n + j];
            }
            for (int j = 0; j < n; j++) {
                int i = r * n + j;
                expected[i] = scale * ys[i] * (dys[i] - dot);
                expectedOfLogs[i] = scale * (dys[i] - Math.exp(ls[i]) * sum);
            }
        }
        double u = type.unitRoundoff();
        // In float64 the sum over a row that is expected errs, too.
        double own = type == ElementType.FLOAT64 ? n / 32.0 : 0;
        assertClose("gradient of softmax of " + y, expected, dx, (32 + own) * u * Math.abs(scale), 0);
        // The sum over a row errs by some units of the size of its terms.
        assertClose("gradient of the logarithm of softmax of " + y, expectedOfLogs, dxOfLogs,
                (16 + n + 32 * own) * u * Math.abs(scale), 8 * u);
        Tensor copy = KernelsUnderTest.copy(dy, type);
        kernels.softmax().backward(scale, y, copy, copy);
        assertSameBits("gradient of softmax over dy", dx, copy);
        copy.copyFrom(dy);
        kernels.softmax().logBackward(scale, logs, copy, copy);
        assertSameBits("gradient of the logarithm of softmax over dy", dxOfLogs, copy);
        assertGuardsIntact("gradient of softmax", copy);
    }

    @ParameterizedTest
    @HostTypes
    void specialRows(ElementType type) {
        for (int n : new int[] {1, 3, 16, 37, 2500, 9000}) {
            // All but the last element, and the last.
            double[][] fills = {{-INF, -INF}, {0, INF}, {0, Double.NaN}, {-INF, Double.NaN}, {-INF, 0},
                {0x1p100, -0x1p100}};
            for (double[] fill : fills) {
                Tensor x = Tensor.zeros(type, 1, n);
                x.fill(fill[0]);
                x.set(0, n - 1, fill[1]);
                double largest = n == 1 ? fill[1] : Math.max(fill[0], fill[1]);
                int atLargest = largest == fill[1] ? 1 : n - 1;
                double[] expected = new double[n];
                double[] expectedLogs = new double[n];
                for (int j = 0; j < n; j++) {
                    double value = x.get(0, j);
                    boolean chosen = value == largest;
                    if (Double.isNaN(largest) || largest == INF) {
                        expected[j] = Double.NaN;
                        expectedLogs[j] = Double.NaN;
                    } else if (largest == -INF) {
                        expectedLogs[j] = -INF;
                    } else {
                        expected[j] = chosen ? 1.0 / atLargest : 0;
                        expectedLogs[j] = chosen ? -Math.log(atLargest) : value - largest;
                    }
                }
                Tensor y = Cases.unwritten(type, true, 1, n);
                String name = "softmax of " + n + " of " + fill[0] + " and one " + fill[1];
                kernels.softmax().forward(1, x, y);
                assertClose(name, expected, y, 0, 4 * type.unitRoundoff());
                kernels.softmax().logForward(1, x, y);
                assertClose("logarithm of " + name, expectedLogs, y, 0, 4 * type.unitRoundoff());
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void aShiftOfARowChangesNothing(ElementType type) {
        Random random = KernelsUnderTest.seeded(9);
        Tensor x = KernelsUnderTest.guarded(type, 7, 67);
        Tensor shifted = KernelsUnderTest.guarded(type, 7, 67);
        for (int r = 0; r < 7; r++) {
            for (int j = 0; j < 67; j++) {
                // Multiples of 2^-8 so that the shift is exact.
                double value = random.nextInt(2000) / 256.0;
                x.set(r, j, value);
                shifted.set(r, j, value + 1024 * (r - 3));
            }
        }
        Tensor y = KernelsUnderTest.guarded(type, 7, 67);
        Tensor z = KernelsUnderTest.guarded(type, 7, 67);
        kernels.softmax().forward(1, x, y);
        kernels.softmax().forward(1, shifted, z);
        assertSameBits("softmax of shifted rows", y, z);
        kernels.softmax().logForward(1, x, y);
        kernels.softmax().logForward(1, shifted, z);
        assertSameBits("logarithm of softmax of shifted rows", y, z);
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        threadsDoNotMatter(type, 803, 129);
        threadsDoNotMatter(type, 70, 1500);
        threadsDoNotMatter(type, 9, 9000);
    }

    private static void threadsDoNotMatter(ElementType type, int rows, int columns) {
        Tensor x = Cases.random(KernelsUnderTest.seeded(2), type, true, rows, columns);
        Cases.assertThreadsDoNotMatter("softmax", kernels -> {
            Tensor y = Tensor.zeros(type, rows, columns);
            Tensor dx = Tensor.zeros(type, rows, columns);
            kernels.softmax().forward(0.3, x, y);
            kernels.softmax().backward(0.3, y, x, dx);
            return dx;
        });
        Cases.assertThreadsDoNotMatter("logarithm of softmax", kernels -> {
            Tensor y = Tensor.zeros(type, rows, columns);
            Tensor dx = Tensor.zeros(type, rows, columns);
            kernels.softmax().logForward(0.3, x, y);
            kernels.softmax().logBackward(0.3, y, x, dx);
            return dx;
        });
    }
}
