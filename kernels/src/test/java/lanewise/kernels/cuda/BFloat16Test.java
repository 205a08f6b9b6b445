package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.Random;
import lanewise.kernels.Activation;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * Every operation in bfloat16 beside the definition in float64 on the same numbers, with arguments of the types that they must have:
 * sums in float32, all else in bfloat16.
 */
class BFloat16Test {
    private static final ElementType HALF = ElementType.BFLOAT16;
    private static final ElementType SUM = ElementType.FLOAT32;
    /** Of results that are rounded once. */
    private static final double ROUNDED = 1.02 * 0x1p-8;
    private static Kernels cuda;
    private static Kernels scalar;
    private final Random random = KernelsUnderTest.seeded(1);

    @BeforeAll
    static void open() {
        if (!HostRun.isDevice()) {
            System.setProperty("lanewise.test.cuda", "host");
        }
        try {
            cuda = Kernels.builder().implementation("cuda").threads(1).build();
        } catch (IllegalStateException failure) {
            throw failure.getCause() instanceof TestAbortedException missing ? missing : failure;
        } finally {
            if (!HostRun.isDevice()) {
                System.clearProperty("lanewise.test.cuda");
            }
        }
        scalar = KernelsUnderTest.scalar();
    }

    @AfterAll
    static void close() {
        if (cuda != null) {
            cuda.close();
            scalar.close();
        }
    }

    private Tensor random(ElementType type, int... shape) {
        Tensor tensor = cuda.zeros(type, shape);
        tensor.copyFrom(random.doubles(tensor.elements()).map(uniform -> random.nextGaussian()).toArray());
        return tensor;
    }

    private static Tensor unwritten(ElementType type, int... shape) {
        Tensor tensor = cuda.zeros(type, shape);
        tensor.fill(Double.NaN);
        return tensor;
    }

    private static Tensor exact(Tensor tensor) {
        return DeviceTensors.exact(tensor);
    }

    /** Relative to each element, and to the largest. */
    private static void assertNear(String name, Tensor expected, Tensor actual, double relative, double ofLargest) {
        double[] wanted = expected.toArray();
        double[] values = actual.toArray();
        double largest = 0;
        for (double value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < wanted.length; i++) {
            double bound = relative * Math.abs(wanted[i]) + ofLargest * largest;
            assertTrue(Math.abs(wanted[i] - values[i]) <= bound, String.format(Locale.ROOT, "%s: element (%d, %d) of %s is %s; expected %s within %.3g",
                    name, i / actual.columns(), i % actual.columns(), actual, values[i], wanted[i], bound));
        }
    }

    private static void assertNear(String name, Tensor expected, Tensor actual) {
        assertNear(name, expected, actual, actual.type() == HALF ? ROUNDED : 0x1p-20, 0x1p-18);
    }

    @Test
    void numbersAreRoundedToTheNearest() {
        double[] given = {0, -0.0, 1, -1.5, 1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1.8p-8, 1 + 0x1p-8 + 0x1p-20, 3.4e38, 1e300, 1e-40, 0x1p-140,
            Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN};
        double[] rounded = {0, -0.0, 1, -1.5, 1, 1 + 4 * 0x1p-8, 1 + 0x1p-7, 1 + 0x1p-7, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY,
            0x1p-133, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN};
        Tensor half = cuda.zeros(HALF, 1, given.length);
        half.copyFrom(given);
        Tensor single = cuda.zeros(SUM, 1, given.length);
        single.copyFrom(given);
        Tensor onDevice = cuda.zeros(HALF, 1, given.length);
        onDevice.copyFrom(single);
        Tensor filled = cuda.zeros(HALF, 1, given.length);
        for (int i = 0; i < given.length; i++) {
            filled.columnRange(i, i + 1).fill(given[i]);
            for (Tensor tensor : List.of(half, onDevice, filled)) {
                assertEquals(rounded[i], tensor.get(0, i), "of " + given[i]);
            }
        }
        float[] read = new float[given.length];
        Tensor.wrap(read, given.length).copyFrom(half.reshape(given.length));
        assertEquals(-1.5f, read[3]);
    }

    @Test
    void whereItIsNotSupportedThatIsSaid() {
        assertTrue(cuda.supports(HALF));
        assertFalse(scalar.supports(HALF));
        assertTrue(scalar.supports(ElementType.FLOAT64));
        says(() -> scalar.zeros(HALF, 2), "bfloat16", "\"scalar\"", "\"cuda\"");
        says(() -> Tensor.zeros(HALF, 2), "bfloat16", "float32 or float64");
        Tensor x = random(HALF, 2, 3);
        says(() -> scalar.softmax().forward(1, x, x), "bfloat16[2, 3]", "float32 and float64");
    }

    @Test
    void typesAreChecked() {
        Tensor x = random(HALF, 4, 8);
        Tensor sums = random(SUM, 4);
        Tensor halves = random(HALF, 4);
        says(() -> cuda.loss().crossEntropy(x, new int[4], -1, 1, halves, null), "losses is bfloat16[4]", "expected float32", "logits");
        says(() -> cuda.matmul().multiply(x, x.reshape(8, 4), cuda.zeros(ElementType.FLOAT64, 4, 4)), "c is float64", "bfloat16", "or float32");
        says(() -> cuda.matmul().multiply(x, random(SUM, 8, 4), cuda.zeros(SUM, 4, 4)), "b is float32", "the element type of a");
        says(() -> cuda.matmul().multiply(random(SUM, 4, 8), random(SUM, 8, 4), cuda.zeros(HALF, 4, 4)), "c is bfloat16[4, 4]; expected the element type of a");
        says(() -> cuda.matmul().multiply(false, false, 1, x, x.reshape(8, 4), 0, cuda.zeros(SUM, 4, 4), Epilogue.bias(halves)),
                "epilogue.bias", "element type of c");
        says(() -> cuda.embedding().gather(random(SUM, 3, 8), new int[4], x), "y is bfloat16", "table");
        says(() -> cuda.embedding().scatterAdd(x, new int[4], random(HALF, 3, 8)), "dTable is bfloat16", "expected float32");
        says(() -> cuda.reduction().sumRepeated(x, random(HALF, 8)), "block is bfloat16", "expected float32");
        says(() -> cuda.elementwise().addRepeated(x, random(SUM, 8), x), "block is float32", "element type of x");
        Tensor gain = random(HALF, 8);
        says(() -> cuda.normalization().layerNorm(x, random(SUM, 8), null, 0, x, sums, random(SUM, 4)), "gain is float32");
        says(() -> cuda.normalization().layerNorm(x, gain, null, 0, x, halves, random(SUM, 4)), "mean is bfloat16", "expected float32");
        says(() -> cuda.normalization().rmsNormBackward(x, gain, sums, random(HALF, 4, 8), false, random(HALF, 4, 8), random(HALF, 8)), "dGain is bfloat16",
                "expected float32");
        says(() -> cuda.optimizer().gradientDescent(1, 0, 1, x, random(HALF, 4, 8)), "parameter is bfloat16[4, 8]", "expected float32");
        says(() -> cuda.reduction().sumOfAllSquares(List.of(x, sums)), "tensors[1] is float32[4]", "bfloat16[4, 8]");
        AttentionShape shape = new AttentionShape(1, 1, 1, 4, 4, 8, 1, true, null);
        says(() -> cuda.attention().forward(shape, x, x, x, random(HALF, 4, 8), random(HALF, 1, 4)), "logSumExp is bfloat16", "expected float32");
    }

    private static void says(Runnable wrong, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), "\"" + part + "\" is not in: " + message);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BFLOAT16", "FLOAT32"})
    void matmul(ElementType result) {
        for (int[] size : new int[][] {{5, 7, 3}, {64, 96, 80}, {130, 65, 200}, {1, 40, 16}}) {
            boolean transposeA = random.nextBoolean();
            boolean transposeB = random.nextBoolean();
            double beta = random.nextInt(2);
            Tensor a = transposeA ? random(HALF, size[2], size[0]) : random(HALF, size[0], size[2]);
            Tensor b = transposeB ? random(HALF, size[1], size[2]) : random(HALF, size[2], size[1]);
            Tensor c = random(result, size[0], size[1]);
            Tensor bias = random(result, size[1]);
            Tensor pre = unwritten(result, size[0], size[1]);
            Tensor expected = exact(c);
            Tensor expectedPre = DeviceTensors.exactLike(pre);
            scalar.matmul().multiply(transposeA, transposeB, 0.5, exact(a), exact(b), beta, expected,
                    new Epilogue(exact(bias), Activation.GELU_ERF, expectedPre));
            cuda.matmul().multiply(transposeA, transposeB, 0.5, a, b, beta, c, new Epilogue(bias, Activation.GELU_ERF, pre));
            assertNear("c", expected, c);
            assertNear("pre", expectedPre, pre);
        }
    }

    @ParameterizedTest
    @EnumSource
    void activations(Activation f) {
        Tensor x = random(HALF, 9, 33);
        Tensor dy = random(HALF, 9, 33);
        Tensor y = unwritten(HALF, 9, 33);
        Tensor dx = unwritten(HALF, 9, 33);
        Tensor expected = DeviceTensors.exactLike(x);
        scalar.activations().forward(f, exact(x), expected);
        cuda.activations().forward(f, x, y);
        assertNear("y", expected, y);
        scalar.activations().backward(f, exact(x), exact(dy), expected);
        cuda.activations().backward(f, x, dy, dx);
        assertNear("dx", expected, dx);
    }

    @Test
    void softmax() {
        Tensor x = random(HALF, 7, 65);
        Tensor dy = random(HALF, 7, 65);
        for (boolean log : new boolean[] {false, true}) {
            Tensor y = unwritten(HALF, 7, 65);
            Tensor dx = unwritten(HALF, 7, 65);
            Tensor expected = DeviceTensors.exactLike(x);
            if (log) {
                scalar.softmax().logForward(1.5, exact(x), expected);
                cuda.softmax().logForward(1.5, x, y);
                assertNear("log y", expected, y);
                scalar.softmax().logBackward(1.5, exact(y), exact(dy), expected);
                cuda.softmax().logBackward(1.5, y, dy, dx);
            } else {
                scalar.softmax().forward(1.5, exact(x), expected);
                cuda.softmax().forward(1.5, x, y);
                assertNear("y", expected, y);
                scalar.softmax().backward(1.5, exact(y), exact(dy), expected);
                cuda.softmax().backward(1.5, y, dy, dx);
            }
            assertNear("dx", expected, dx);
        }
    }

    @Test
    void losses() {
        for (int columns : new int[] {11, 65, 4000}) {
            Tensor logits = random(HALF, 6, columns);
            int[] targets = {3, -1, 0, 10, 7, 5};
            Tensor losses = unwritten(SUM, 6);
            Tensor gradient = unwritten(HALF, 6, columns);
            Tensor expected = Tensor.zeros(ElementType.FLOAT64, 6);
            Tensor expectedGradient = DeviceTensors.exactLike(logits);
            scalar.loss().crossEntropy(exact(logits), targets, -1, 0.5, expected, expectedGradient);
            cuda.loss().crossEntropy(logits, targets, -1, 0.5, losses, gradient);
            assertNear("losses", expected, losses);
            assertNear("dLogits", expectedGradient, gradient);

            Tensor target = random(HALF, 6, columns);
            scalar.loss().squaredError(exact(logits), exact(target), 0.5, expected, expectedGradient);
            cuda.loss().squaredError(logits, target, 0.5, losses, logits);
            assertNear("squared errors", expected, losses);
            assertNear("their gradient", expectedGradient, logits);
        }
    }

    @Test
    void norms() {
        for (int[] size : new int[][] {{5, 33}, {40, 384}, {3, 3000}}) {
            int rows = size[0];
            int columns = size[1];
            Tensor x = random(HALF, rows, columns);
            Tensor gain = random(HALF, columns);
            Tensor shift = random(HALF, columns);
            Tensor dy = random(HALF, rows, columns);
            Tensor y = unwritten(HALF, rows, columns);
            Tensor mean = unwritten(SUM, rows);
            Tensor rstd = unwritten(SUM, rows);
            Tensor expected = DeviceTensors.exactLike(x);
            Tensor expectedMean = Tensor.zeros(ElementType.FLOAT64, rows);
            Tensor expectedRstd = Tensor.zeros(ElementType.FLOAT64, rows);
            scalar.normalization().layerNorm(exact(x), exact(gain), exact(shift), 1e-5, expected, expectedMean, expectedRstd);
            cuda.normalization().layerNorm(x, gain, shift, 1e-5, y, mean, rstd);
            assertNear("layer norm", expected, y);
            assertNear("mean", expectedMean, mean, 0x1p-18, 0x1p-18);
            assertNear("rstd", expectedRstd, rstd);

            Tensor dx = random(HALF, rows, columns);
            Tensor dGain = random(SUM, columns);
            Tensor dShift = random(SUM, columns);
            Tensor[] wanted = {exact(dx), exact(dGain), exact(dShift)};
            scalar.normalization().layerNormBackward(exact(x), exact(gain), expectedMean, expectedRstd, exact(dy), true, wanted[0], wanted[1],
                    wanted[2]);
            cuda.normalization().layerNormBackward(x, gain, mean, rstd, dy, true, dx, dGain, dShift);
            assertNear("dx", wanted[0], dx, ROUNDED, 0x1p-16);
            assertNear("dGain", wanted[1], dGain, 0x1p-16, 0x1p-16);
            assertNear("dShift", wanted[2], dShift, 0x1p-16, 0x1p-16);

            scalar.normalization().rmsNorm(exact(x), exact(gain), 1e-5, expected, expectedRstd);
            cuda.normalization().rmsNorm(x, gain, 1e-5, y, rstd);
            assertNear("RMS norm", expected, y);
            wanted = new Tensor[] {exact(dx), exact(dGain)};
            scalar.normalization().rmsNormBackward(exact(x), exact(gain), expectedRstd, exact(dy), false, wanted[0], wanted[1]);
            cuda.normalization().rmsNormBackward(x, gain, rstd, dy, false, dy, dGain);
            assertNear("dx of the RMS norm", wanted[0], dy, ROUNDED, 0x1p-16);
            assertNear("dGain of the RMS norm", wanted[1], dGain, 0x1p-16, 0x1p-16);
        }
    }

    @Test
    void elementwise() {
        Tensor x = random(HALF, 6, 37);
        Tensor y = random(HALF, 6, 37);
        Tensor z = unwritten(HALF, 6, 37);
        Tensor expected = DeviceTensors.exactLike(x);
        scalar.elementwise().add(exact(x), exact(y), expected);
        cuda.elementwise().add(x, y, z);
        assertNear("sum", expected, z);
        scalar.elementwise().multiply(exact(x), exact(y), expected);
        cuda.elementwise().multiply(x, y, z);
        assertNear("product", expected, z);
        Tensor block = random(HALF, 2, 37);
        scalar.elementwise().addRepeated(exact(x), exact(block), expected);
        cuda.elementwise().addRepeated(x, block, z);
        assertNear("sum with a block", expected, z);
        Tensor sum = exact(y);
        scalar.elementwise().scaleAdd(0.3, exact(x), 1, sum);
        cuda.elementwise().scaleAdd(0.3, x, 1, y);
        assertNear("scaled sum", sum, y);
        scalar.elementwise().dropout(0.3, 5, exact(x), expected);
        cuda.elementwise().dropout(0.3, 5, x, z);
        assertNear("dropout", expected, z);
        scalar.elementwise().tanh(exact(x), expected);
        cuda.elementwise().tanh(x, z);
        assertNear("tanh", expected, z);
        scalar.elementwise().erf(exact(x), expected);
        cuda.elementwise().erf(x, z);
        assertNear("erf", expected, z);
        scalar.elementwise().exp(exact(x), expected);
        cuda.elementwise().exp(x, z);
        assertNear("exp", expected, z);
        scalar.elementwise().log(exact(z), expected);
        cuda.elementwise().log(z, z);
        assertNear("log", expected, z);
    }

    @Test
    void reductions() {
        Tensor x = random(HALF, 12, 301);
        Tensor longer = random(HALF, 70, 301);
        assertEquals(scalar.reduction().sum(exact(x)), cuda.reduction().sum(x), 1e-3);
        double squares = scalar.reduction().sumOfSquares(exact(x));
        assertEquals(squares, cuda.reduction().sumOfSquares(x), 1e-5 * squares);
        double more = squares + scalar.reduction().sumOfSquares(exact(longer));
        assertEquals(more, cuda.reduction().sumOfAllSquares(List.of(x, longer)), 1e-5 * more);
        for (int rows : new int[] {1, 4}) {
            Tensor block = random(SUM, rows, 301);
            Tensor expected = exact(block);
            scalar.reduction().sumRepeated(exact(x), expected);
            cuda.reduction().sumRepeated(x, block);
            assertNear("sum over rows", expected, block, 0x1p-18, 0x1p-18);
        }
        Tensor y = unwritten(HALF, 3, 301);
        Tensor expected = DeviceTensors.exactLike(y);
        scalar.reduction().pool(4, 0.25, exact(x), expected);
        cuda.reduction().pool(4, 0.25, x, y);
        assertNear("pooled", expected, y);
        Tensor wanted = DeviceTensors.exactLike(x);
        scalar.reduction().poolBackward(4, 0.25, exact(y), wanted);
        cuda.reduction().poolBackward(4, 0.25, y, x);
        assertNear("gradient of pooling", wanted, x);
    }

    @Test
    void embedding() {
        Tensor table = random(HALF, 9, 40);
        int[] ids = {1, 8, 0, 1, 1, 3, 8, 1};
        Tensor y = unwritten(HALF, 8, 40);
        Tensor expected = DeviceTensors.exactLike(y);
        scalar.embedding().gather(exact(table), ids, expected);
        cuda.embedding().gather(table, ids, y);
        assertNear("rows", expected, y, 0, 0);
        Tensor dTable = random(SUM, 9, 40);
        Tensor wanted = exact(dTable);
        scalar.embedding().scatterAdd(exact(y), ids, wanted);
        cuda.embedding().scatterAdd(y, ids, dTable);
        assertNear("dTable", wanted, dTable);
        scalar.embedding().rotary(10, 4, 3, 10000, true, exact(y), expected);
        cuda.embedding().rotary(10, 4, 3, 10000, true, y, y);
        assertNear("rotated", expected, y, ROUNDED, 0x1p-16);
    }

    @Test
    void attention() {
        for (int width : new int[] {8, 64, 20}) {
            AttentionShape shape = new AttentionShape(2, 4, 2, 19, 19, width, 1 / Math.sqrt(width), true, null);
            Tensor query = random(HALF, 2 * 19, 4 * width);
            Tensor key = random(HALF, 2 * 19, 2 * width);
            Tensor value = random(HALF, 2 * 19, 2 * width);
            Tensor output = unwritten(HALF, 2 * 19, 4 * width);
            Tensor logSumExp = unwritten(SUM, 2 * 4, 19);
            Tensor expected = DeviceTensors.exactLike(output);
            Tensor expectedSums = DeviceTensors.exactLike(logSumExp);
            scalar.attention().forward(shape, exact(query), exact(key), exact(value), expected, expectedSums);
            cuda.attention().forward(shape, query, key, value, output, logSumExp);
            assertNear("output", expected, output, ROUNDED, 0x1p-8);
            assertNear("logSumExp", expectedSums, logSumExp, 0x1p-15, 0x1p-15);

            Tensor dOutput = random(HALF, 2 * 19, 4 * width);
            Tensor[] gradients = {unwritten(HALF, 2 * 19, 4 * width), unwritten(HALF, 2 * 19, 2 * width), unwritten(HALF, 2 * 19, 2 * width)};
            Tensor[] wanted = {DeviceTensors.exactLike(query), DeviceTensors.exactLike(key), DeviceTensors.exactLike(value)};
            scalar.attention().backward(shape, exact(query), exact(key), exact(value), expected, expectedSums, exact(dOutput), wanted[0], wanted[1],
                    wanted[2]);
            cuda.attention().backward(shape, query, key, value, output, logSumExp, dOutput, gradients[0], gradients[1], gradients[2]);
            for (int i = 0; i < 3; i++) {
                assertNear("gradient " + i, wanted[i], gradients[i], 2 * ROUNDED, 3 * 0x1p-8);
            }
        }
    }

    @Test
    void optimizersKeepFloat32AndWriteCopies() {
        AdamSettings settings = new AdamSettings(0.9, 0.99, 1e-8, 0.1, true);
        for (String method : new String[] {"Adam", "momentum", "gradient descent"}) {
            for (int columns : new int[] {33, 64}) {
                Tensor parameter = random(SUM, 5, columns);
                Tensor gradient = random(SUM, 5, columns);
                Tensor expected = exact(parameter);
                Tensor copy = cuda.zeros(HALF, 5, columns);
                update(method, settings, cuda.optimizer(), parameter, gradient, cuda.zeros(SUM, 5, columns), cuda.zeros(SUM, 5, columns), copy);
                update(method, settings, scalar.optimizer(), expected, exact(gradient), exact(cuda.zeros(SUM, 5, columns)),
                        exact(cuda.zeros(SUM, 5, columns)), null);
                assertNear(method, expected, parameter);
                Tensor rounded = cuda.zeros(HALF, 5, columns);
                rounded.copyFrom(parameter);
                assertArrayEquals(rounded.toArray(), copy.toArray(), "copy of " + method);
            }
        }
        Tensor x = random(SUM, 2, 3);
        says(() -> cuda.optimizer().gradientDescent(1, 0, 1, x, random(SUM, 2, 3), random(ElementType.FLOAT64, 2, 3)), "copy is float64[2, 3]");
        says(() -> cuda.optimizer().gradientDescent(1, 0, 1, x, random(SUM, 2, 3), random(HALF, 3, 2)), "copy is bfloat16[3, 2]");
        says(() -> cuda.optimizer().gradientDescent(1, 0, 1, x, random(SUM, 2, 3), x), "copy, float32[2, 3], overlaps parameter");
    }

    private static void update(String method, AdamSettings settings, Optimizer optimizer, Tensor parameter, Tensor gradient, Tensor first,
            Tensor second, Tensor copy) {
        switch (method) {
            case "Adam" -> optimizer.adam(settings, 0.01, 1, 0.5, parameter, gradient, first, second, copy);
            case "momentum" -> optimizer.momentum(0.01, 0.9, 0.1, 0.5, parameter, gradient, first, copy);
            default -> optimizer.gradientDescent(0.01, 0.1, 0.5, parameter, gradient, copy);
        }
    }
}
