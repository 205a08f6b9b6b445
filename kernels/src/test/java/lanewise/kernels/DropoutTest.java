package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The masks, as random numbers; counts are compared within five standard deviations. */
class DropoutTest {
    private static final int COUNT = 1 << 20;
    private static final long[] SEEDS = {0, 1, 2, 3, 64, 1L << 32, (1L << 32) + 1, -1, 0x123456789abcdefL};

    @Test
    void keepsTheStatedShare() {
        for (double rate : new double[] {0.05, 0.1, 0.5, 0.9}) {
            for (long seed : SEEDS) {
                int kept = 0;
                for (int i = 0; i < COUNT; i++) {
                    kept += Dropout.kept(rate, seed, i) ? 1 : 0;
                }
                assertCount("kept at rate " + rate + ", seed " + seed, 1 - rate, kept, COUNT);
            }
        }
    }

    @Test
    void rateZeroKeepsAll() {
        for (int i = 0; i < 10_000; i++) {
            assertTrue(Dropout.kept(0, 5, i));
        }
    }

    @Test
    void masksOfDifferentSeedsAreIndependent() {
        for (long first : SEEDS) {
            for (long second : SEEDS) {
                if (first < second) {
                    assertIndependent("seeds " + first + " and " + second, first, 0, second, 0);
                }
            }
        }
    }

    @Test
    void elementsOfOneMaskAreIndependent() {
        for (int distance : new int[] {1, 2, 3, 4, 8, 16, 64, 128, 768, 1024, 4096, 65536}) {
            assertIndependent("elements " + distance + " apart", 42, 0, 42, distance);
        }
    }

    /** Blocks of 16 that keep equally many in two masks: as often as by chance, not always. */
    @Test
    void masksAreNotEachOthersPermutation() {
        double same = 0;
        for (int k = 0; k <= 16; k++) {
            double chance = binomial(16, k) / 65536;
            same += chance * chance;
        }
        for (int xor = 1; xor < 16; xor++) {
            int equal = 0;
            int blocks = 4096;
            for (int block = 0; block < blocks; block++) {
                int difference = 0;
                for (int i = 0; i < 16; i++) {
                    difference += Dropout.kept(0.5, 100, block * 16 + i) ? 1 : 0;
                    difference -= Dropout.kept(0.5, 100 ^ xor, block * 16 + i) ? 1 : 0;
                }
                equal += difference == 0 ? 1 : 0;
            }
            assertCount("blocks that keep equally many, seed 100 ^ " + xor, same, equal, blocks);
        }
    }

    /** Chi-squared of the leading byte of the bits: 255 degrees of freedom, standard deviation 22.6. */
    @Test
    void bitsAreUniform() {
        for (long seed : SEEDS) {
            int[] counts = new int[256];
            for (int i = 0; i < COUNT; i++) {
                counts[Dropout.bits(Dropout.key(seed), i) >>> 24]++;
            }
            double chiSquared = 0;
            for (int count : counts) {
                double excess = count - COUNT / 256.0;
                chiSquared += excess * excess / (COUNT / 256.0);
            }
            assertTrue(chiSquared > 142 && chiSquared < 368, "chi-squared " + chiSquared + " for seed " + seed);
        }
    }

    @Test
    void everyImplementationAppliesTheSameMask() {
        try (Kernels best = KernelsUnderTest.best(); Kernels scalar = KernelsUnderTest.scalar()) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                for (int columns : new int[] {1, 7, 16, 33, 250}) {
                    for (double rate : new double[] {0, 0.1, 0.5, 0.99}) {
                        Tensor x = KernelsUnderTest.guarded(type, 13, columns);
                        x.fill(3);
                        Tensor y = KernelsUnderTest.guarded(type, 13, columns);
                        y.fill(Double.NaN);
                        Tensor expected = KernelsUnderTest.guarded(type, 13, columns);
                        best.elementwise().dropout(rate, 1L << 40 | 9, x, y);
                        scalar.elementwise().dropout(rate, 1L << 40 | 9, x, expected);
                        String name = "dropout at rate " + rate;
                        for (int i = 0; i < y.elements(); i++) {
                            boolean kept = Dropout.kept(rate, 1L << 40 | 9, i);
                            assertEquals(kept, y.get(i / columns, i % columns) != 0, name + ", element " + i);
                        }
                        KernelsUnderTest.assertClose(name, expected.toArray(), y, 0, 4 * type.unitRoundoff());
                        KernelsUnderTest.assertGuardsIntact(name, y);
                    }
                }
            }
        }
    }

    private static void assertIndependent(String name, long firstSeed, int firstFrom, long secondSeed,
            int secondFrom) {
        int both = 0;
        for (int i = 0; i < COUNT / 4; i++) {
            boolean first = Dropout.kept(0.5, firstSeed, firstFrom + i);
            both += first && Dropout.kept(0.5, secondSeed, secondFrom + i) ? 1 : 0;
        }
        assertCount("kept by both, " + name, 0.25, both, COUNT / 4);
    }

    private static void assertCount(String name, double probability, int count, int trials) {
        double deviation = Math.sqrt(trials * probability * (1 - probability));
        assertTrue(Math.abs(count - trials * probability) <= 5 * deviation,
                name + ": " + count + " of " + trials + "; expected a share of " + probability);
    }

    private static double binomial(int n, int k) {
        double product = 1;
        for (int i = 1; i <= k; i++) {
            product = product * (n - k + i) / i;
        }
        return product;
    }
}
