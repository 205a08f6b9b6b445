package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class ElementwiseTest {
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
    @HostTypes
    void arithmeticMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(31);
        double u = type.unitRoundoff();
        for (int rows : Cases.ROWS) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, rows, n);
                Tensor y = Cases.random(random, type, random.nextBoolean(), rows, n);
                Tensor z = Cases.unwritten(type, contiguous, rows, n);
                double[] xs = x.toArray();
                double[] ys = y.toArray();
                double[] sum = new double[xs.length];
                double[] product = new double[xs.length];
                double[] scaled = new double[xs.length];
                double[] combination = new double[xs.length];
                for (int i = 0; i < xs.length; i++) {
                    sum[i] = xs[i] + ys[i];
                    product[i] = xs[i] * ys[i];
                    scaled[i] = 0.7 * xs[i];
                    combination[i] = 0.7 * xs[i] - 1.3 * ys[i];
                }
                String name = x + ", contiguous " + contiguous;
                kernels.elementwise().add(x, y, z);
                assertClose("add " + name, sum, z, 0, u);
                kernels.elementwise().multiply(x, y, z);
                assertClose("multiply " + name, product, z, 0, u);
                // A factor of 0 must not read: the target is NaN.
                z.fill(Double.NaN);
                kernels.elementwise().scaleAdd(0.7, x, 0, z);
                assertClose("scale " + name, scaled, z, 0, 3 * u);
                z.copyFrom(y);
                kernels.elementwise().scaleAdd(0.7, x, -1.3, z);
                assertClose("scaleAdd " + name, combination, z, 20 * u, 4 * u);
                if (!contiguous) {
                    assertGuardsIntact(name, z);
                }
                z.copyFrom(x);
                kernels.elementwise().add(z, y, z);
                assertClose("add in place " + name, sum, z, 0, u);
                kernels.elementwise().add(x, x, x);
                for (int i = 0; i < xs.length; i++) {
                    xs[i] *= 2;
                }
                assertClose("add to itself " + name, xs, x, 0, 0);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void addRepeatedMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(32);
        for (int period : new int[] {1, 2, 5}) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, 3 * period, n);
                Tensor block = period == 1 ? Cases.random(random, type, contiguous, n)
                        : Cases.random(random, type, contiguous, period, n);
                Tensor z = Cases.unwritten(type, contiguous, 3 * period, n);
                kernels.elementwise().addRepeated(x, block, z);
                double[] expected = x.toArray();
                double[] added = block.toArray();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] += added[i % (period * n)];
                }
                assertClose("a block of " + period + " rows added to " + x, expected, z, 0, type.unitRoundoff());
                kernels.elementwise().addRepeated(x, block, x);
                assertSameBits("the same in place", z, x);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void dropoutFollowsItsDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(33);
        for (double rate : new double[] {0, 0.1, 0.5, 0.9, Math.nextDown(1.0)}) {
            for (int n : new int[] {1, 7, 16, 65, 300}) {
                boolean contiguous = random.nextBoolean();
                long seed = random.nextLong();
                Tensor x = Cases.random(random, type, contiguous, 5, n);
                // What is dropped is 0, not 0 times a number.
                x.set(1, 0, Double.POSITIVE_INFINITY);
                x.set(2, 0, Double.NaN);
                Tensor y = Cases.unwritten(type, contiguous, 5, n);
                kernels.elementwise().dropout(rate, seed, x, y);
                double[] expected = x.toArray();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = Dropout.kept(rate, seed, i) ? expected[i] / (1 - rate) : 0;
                }
                String name = "dropout of " + rate + " with seed " + seed + " of " + x;
                assertClose(name, expected, y, 0, 4 * type.unitRoundoff());
                kernels.elementwise().dropout(rate, seed, x, x);
                assertSameBits(name + " in place", y, x);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Random random = KernelsUnderTest.seeded(34);
        Tensor x = Cases.random(random, type, true, 999, 517);
        Tensor y = Cases.random(random, type, false, 999, 517);
        Cases.assertThreadsDoNotMatter("elementwise operations", kernels -> {
            Tensor z = Tensor.zeros(type, 999, 517);
            kernels.elementwise().dropout(0.3, 5, x, z);
            kernels.elementwise().scaleAdd(0.3, y, 0.6, z);
            kernels.elementwise().tanh(z, z);
            kernels.elementwise().exp(z, z);
            kernels.elementwise().multiply(z, x, z);
            return z;
        });
    }
}
