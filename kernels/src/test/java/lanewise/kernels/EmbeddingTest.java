package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class EmbeddingTest {
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static int[] ids(Random random, int count, int entries) {
        return random.ints(count, 0, entries).toArray();
    }

    @ParameterizedTest
    @HostTypes
    void gatherAndScatterAddMatchTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(51);
        for (int count : Cases.ROWS) {
            for (int n : Cases.COLUMNS) {
                boolean contiguous = random.nextBoolean();
                int[] ids = ids(random, count, 6);
                Tensor table = Cases.random(random, type, contiguous, 6, n);
                Tensor y = Cases.unwritten(type, contiguous, count, n);
                kernels.embedding().gather(table, ids, y);
                double[] tables = table.toArray();
                double[] expected = new double[count * n];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = tables[ids[i / n] * n + i % n];
                }
                assertClose("gather", expected, y, 0, 0);
                kernels.embedding().scatterAdd(y, ids, table);
                double[] sums = tables.clone();
                for (int i = 0; i < expected.length; i++) {
                    // In the order of the ids, rounded after each.
                    int at = ids[i / n] * n + i % n;
                    double sum = sums[at] + expected[i];
                    sums[at] = type == ElementType.FLOAT32 ? (float) sum : sum;
                }
                assertClose("scatterAdd", sums, table, 0, 0);
                if (!contiguous) {
                    assertGuardsIntact("y", y);
                    assertGuardsIntact("table", table);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void rotaryMatchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(52);
        for (int width : new int[] {2, 6, 16, 32, 64, 70}) {
            for (int first : new int[] {0, 3, 1000}) {
                int heads = 3;
                int length = 5;
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, 2 * length, heads * width);
                Tensor y = Cases.unwritten(type, contiguous, 2 * length, heads * width);
                kernels.embedding().rotary(width, length, first, 10000, false, x, y);
                double[] xs = x.toArray();
                double[] expected = new double[xs.length];
                for (int i = 0; i < xs.length; i++) {
                    int row = i / (heads * width);
                    int k = i % width;
                    int pair = k % (width / 2);
                    double angle = (first + row % length) * Math.pow(10000, -2.0 * pair / width);
                    double other = k < width / 2 ? -xs[i + width / 2] : xs[i - width / 2];
                    expected[i] = xs[i] * Math.cos(angle) + other * Math.sin(angle);
                }
                String name = "rotary of " + heads + " heads of " + width + " from position " + first;
                assertClose(name, expected, y, 20 * type.unitRoundoff(), 2 * type.unitRoundoff());
                Tensor back = Cases.unwritten(type, contiguous, 2 * length, heads * width);
                kernels.embedding().rotary(width, length, first, 10000, true, y, back);
                assertClose(name + " and back", xs, back, 40 * type.unitRoundoff(), 0);
                kernels.embedding().rotary(width, length, first, 10000, false, x, x);
                assertSameBits(name + " in place", y, x);
                if (!contiguous) {
                    assertGuardsIntact(name, x);
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Random random = KernelsUnderTest.seeded(53);
        int[] ids = ids(random, 2000, 11);
        Tensor dY = Cases.random(random, type, true, 2000, 321);
        Cases.assertThreadsDoNotMatter("scatterAdd", kernels -> {
            Tensor table = Tensor.zeros(type, 11, 321);
            kernels.embedding().scatterAdd(dY, ids, table);
            return table;
        });
        Tensor x = Cases.random(random, type, true, 600, 320);
        Cases.assertThreadsDoNotMatter("rotary", kernels -> {
            Tensor y = Tensor.zeros(type, 600, 320);
            kernels.embedding().rotary(64, 300, 2, 10000, false, x, y);
            return y;
        });
    }
}
