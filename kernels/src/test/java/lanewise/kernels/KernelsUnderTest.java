package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The kernels that a test run is about, and what tests of kernels share. Nothing is forced: a run states which
 * implementation it expects the machine and the flags to give, and a different one fails instead of being tested.
 */
public final class KernelsUnderTest {
    private static final String EXPECTED = System.getProperty("lanewise.test.expect", "simd");
    private static final Integer EXPECTED_BITS = Integer.getInteger("lanewise.test.expectBits");
    private static final int GUARD = 37;
    /** Other inputs than usual: the tests' own seeds are the same in every run. */
    private static final long SEED = Long.getLong("lanewise.test.seed", 0);

    /** What every implementation computes in. */
    public static final List<ElementType> TYPES = List.of(ElementType.FLOAT32, ElementType.FLOAT64);

    private KernelsUnderTest() {
    }

    /** The best kernels of this machine on two threads, whatever the number of processors. */
    public static Kernels best() {
        return expected(Kernels.builder().threads(2).build());
    }

    /** The best kernels of this machine on a number of threads. */
    public static Kernels best(int threads) {
        return expected(Kernels.builder().threads(threads).build());
    }

    /** Random numbers of a test; which ones is also up to {@code lanewise.test.seed}. */
    public static Random seeded(long seed) {
        return new Random(seed + 1_000_003 * SEED);
    }

    /** The definition, to compare with. */
    public static Kernels scalar() {
        return Kernels.builder().implementation("scalar").threads(1).build();
    }

    /** Whether this run is about a device, of which some things that hold on the CPU do not. */
    public static boolean onDevice() {
        return EXPECTED.equals("cuda");
    }

    private static Kernels expected(Kernels kernels) {
        if (!kernels.implementation().equals(EXPECTED)
                || EXPECTED_BITS != null && kernels.vectorBits() != EXPECTED_BITS) {
            kernels.close();
            fail("this run expects " + EXPECTED + (EXPECTED_BITS == null ? "" : " with " + EXPECTED_BITS + " bits")
                    + " and got " + kernels.describe());
        }
        return kernels;
    }

    /** A tensor of zeros inside a larger array of NaN: it starts at an odd offset and has gaps between rows. */
    public static Tensor guarded(ElementType type, int... shape) {
        int columns = shape[shape.length - 1];
        int rows = 1;
        for (int axis = 0; axis < shape.length - 1; axis++) {
            rows *= shape[axis];
        }
        int stride = columns + 5;
        int length = GUARD + rows * stride + GUARD;
        Tensor whole = Tensor.zeros(type, length);
        whole.fill(Double.NaN);
        Tensor tensor = new Tensor(whole.storage(), GUARD, stride, shape);
        tensor.fill(0);
        return tensor;
    }

    /** A guarded tensor of normally distributed numbers. */
    public static Tensor random(Random random, ElementType type, int... shape) {
        Tensor tensor = guarded(type, shape);
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        tensor.copyFrom(values);
        return tensor;
    }

    /** A guarded copy, of any element type. */
    public static Tensor copy(Tensor source, ElementType type) {
        Tensor tensor = guarded(type, source.shape());
        tensor.copyFrom(source);
        return tensor;
    }

    /** Fails if anything around a guarded tensor was written. */
    public static void assertGuardsIntact(String name, Tensor tensor) {
        int end = tensor.storage().length();
        double[] all = new double[end];
        tensor.storage().read(0, all, 0, end);
        for (int i = 0; i < end; i++) {
            int position = i - tensor.offset();
            boolean inside = position >= 0 && position / tensor.rowStride() < tensor.rows()
                    && position % tensor.rowStride() < tensor.columns();
            if (!inside && !Double.isNaN(all[i])) {
                fail(name + ", " + tensor + ": element " + position + " from its start is outside and was written");
            }
        }
    }

    /**
     * Fails unless |expected - actual| is at most absolute + relative |expected| in every element. Where NaN or an
     * infinity is expected, it must be there.
     */
    public static void assertClose(String name, double[] expected, Tensor actual, double absolute, double relative) {
        double[] bounds = new double[expected.length];
        for (int i = 0; i < expected.length; i++) {
            bounds[i] = absolute + relative * Math.abs(expected[i]);
        }
        assertWithin(name, expected, actual, bounds);
    }

    /** Like {@link #assertClose}, with a bound of the absolute error for every element. */
    public static void assertWithin(String name, double[] expected, Tensor actual, double[] bounds) {
        double[] values = actual.toArray();
        if (values.length != expected.length) {
            fail(name + ": " + values.length + " elements; expected " + expected.length);
        }
        for (int i = 0; i < expected.length; i++) {
            boolean right = Double.isFinite(expected[i])
                    ? Math.abs(expected[i] - values[i]) <= bounds[i]
                    : Double.compare(expected[i], values[i]) == 0;
            if (!right) {
                fail(String.format(Locale.ROOT, "%s: element (%d, %d) of %s is %s; expected %s within %.3g", name,
                        i / actual.columns(), i % actual.columns(), actual, values[i], expected[i], bounds[i]));
            }
        }
    }

    /** Fails unless both hold the same bits. */
    public static void assertSameBits(String name, Tensor expected, Tensor actual) {
        double[] wanted = expected.toArray();
        double[] values = actual.toArray();
        for (int i = 0; i < Math.max(wanted.length, values.length); i++) {
            if (Double.doubleToRawLongBits(wanted[i]) != Double.doubleToRawLongBits(values[i])) {
                fail(String.format(Locale.ROOT, "%s: element (%d, %d) of %s is %s; expected exactly %s", name,
                        i / actual.columns(), i % actual.columns(), actual, values[i], wanted[i]));
            }
        }
    }
}
