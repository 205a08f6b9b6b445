package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Tensor;

/** Tensors on a device, for comparisons with the scalar definition in float64. */
final class DeviceTensors implements AutoCloseable {
    /** Where a tensor's rows stand. */
    enum Layout {
        /** One after the other from a boundary on. */
        CONTIGUOUS,
        /** On boundaries of 16 bytes, with gaps. */
        PADDED,
        /** At odd addresses, with gaps. */
        ODD
    }

    static final int[] COLUMNS = {1, 2, 31, 32, 33, 64, 65, 260, 1000};

    final Device device;
    /** The definition. */
    final Kernels scalar = Kernels.builder().implementation("scalar").threads(1).build();
    private final Random random;

    DeviceTensors(long seed) throws Exception {
        device = HostRun.device();
        random = KernelsUnderTest.seeded(seed);
    }

    Random random() {
        return random;
    }

    Layout layout() {
        return Layout.values()[random.nextInt(3)];
    }

    /** NaN, in memory of which all else is NaN as well. */
    Tensor unwritten(ElementType type, Layout layout, int... shape) {
        int columns = shape[shape.length - 1];
        int rows = 1;
        for (int axis = 0; axis < shape.length - 1; axis++) {
            rows *= shape[axis];
        }
        int offset = layout == Layout.CONTIGUOUS ? 0 : layout == Layout.PADDED ? 16 : 37;
        int stride = layout == Layout.CONTIGUOUS ? columns : layout == Layout.PADDED ? (columns + 8) / 8 * 8 + 8 : columns + 5;
        int length = offset + rows * stride + offset;
        Tensor whole = device.zeros(type, length);
        double[] poison = new double[length];
        Arrays.fill(poison, Double.NaN);
        whole.copyFrom(poison);
        return new Tensor(whole.storage(), offset, stride, shape);
    }

    /** Normally distributed. */
    Tensor random(ElementType type, Layout layout, int... shape) {
        Tensor tensor = unwritten(type, layout, shape);
        tensor.copyFrom(random.doubles(tensor.elements()).map(uniform -> random.nextGaussian()).toArray());
        return tensor;
    }

    /** The same numbers in the same layout. */
    Tensor copy(Tensor source, Layout layout) {
        Tensor tensor = unwritten(source.type(), layout, source.shape());
        tensor.copyFrom(source.toArray());
        return tensor;
    }

    /** The same numbers in float64 on the host. */
    static Tensor exact(Tensor source) {
        return Tensor.wrap(source.toArray(), source.shape());
    }

    /** As large as another, on the host, in float64. */
    static Tensor exactLike(Tensor other) {
        return Tensor.zeros(ElementType.FLOAT64, other.shape());
    }

    static void assertClose(String name, Tensor expected, Tensor actual, double absolute, double relative) {
        double[] bounds = expected.toArray();
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = absolute + relative * Math.abs(bounds[i]);
        }
        assertWithin(name, expected, actual, bounds);
    }

    /** Fails unless every element is within its bound, and NaN and infinities are where they should be, and nothing else was written. */
    static void assertWithin(String name, Tensor expected, Tensor actual, double[] bounds) {
        double[] wanted = expected.toArray();
        double[] values = actual.toArray();
        for (int i = 0; i < wanted.length; i++) {
            boolean right = Double.isFinite(wanted[i]) ? Math.abs(wanted[i] - values[i]) <= bounds[i]
                    : Double.compare(wanted[i], values[i]) == 0;
            if (!right) {
                throw new AssertionError(String.format(Locale.ROOT, "%s: element (%d, %d) of %s is %s; expected %s within %.3g", name,
                        i / actual.columns(), i % actual.columns(), actual, values[i], wanted[i], bounds[i]));
            }
        }
        assertGuards(name, actual);
    }

    static void assertSameBits(String name, Tensor expected, Tensor actual) {
        double[] wanted = expected.toArray();
        double[] values = actual.toArray();
        for (int i = 0; i < wanted.length; i++) {
            assertTrue(Double.doubleToRawLongBits(wanted[i]) == Double.doubleToRawLongBits(values[i]),
                    name + ": element " + i + " of " + actual + " is " + values[i] + "; expected exactly " + wanted[i]);
        }
        assertGuards(name, actual);
    }

    private static void assertGuards(String name, Tensor tensor) {
        int end = tensor.storage().length();
        double[] all = new double[end];
        tensor.storage().read(0, all, 0, end);
        for (int i = 0; i < end; i++) {
            int position = i - tensor.offset();
            int stride = Math.max(1, tensor.rowStride());
            boolean inside = position >= 0 && position / stride < tensor.rows() && position % stride < tensor.columns();
            if (!inside && !Double.isNaN(all[i])) {
                throw new AssertionError(name + ", " + tensor + ": element " + position + " from its start is outside and was written");
            }
        }
    }

    @Override
    public void close() {
        scalar.close();
        device.close();
    }
}
