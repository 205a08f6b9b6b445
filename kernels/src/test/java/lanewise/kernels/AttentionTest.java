package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention against its definition, spelt out in {@link AttentionCase} in double, and against itself. */
class AttentionTest {
    private static final int[] WIDTHS = {1, 2, 3, 5, 7, 8, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 128};

    @ParameterizedTest
    @HostTypes
    void agreesWithTheDefinition(ElementType type) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int seed = 0; seed < 150; seed++) {
                Random random = KernelsUnderTest.seeded(seed);
                AttentionCase it = new AttentionCase(random, type, randomShape(random, seed % 10 == 0 ? 300 : 80));
                it.forward(kernels);
                it.backward(kernels);
                it.check("seed " + seed, 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void agreesWhereBlocksBeginAndEnd(boolean causal) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int length : new int[] {31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 191, 192, 193, 257}) {
                AttentionShape shape = new AttentionShape(1, 1, 1, length, length, 24, 0.2, causal, null);
                AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(length), ElementType.FLOAT32, shape);
                it.forward(kernels);
                it.backward(kernels);
                it.check("length " + length, 1);
            }
        }
    }

    @Test
    void agreesForOneQueryOverManyKeys() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int seed = 0; seed < 40; seed++) {
                Random random = KernelsUnderTest.seeded(seed);
                int keyLength = 1 + random.nextInt(seed % 8 == 0 ? 3000 : 200);
                int queryLength = 1 + random.nextInt(Math.min(4, keyLength));
                int keyHeads = 1 + random.nextInt(2);
                int[] keyLengths = seed % 3 == 0 ? new int[] {keyLength, random.nextInt(keyLength + 1)} : null;
                AttentionShape shape = new AttentionShape(2, keyHeads * (1 + random.nextInt(3)), keyHeads, queryLength,
                        keyLength, WIDTHS[random.nextInt(WIDTHS.length)], 0.2, seed % 2 == 0, keyLengths);
                AttentionCase it = new AttentionCase(random, seed % 4 == 0 ? ElementType.FLOAT64 : ElementType.FLOAT32, shape);
                it.forward(kernels);
                it.backward(kernels);
                it.check("seed " + seed, 1);
            }
        }
    }

    @Test
    void agreesForAVeryWideHead() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32,
                    new AttentionShape(1, 1, 1, 37, 41, 4001, 1 / Math.sqrt(4001), true, null));
            it.forward(kernels);
            it.backward(kernels);
            it.check("width 4001", 4);
        }
    }

    @Test
    void readsAndWritesColumnsOfAFusedProjection() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            int rows = 2 * 75;
            int width = 4 * 32;
            int keyWidth = 2 * 32;
            AttentionShape shape = new AttentionShape(2, 4, 2, 75, 75, 32, 0.2, true, null);
            Random random = KernelsUnderTest.seeded(1);
            Tensor fused = KernelsUnderTest.random(random, ElementType.FLOAT32, rows, width + 2 * keyWidth);
            Tensor gradient = KernelsUnderTest.guarded(ElementType.FLOAT32, rows, width + 2 * keyWidth);
            AttentionCase it = new AttentionCase(random, ElementType.FLOAT32, shape);
            it.query = fused.columnRange(0, width);
            it.key = fused.columnRange(width, width + keyWidth);
            it.value = fused.columnRange(width + keyWidth, width + 2 * keyWidth);
            it.dQuery = gradient.columnRange(0, width);
            it.dKey = gradient.columnRange(width, width + keyWidth);
            it.dValue = gradient.columnRange(width + keyWidth, width + 2 * keyWidth);
            double[] before = fused.toArray();
            it.forward(kernels);
            it.backward(kernels);
            it.checkValues("fused", 1);
            KernelsUnderTest.assertGuardsIntact("gradient", gradient);
            assertEquals(0, Arrays.compare(before, fused.toArray()), "the inputs were changed");
        }
    }

    @Test
    void logSumExpMayBeLeftOut() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32, AttentionShape.self(2, 3, 70, 32, 0.2, true));
            it.forward(kernels);
            Tensor without = KernelsUnderTest.guarded(ElementType.FLOAT32, it.output.shape());
            kernels.attention().forward(it.shape, it.query, it.key, it.value, without, null);
            KernelsUnderTest.assertSameBits("output", it.output, without);
        }
    }

    @Test
    void gradientsAreDifferenceQuotients() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int seed = 0; seed < 12; seed++) {
                Random random = KernelsUnderTest.seeded(seed);
                AttentionCase it = new AttentionCase(random, ElementType.FLOAT64, randomShape(random, 30));
                it.forward(kernels);
                it.backward(kernels);
                it.checkQuotient("dQuery, seed " + seed, kernels, it.query, it.dQuery, random);
                it.checkQuotient("dKey, seed " + seed, kernels, it.key, it.dKey, random);
                it.checkQuotient("dValue, seed " + seed, kernels, it.value, it.dValue, random);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void queriesThatSeeNoKeyGiveZeros(ElementType type) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            // The first 60 of 90 queries see none of 30 keys; the second sequence has no key at all.
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), type, new AttentionShape(2, 2, 1, 90, 30, 16, 0.25, true, new int[] {30, 0}));
            it.forward(kernels);
            it.backward(kernels);
            it.check("unseen", 1);
            double[] output = it.output.toArray();
            double[] dQuery = it.dQuery.toArray();
            for (int row = 0; row < 180; row++) {
                if (row < 60 || row >= 90) {
                    for (int c = 0; c < 32; c++) {
                        assertEquals(0.0, output[row * 32 + c], "output row " + row);
                        assertEquals(0.0, dQuery[row * 32 + c], "dQuery row " + row);
                    }
                    assertEquals(Double.NEGATIVE_INFINITY, it.logSumExp.get(row / 90 * 2, row % 90));
                }
            }
            for (int row = 30; row < 60; row++) {
                assertEquals(0.0, it.dKey.get(row, 0));
                assertEquals(0.0, it.dValue.get(row, 0));
            }
        }
    }

    @Test
    void noQueriesOrNoSequencesIsNothingToDo() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (AttentionShape shape : new AttentionShape[] {new AttentionShape(0, 2, 1, 5, 5, 8, 1, false, null),
                    new AttentionShape(2, 2, 1, 0, 5, 8, 1, true, null), new AttentionShape(2, 2, 1, 5, 0, 8, 1, false, null)}) {
                AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32, shape);
                it.forward(kernels);
                it.backward(kernels);
                it.check(shape.toString(), 1);
            }
        }
    }

    @Test
    void sameBitsAtAnyNumberOfThreads() {
        AttentionShape[] shapes = {AttentionShape.self(1, 1, 400, 40, 0.2, true), AttentionShape.self(1, 2, 250, 64, 0.1, false),
            new AttentionShape(3, 6, 3, 70, 130, 32, 0.2, true, new int[] {130, 7, 100}),
            new AttentionShape(2, 4, 2, 1, 300, 64, 0.1, true, null)};
        for (ElementType type : KernelsUnderTest.TYPES) {
            for (AttentionShape shape : shapes) {
                AttentionCase one = new AttentionCase(KernelsUnderTest.seeded(5), type, shape);
                run(one, 1);
                for (int threads : new int[] {2, 3, 7}) {
                    AttentionCase many = new AttentionCase(KernelsUnderTest.seeded(5), type, shape);
                    run(many, threads);
                    String name = threads + " threads, " + shape;
                    KernelsUnderTest.assertSameBits("output, " + name, one.output, many.output);
                    KernelsUnderTest.assertSameBits("logSumExp, " + name, one.logSumExp, many.logSumExp);
                    KernelsUnderTest.assertSameBits("dQuery, " + name, one.dQuery, many.dQuery);
                    KernelsUnderTest.assertSameBits("dKey, " + name, one.dKey, many.dKey);
                    KernelsUnderTest.assertSameBits("dValue, " + name, one.dValue, many.dValue);
                }
            }
        }
    }

    private static void run(AttentionCase it, int threads) {
        try (Kernels kernels = KernelsUnderTest.best(threads)) {
            it.forward(kernels);
            it.backward(kernels);
        }
    }

    @ParameterizedTest
    @HostTypes
    void causalOutputDoesNotDependOnWhatFollows(ElementType type) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int from : new int[] {1, 17, 63, 64, 90, 129}) {
                AttentionCase before = new AttentionCase(KernelsUnderTest.seeded(3), type, AttentionShape.self(1, 2, 140, 24, 0.3, true));
                AttentionCase after = new AttentionCase(KernelsUnderTest.seeded(3), type, before.shape);
                for (Tensor input : new Tensor[] {after.query, after.key, after.value}) {
                    input.rowRange(from, 140).fill(Double.NaN);
                }
                before.forward(kernels);
                after.forward(kernels);
                KernelsUnderTest.assertSameBits("from " + from, before.output.rowRange(0, from), after.output.rowRange(0, from));
                KernelsUnderTest.assertSameBits("from " + from, before.logSumExp.columnRange(0, from),
                        after.logSumExp.columnRange(0, from));
            }
        }
    }

    @Test
    void oneSequenceDoesNotDependOnTheOthers() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase both = new AttentionCase(KernelsUnderTest.seeded(3), ElementType.FLOAT32, AttentionShape.self(2, 2, 50, 24, 0.3, false));
            both.forward(kernels);
            Tensor alone = KernelsUnderTest.guarded(ElementType.FLOAT32, 50, 48);
            kernels.attention().forward(AttentionShape.self(1, 2, 50, 24, 0.3, false), both.query.rowRange(50, 100),
                    both.key.rowRange(50, 100), both.value.rowRange(50, 100), alone, null);
            KernelsUnderTest.assertSameBits("second sequence", alone, both.output.rowRange(50, 100));
        }
    }

    /** Adding one vector to all keys adds the same number to all scores of a query. */
    @Test
    void shiftingAllScoresOfAQueryChangesNothing() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(2), ElementType.FLOAT64, AttentionShape.self(1, 1, 100, 16, 0.25, true));
            it.forward(kernels);
            double[] expected = it.output.toArray();
            double[] keys = it.key.toArray();
            for (int i = 0; i < keys.length; i++) {
                keys[i] += 3 * (i % 16) - 20;
            }
            it.key.copyFrom(keys);
            it.forward(kernels);
            KernelsUnderTest.assertClose("shifted", expected, it.output, 1e-12, 1e-12);
        }
    }

    @Test
    void hugeScoresDoNotOverflow() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (double size : new double[] {1e3, 1e8, 1e15, -1e15}) {
                AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(2), ElementType.FLOAT32, AttentionShape.self(1, 1, 70, 8, 1, false));
                // Key 40 has by far the largest score of every query, or the smallest.
                it.query.fill(0);
                it.key.fill(0);
                for (int i = 0; i < 70; i++) {
                    it.query.set(i, 0, Math.abs(size));
                    it.key.set(i, 0, size * (i == 40 ? 2 : 1));
                }
                it.forward(kernels);
                it.checkForward("scores of " + size, 1);
                // Rounding of the log-sum-exp spoils the gradients, but P stays within 0 and 1.
                it.backward(kernels);
                for (Tensor gradient : new Tensor[] {it.dQuery, it.dKey, it.dValue}) {
                    for (double x : gradient.toArray()) {
                        assertTrue(Double.isFinite(x), "scores of " + size);
                        assertTrue(gradient != it.dValue || Math.abs(x) <= 70 * 5, "scores of " + size);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void notANumberReachesExactlyWhatDependsOnIt(boolean causal) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int seed = 0; seed < 60; seed++) {
                Random random = KernelsUnderTest.seeded(seed);
                int length = 1 + random.nextInt(100);
                AttentionShape shape = AttentionShape.self(1, 2, length, 1 + random.nextInt(40), 0.3, causal);
                AttentionCase it = new AttentionCase(random, seed % 2 == 0 ? ElementType.FLOAT32 : ElementType.FLOAT64, shape);
                Tensor input = new Tensor[] {it.query, it.key, it.value, it.dOutput}[seed % 4];
                input.set(random.nextInt(length), random.nextInt(input.columns()), Double.NaN);
                it.forward(kernels);
                it.backward(kernels);
                it.check("seed " + seed, 1);
            }
        }
    }

    @Test
    void infinitiesAreNotLost() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32, AttentionShape.self(1, 1, 70, 16, 0.3, true));
            it.value.set(50, 3, Double.POSITIVE_INFINITY);
            it.forward(kernels);
            it.checkForward("infinite value", 1);
            assertEquals(Double.POSITIVE_INFINITY, it.output.get(50, 3));

            it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32, AttentionShape.self(1, 1, 70, 16, 0.3, true));
            it.query.fill(1);
            it.key.set(50, 3, Double.NEGATIVE_INFINITY);
            it.forward(kernels);
            it.checkForward("a score of -inf counts as unseen", 1);

            it.key.set(50, 3, Double.POSITIVE_INFINITY);
            it.forward(kernels);
            for (int i = 0; i < 70; i++) {
                assertEquals(i >= 50, Double.isNaN(it.output.get(i, 0)), "row " + i);
                assertEquals(i >= 50, !Double.isFinite(it.logSumExp.get(0, i)), "row " + i);
            }
        }
    }

    /** What was summed is rescaled only when scores have grown by much: never, sometimes, always; and after scores of -inf. */
    @ParameterizedTest
    @HostTypes
    void scoresThatGrowAlongTheKeys(ElementType type) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int queries : new int[] {1, 450}) {
                for (double growth : new double[] {5, 20, -20, Double.POSITIVE_INFINITY}) {
                    AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(3), type, new AttentionShape(1, 2, 2, queries, 450, 8, 1, true, null));
                    for (int j = 0; j < 450; j++) {
                        for (int c = 0; c < 16; c++) {
                            // Powers of two for every hundred keys; the first fifty can't be seen.
                            double score = Double.isInfinite(growth) ? j < 50 ? Double.NEGATIVE_INFINITY : 0.01 * (j % 7)
                                    : growth * Math.log(2) * j / 100;
                            it.key.set(j, c, c % 8 == 0 ? score : 0);
                        }
                    }
                    it.query.fill(1);
                    it.forward(kernels);
                    it.checkForward("scores that grow by " + growth, 4);
                    if (!Double.isInfinite(growth)) {
                        it.backward(kernels);
                        it.check("scores that grow by " + growth, 4);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void infiniteValuesOfUnseenKeysDoNotShow(ElementType type) {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (int queries = 1; queries <= 5; queries++) {
                AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(4), type, new AttentionShape(1, 1, 1, queries, 20, 8, 1, false, null));
                it.query.fill(1);
                it.key.fill(Double.NEGATIVE_INFINITY);
                it.value.set(7, 3, Double.POSITIVE_INFINITY);
                it.forward(kernels);
                for (double x : it.output.toArray()) {
                    assertEquals(0.0, x, queries + " queries");
                }
                for (double x : it.logSumExp.toArray()) {
                    assertEquals(Double.NEGATIVE_INFINITY, x, queries + " queries");
                }
            }
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            AttentionCase it = new AttentionCase(KernelsUnderTest.seeded(1), ElementType.FLOAT32, AttentionShape.self(1, 2, 5, 4, 1, false));
            Tensor narrow = it.key.columnRange(0, 7);
            assertNames("key", () -> kernels.attention().forward(it.shape, it.query, narrow, it.value, it.output, null));
            assertNames("output", () -> kernels.attention().forward(it.shape, it.query, it.key, it.value, it.value, null));
            assertNames("dKey", () -> kernels.attention().backward(it.shape, it.query, it.key, it.value, it.output,
                    it.logSumExp, it.dOutput, it.dQuery, it.dQuery, it.dValue));
            Tensor doubles = Tensor.zeros(ElementType.FLOAT64, 5, 8);
            assertNames("value", () -> kernels.attention().forward(it.shape, it.query, it.key, doubles, it.output, null));
            assertNames("keyHeads", () -> new AttentionShape(1, 3, 2, 5, 5, 4, 1, false, null));
            assertNames("keyLengths", () -> new AttentionShape(1, 2, 2, 5, 5, 4, 1, false, new int[] {6}));
            assertNames("scale", () -> new AttentionShape(1, 2, 2, 5, 5, 4, Double.NaN, false, null));
        }
    }

    private static void assertNames(String argument, Runnable call) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(error.getMessage().contains(argument), error.getMessage());
    }

    private static AttentionShape randomShape(Random random, int longest) {
        int batch = 1 + random.nextInt(3);
        int keyHeads = 1 + random.nextInt(3);
        int heads = keyHeads * (1 + random.nextInt(3));
        int queryLength = 1 + random.nextInt(longest);
        int keyLength = random.nextBoolean() ? queryLength : 1 + random.nextInt(longest);
        int width = WIDTHS[random.nextInt(WIDTHS.length)];
        int[] keyLengths = null;
        if (random.nextInt(3) == 0) {
            keyLengths = new int[batch];
            for (int b = 0; b < batch; b++) {
                keyLengths[b] = random.nextInt(keyLength + 1);
            }
        }
        return new AttentionShape(batch, heads, keyHeads, queryLength, keyLength, width, 1 / Math.sqrt(width),
                random.nextBoolean(), keyLengths);
    }
}
