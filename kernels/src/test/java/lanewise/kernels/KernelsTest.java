package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class KernelsTest {
    @Test
    void multipliesSmallMatrices() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            Tensor a = Tensor.wrap(new float[] {1, 2, 3, 4}, 2, 2);
            Tensor b = Tensor.wrap(new float[] {5, 6, 7, 8}, 2, 2);
            Tensor c = kernels.zeros(ElementType.FLOAT32, 2, 2);
            kernels.matmul().multiply(a, b, c);
            assertArrayEquals(new double[] {19, 22, 43, 50}, c.toArray());
        }
    }

    @Test
    void describesWhatIsActive() {
        try (Kernels kernels = KernelsUnderTest.best(3)) {
            String text = kernels.describe();
            assertEquals(3, kernels.threads());
            assertTrue(text.startsWith(kernels.implementation() + ": "), text);
            assertTrue(text.contains("3 threads"), text);
            if (kernels.implementation().equals("simd")) {
                assertTrue(text.contains(kernels.vectorBits() + "-bit vectors"), text);
                assertEquals(1, text.lines().filter(line -> !line.startsWith("not cuda")).count(), "nothing faster was declined: " + text);
            } else if (!KernelsUnderTest.onDevice()) {
                assertEquals(0, kernels.vectorBits());
                assertTrue(text.contains("not simd: "), "says why the faster one is not used: " + text);
            }
        }
    }

    @Test
    void oneThreadIsSingular() {
        try (Kernels kernels = KernelsUnderTest.best(1)) {
            assertTrue(kernels.describe().lines().findFirst().orElseThrow().endsWith("1 thread"), kernels.describe());
        }
    }

    @Test
    void namesAVectorWidthThatIsNone() {
        String before = System.getProperty("lanewise.vectorBits");
        assumeTrue(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(), "without vectors it has no width");
        System.setProperty("lanewise.vectorBits", "99");
        try {
            IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class,
                    () -> Kernels.builder().implementation("simd").build());
            assertEquals("system property lanewise.vectorBits is \"99\"; expected 128, 256 or 512", thrown.getMessage());
        } finally {
            if (before == null) {
                System.clearProperty("lanewise.vectorBits");
            } else {
                System.setProperty("lanewise.vectorBits", before);
            }
        }
    }

    @Test
    void anImplementationCanBeDemanded() {
        try (Kernels kernels = KernelsUnderTest.scalar()) {
            assertEquals("scalar", kernels.implementation());
            assertTrue(kernels.describe().contains("not simd: "), kernels.describe());
        }
    }

    @Test
    void theSystemPropertyDemandsAnImplementationUnlessTheBuilderDoes() {
        String before = System.getProperty("lanewise.implementation");
        System.setProperty("lanewise.implementation", "scalar");
        try (Kernels kernels = Kernels.best(); Kernels free = Kernels.builder().implementation(null).build()) {
            assertEquals("scalar", kernels.implementation());
            String best = System.getProperty("lanewise.test.expect", "simd");
            assertEquals(KernelsUnderTest.onDevice() ? "simd" : best, free.implementation(), "a device is used only when demanded");
        } finally {
            if (before == null) {
                System.clearProperty("lanewise.implementation");
            } else {
                System.setProperty("lanewise.implementation", before);
            }
        }
    }

    @Test
    void anUnknownImplementationIsAnError() {
        Kernels.Builder builder = Kernels.builder().implementation("abacus");
        String message = assertThrows(IllegalStateException.class, builder::build).getMessage();
        assertTrue(message.contains("\"abacus\""), message);
        assertTrue(message.contains("not scalar: ") && message.contains("not simd: ") && message.contains("not cuda: "), message);
    }

    @Test
    void threadCountsAreChecked() {
        for (int threads : new int[] {-1, 0, 1025}) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> Kernels.builder().threads(threads)).getMessage();
            assertTrue(message.contains("threads is " + threads), message);
        }
        assertThrows(NullPointerException.class, () -> Kernels.builder().executor(null));
    }

    @Test
    void zerosGivesZerosOfTheType() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                Tensor zeros = kernels.zeros(type, 2, 3);
                assertSame(type, zeros.type());
                assertArrayEquals(new double[6], zeros.toArray());
            }
        }
    }

    @Test
    void closingTwiceAndWorkingAfterwardsIsAllowed() {
        assumeTrue(!KernelsUnderTest.onDevice(), "closing gives a device back");
        Kernels kernels = KernelsUnderTest.best(4);
        Problem problem = new Problem(kernels, 11);
        kernels.close();
        kernels.close();
        problem.runAndCompare("after close");
    }

    @Test
    void runsOnTheCallersExecutor() {
        ConcurrentLinkedQueue<String> names = new ConcurrentLinkedQueue<>();
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try (Kernels kernels = Kernels.builder().threads(3).executor(command -> executor.execute(() -> {
            names.add(Thread.currentThread().getName());
            command.run();
        })).build()) {
            new Problem(kernels, 12).runAndCompare("on an executor");
            assertEquals(3, kernels.threads());
            assertTrue(names.stream().noneMatch(name -> name.startsWith("lanewise-")), names.toString());
        } finally {
            executor.shutdown();
        }
    }

    /** Two instances with different thread counts, each used from several threads at once. */
    @Test
    void instancesServeSeveralThreadsAtOnce() throws InterruptedException {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (Kernels two = KernelsUnderTest.best(2); Kernels three = KernelsUnderTest.best(3)) {
            List<Thread> callers = new ArrayList<>();
            for (int c = 0; c < 6; c++) {
                Problem problem = new Problem(c % 2 == 0 ? two : three, 100 + c);
                Thread caller = new Thread(() -> {
                    for (int round = 0; round < 30; round++) {
                        problem.runAndCompare("round " + round);
                    }
                });
                caller.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
                callers.add(caller);
                caller.start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.size() + " callers failed", failures.peek());
        }
    }

    @Test
    void theBitsDoNotDependOnTheNumberOfThreads() {
        for (ElementType type : KernelsUnderTest.TYPES) {
            Tensor[] expected = null;
            for (int threads : new int[] {1, 2, 3, 7}) {
                try (Kernels kernels = KernelsUnderTest.best(threads)) {
                    Tensor[] results = everyFamily(kernels, type);
                    if (expected == null) {
                        expected = results;
                    }
                    for (int i = 0; i < results.length; i++) {
                        KernelsUnderTest.assertSameBits("result " + i + " on " + threads + " threads", expected[i],
                                results[i]);
                    }
                }
            }
        }
    }

    /** Results of operations of every family, large enough to be split among threads. */
    private static Tensor[] everyFamily(Kernels kernels, ElementType type) {
        Random random = KernelsUnderTest.seeded(5);
        int rows = 203;
        int columns = 197;
        Tensor x = KernelsUnderTest.random(random, type, rows, columns);
        Tensor w = KernelsUnderTest.random(random, type, columns, columns);
        Tensor dy = KernelsUnderTest.random(random, type, rows, columns);
        Tensor gain = KernelsUnderTest.random(random, type, columns);
        Tensor product = Tensor.zeros(type, rows, columns);
        kernels.matmul().multiply(x, w, product);
        Tensor dw = Tensor.zeros(type, columns, columns);
        kernels.matmul().multiply(true, false, 1, x, dy, 1, dw, Epilogue.NONE);
        Tensor softmax = Tensor.zeros(type, rows, columns);
        kernels.softmax().forward(0.3, x, softmax);
        Tensor losses = Tensor.zeros(type, rows);
        Tensor dLogits = Tensor.zeros(type, rows, columns);
        kernels.loss().crossEntropy(x, random.ints(rows, 0, columns).toArray(), -1, 1, losses, dLogits);
        Tensor y = Tensor.zeros(type, rows, columns);
        Tensor rstd = Tensor.zeros(type, rows);
        kernels.normalization().rmsNorm(x, gain, 1e-5, y, rstd);
        Tensor dx = Tensor.zeros(type, rows, columns);
        Tensor dGain = Tensor.zeros(type, columns);
        kernels.normalization().rmsNormBackward(x, gain, rstd, dy, false, dx, dGain);
        Tensor gelu = Tensor.zeros(type, rows, columns);
        kernels.activations().forward(Activation.GELU_ERF, x, gelu);
        Tensor columnSums = Tensor.zeros(type, columns);
        kernels.reduction().sumRepeated(x, columnSums);
        Tensor sums = Tensor.zeros(type, 2);
        sums.set(0, 0, kernels.reduction().sum(x));
        sums.set(0, 1, kernels.reduction().sumOfSquares(x));
        Tensor dTable = Tensor.zeros(type, 17, columns);
        kernels.embedding().scatterAdd(dy, random.ints(rows, 0, 17).toArray(), dTable);
        Tensor rotated = Tensor.zeros(type, rows, 196);
        kernels.embedding().rotary(28, rows, 0, 10000, false, x.columnRange(0, 196), rotated);
        AttentionShape shape = AttentionShape.self(1, 7, rows, 28, 0.2, true);
        Tensor query = x.columnRange(0, 196);
        Tensor key = y.columnRange(0, 196);
        Tensor value = dy.columnRange(0, 196);
        Tensor attended = Tensor.zeros(type, rows, 196);
        Tensor logSumExp = Tensor.zeros(type, 7, rows);
        kernels.attention().forward(shape, query, key, value, attended, logSumExp);
        Tensor dQuery = Tensor.zeros(type, rows, 196);
        Tensor dKey = Tensor.zeros(type, rows, 196);
        Tensor dValue = Tensor.zeros(type, rows, 196);
        kernels.attention().backward(shape, query, key, value, attended, logSumExp, product.columnRange(0, 196),
                dQuery, dKey, dValue);
        Tensor parameter = KernelsUnderTest.random(random, type, rows, columns);
        kernels.optimizer().adam(new AdamSettings(0.9, 0.95, 1e-8, 0.1, true), 1e-2, 3, 0.5, parameter, dy,
                Tensor.zeros(type, rows, columns), Tensor.zeros(type, rows, columns));
        return new Tensor[] {product, dw, softmax, losses, dLogits, y, rstd, dx, dGain, gelu, columnSums, sums, dTable,
            rotated, attended, logSumExp, dQuery, dKey, dValue, parameter};
    }

    /** A product with its own memory, and the result that the definition gives for it. */
    private static final class Problem {
        private final Kernels kernels;
        private final long seed;
        private final Tensor a;
        private final Tensor b;
        private final Tensor c = Tensor.zeros(ElementType.FLOAT32, 70, 90);
        private final Tensor sums = Tensor.zeros(ElementType.FLOAT32, 70, 90);
        private final double[] expected;

        Problem(Kernels kernels, long seed) {
            this.kernels = kernels;
            this.seed = seed;
            Random random = KernelsUnderTest.seeded(seed);
            a = KernelsUnderTest.random(random, ElementType.FLOAT32, 70, 50);
            b = KernelsUnderTest.random(random, ElementType.FLOAT32, 50, 90);
            try (Kernels scalar = KernelsUnderTest.scalar()) {
                scalar.matmul().multiply(a, b, c);
                scalar.softmax().forward(0.5, c, sums);
            }
            expected = sums.toArray();
        }

        void runAndCompare(String when) {
            c.fill(Double.NaN);
            kernels.matmul().multiply(a, b, c);
            kernels.softmax().forward(0.5, c, c);
            KernelsUnderTest.assertClose("softmax of a product, seed " + seed + ", " + when, expected, c, 1e-5, 1e-4);
        }
    }
}
