package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class ReductionTest {
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
    void sumsAreThoseOfDoubles(ElementType type) {
        Random random = KernelsUnderTest.seeded(41);
        for (int rows : new int[] {0, 1, 3, 40}) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, rows, n);
                double sum = 0;
                double sizes = 0;
                double squares = 0;
                for (double value : x.toArray()) {
                    sum += value;
                    sizes += Math.abs(value);
                    squares += value * value;
                }
                String name = x + ", contiguous " + contiguous;
                double difference = Math.abs(kernels.reduction().sum(x) - sum);
                assertTrue(difference <= 1e-13 * sizes, "the sum of " + name + " is off by " + difference);
                difference = Math.abs(kernels.reduction().sumOfSquares(x) - squares);
                assertTrue(difference <= 1e-13 * squares, "the sum of squares of " + name + " is off by " + difference);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void sumRepeatedMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(42);
        for (int period : new int[] {1, 2, 5}) {
            for (int repeats : new int[] {0, 1, 3, 90}) {
                for (int n : Cases.COLUMNS) {
                    boolean contiguous = random.nextBoolean();
                    Tensor x = Cases.random(random, type, contiguous, repeats * period, n);
                    Tensor block = period == 1 ? Cases.random(random, type, contiguous, n)
                            : Cases.random(random, type, contiguous, period, n);
                    double[] xs = x.toArray();
                    double[] expected = block.toArray();
                    double[] bounds = new double[expected.length];
                    for (int i = 0; i < xs.length; i++) {
                        expected[i % (period * n)] += xs[i];
                        bounds[i % (period * n)] += 66 * type.unitRoundoff() * Math.abs(xs[i]);
                    }
                    for (int i = 0; i < bounds.length; i++) {
                        bounds[i] += 4 * type.unitRoundoff() * (1 + Math.abs(expected[i]));
                    }
                    kernels.reduction().sumRepeated(x, block);
                    assertWithin(x + " added to a block of " + period + " rows", expected, block, bounds);
                    if (!contiguous) {
                        assertGuardsIntact("block", block);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void poolMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(43);
        for (int length : new int[] {1, 3, 70}) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, 4 * length, n);
                Tensor y = Cases.unwritten(type, contiguous, 4, n);
                kernels.reduction().pool(length, 0.3, x, y);
                double[] expected = new double[4 * n];
                double[] xs = x.toArray();
                for (int i = 0; i < xs.length; i++) {
                    expected[i / (length * n) * n + i % n] += 0.3 * xs[i];
                }
                assertClose("pool over " + length, expected, y, 30 * length * type.unitRoundoff(), 0);
                Tensor dx = Cases.unwritten(type, contiguous, 4 * length, n);
                kernels.reduction().poolBackward(length, 0.3, y, dx);
                double[] ys = y.toArray();
                for (int i = 0; i < xs.length; i++) {
                    xs[i] = 0.3 * ys[i / (length * n) * n + i % n];
                }
                assertClose("gradient of pool over " + length, xs, dx, 0, 3 * type.unitRoundoff());
                if (!contiguous) {
                    assertGuardsIntact("dx", dx);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Random random = KernelsUnderTest.seeded(44);
        Tensor x = Cases.random(random, type, true, 1003, 331);
        double[] sums = new double[2];
        try (Kernels kernels = KernelsUnderTest.best(1)) {
            sums[0] = kernels.reduction().sum(x);
            sums[1] = kernels.reduction().sumOfSquares(x);
        }
        Cases.assertThreadsDoNotMatter("sums", kernels -> {
            assertEquals(sums[0], kernels.reduction().sum(x));
            assertEquals(sums[1], kernels.reduction().sumOfSquares(x));
            Tensor sum = Tensor.zeros(type, 331);
            kernels.reduction().sumRepeated(x, sum);
            return sum;
        });
        Cases.assertThreadsDoNotMatter("sums of a period", kernels -> {
            Tensor block = Tensor.zeros(type, 17, 331);
            kernels.reduction().sumRepeated(x, block);
            return block;
        });
    }
}
