package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import lanewise.kernels.scalar.ScalarFunctions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The bounds and special values of {@link ElementaryFunctions}. */
class ElementaryFunctionsTest {
    /**
     * The float32 test takes every so many-th of the 2^32 numbers, in the order of their bits, and -Dlanewise.test.ulpStep=1
     * takes all, which takes minutes.
     */
    private static final int STEP = Integer.getInteger("lanewise.test.ulpStep", 1511);
    private static final int BLOCK = 1 << 14;
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

    private enum Function {
        EXP(ElementaryFunctions.EXP_ULP, (x, y) -> kernels.elementwise().exp(x, y), StrictMath::exp, HighPrecision::exp),
        LOG(ElementaryFunctions.LOG_ULP, (x, y) -> kernels.elementwise().log(x, y), StrictMath::log, HighPrecision::log),
        TANH(ElementaryFunctions.TANH_ULP, (x, y) -> kernels.elementwise().tanh(x, y), StrictMath::tanh,
                HighPrecision::tanh),
        ERF(ElementaryFunctions.ERF_ULP, (x, y) -> kernels.elementwise().erf(x, y), ScalarFunctions::erf,
                HighPrecision::erf);

        final double bound;
        final BiConsumer<Tensor, Tensor> operation;
        final DoubleUnaryOperator reference;
        final DoubleFunction<BigDecimal> exact;

        Function(double bound, BiConsumer<Tensor, Tensor> operation, DoubleUnaryOperator reference,
                DoubleFunction<BigDecimal> exact) {
            this.bound = bound;
            this.operation = operation;
            this.reference = reference;
            this.exact = exact;
        }

        double[] of(ElementType type, double... values) {
            Tensor x = Tensor.zeros(type, values.length);
            x.copyFrom(values);
            operation.accept(x, x);
            return x.toArray();
        }
    }

    @ParameterizedTest
    @EnumSource
    void float32IsWithinTheBound(Function f) {
        float[] x = new float[BLOCK];
        float[] y = new float[BLOCK];
        for (long block = Integer.MIN_VALUE; block <= Integer.MAX_VALUE; block += (long) STEP * BLOCK) {
            for (int i = 0; i < BLOCK; i++) {
                x[i] = Float.intBitsToFloat((int) Math.min(block + (long) STEP * i, Integer.MAX_VALUE));
            }
            check(f, x, y);
        }
        // Every number around those where something changes: overflow, underflow, rounding to 1, the smallest normal.
        for (float edge : new float[] {88.72284f, 88.2f, -87.33655f, -88.03f, -103.97208f, 0.5f, 0.70710677f, 1, 1.4142135f,
            2, 3.9f, 4, 9.01f, 9.1f, Float.MIN_NORMAL, Float.MAX_VALUE, 0}) {
            for (float sign = -1; sign <= 1; sign += 2) {
                for (int i = 0; i < BLOCK; i++) {
                    x[i] = Float.intBitsToFloat(Float.floatToRawIntBits(edge * sign) + i - BLOCK / 2);
                }
                check(f, x, y);
            }
        }
    }

    /** A double is exact enough to judge a float. */
    private static void check(Function f, float[] x, float[] y) {
        f.operation.accept(Tensor.wrap(x, x.length), Tensor.wrap(y, y.length));
        for (int i = 0; i < x.length; i++) {
            double expected = f.reference.applyAsDouble(x[i]);
            float rounded = (float) expected;
            boolean right = Double.isFinite(rounded)
                    ? Math.abs(y[i] - expected) <= f.bound * Math.ulp(rounded)
                    : Float.compare(rounded, y[i]) == 0;
            if (!right) {
                fail(String.format(Locale.ROOT, "%s(%s) is %s; expected %s within %s ULP", f, x[i], y[i], expected,
                        f.bound));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void float64IsWithinTheBound(Function f) {
        Random random = new Random(11);
        double[] x = new double[2500];
        for (int i = 0; i < x.length; i++) {
            x[i] = switch (f) {
                case EXP -> i % 3 == 0 ? random.nextDouble() * 1454 - 745 : random.nextGaussian();
                case LOG -> i % 3 == 0 ? 1 + random.nextGaussian() * Math.pow(10, -random.nextInt(12) - 2)
                        : Math.exp(random.nextDouble() * 1450 - 742);
                case TANH -> i % 3 == 0 ? random.nextDouble() * 40 - 20
                        : random.nextGaussian() * Math.pow(10, -random.nextInt(12));
                case ERF -> i % 3 == 0 ? random.nextDouble() * 12 - 6
                        : random.nextGaussian() * Math.pow(10, -random.nextInt(12));
            };
            if (f == Function.ERF) {
                x[i] = Math.max(-6, Math.min(6, x[i]));
            }
        }
        double[] y = f.of(ElementType.FLOAT64, x);
        for (int i = 0; i < x.length; i++) {
            BigDecimal exact = f.exact.apply(x[i]);
            double rounded = exact.doubleValue();
            boolean right = Double.isInfinite(rounded) ? y[i] == rounded
                    : exact.subtract(new BigDecimal(y[i])).abs().doubleValue() <= f.bound * Math.ulp(rounded);
            assertTrue(right, () -> f + " of one of the numbers is off by more than " + f.bound + " ULP: exact "
                    + rounded);
        }
    }

    @ParameterizedTest
    @HostTypes
    void specialValues(ElementType type) {
        double[] x = {-INF, -0.0, 0.0, INF, Double.NaN};
        assertExactly(Function.EXP, type, x, 0, 1, 1, INF, Double.NaN);
        assertExactly(Function.LOG, type, x, Double.NaN, -INF, -INF, INF, Double.NaN);
        assertExactly(Function.TANH, type, x, -1, -0.0, 0.0, 1, Double.NaN);
        assertExactly(Function.ERF, type, x, -1, -0.0, 0.0, 1, Double.NaN);
        assertExactly(Function.LOG, type, new double[] {-1, 1}, Double.NaN, 0);
        double smallest = type == ElementType.FLOAT32 ? Float.MIN_VALUE : Double.MIN_VALUE;
        assertExactly(Function.TANH, type, new double[] {smallest, -smallest, 40, -1e30}, smallest, -smallest, 1, -1);
        assertExactly(Function.ERF, type, new double[] {smallest, -smallest, 40, -1e30}, smallest, -smallest, 1, -1);
        assertExactly(Function.EXP, type, new double[] {-1e30, 1e30, smallest}, 0, INF, 1);
    }

    private static void assertExactly(Function f, ElementType type, double[] x, double... expected) {
        // Twice: at the start of a long array, where vectors are used, and in a short one.
        double[] many = new double[64];
        System.arraycopy(x, 0, many, 0, x.length);
        for (double[] y : new double[][] {f.of(type, many), f.of(type, x)}) {
            for (int i = 0; i < x.length; i++) {
                // Both zeros of 1 - 1 are right.
                boolean right = Double.compare(y[i], expected[i]) == 0 || f == Function.LOG && y[i] == expected[i];
                double value = y[i];
                double argument = x[i];
                double wanted = expected[i];
                assertTrue(right, () -> f + "(" + argument + ") in " + type + " is " + value + "; expected " + wanted);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aValueDoesNotDependOnItsPlace(Function f) {
        Random random = new Random(5);
        for (ElementType type : KernelsUnderTest.TYPES) {
            double[] x = new double[103];
            for (int i = 0; i < x.length; i++) {
                x[i] = f == Function.LOG ? Math.exp(random.nextGaussian()) : random.nextGaussian();
            }
            double[] all = f.of(type, x);
            for (int i = 0; i < x.length; i++) {
                double one = f.of(type, x[i])[0];
                assertTrue(one == all[i], f + " of element " + i + " in " + type + " is " + one + " alone and " + all[i]
                        + " among others");
            }
        }
    }
}
