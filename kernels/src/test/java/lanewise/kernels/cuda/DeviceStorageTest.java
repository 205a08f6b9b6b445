package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

/** Copies and fills of rows with gaps between them, against those of tensors on the host. */
class DeviceStorageTest {
    private static final int[][] SHAPES = {{1, 1}, {1, 300}, {3, 1}, {19, 33}};

    private static Tensor view(Tensor whole, int gap, int rows, int columns) {
        return new Tensor(whole.storage(), gap, columns + gap, rows, columns);
    }

    @Test
    void viewsAreCopiedAndFilledLikeThoseOnTheHost() throws Exception {
        SplittableRandom random = new SplittableRandom(4);
        try (Device device = HostRun.device()) {
            for (ElementType from : KernelsUnderTest.TYPES) {
                for (ElementType to : KernelsUnderTest.TYPES) {
                    for (int[] shape : SHAPES) {
                        for (int gaps = 0; gaps < 4; gaps++) {
                            check(device, random, from, to, shape, 3 * (gaps % 2), 5 * (gaps / 2));
                        }
                    }
                }
            }
        }
    }

    private static void check(Device device, SplittableRandom random, ElementType from, ElementType to, int[] shape, int fromGap, int toGap) {
        int rows = shape[0];
        int columns = shape[1];
        int fromLength = fromGap + rows * (columns + fromGap);
        int toLength = toGap + rows * (columns + toGap);
        double[] values = random.doubles(fromLength, -1, 1).toArray();
        Tensor hostSource = Tensor.zeros(from, fromLength);
        hostSource.copyFrom(values);
        Tensor source = device.zeros(from, fromLength);
        source.copyFrom(values);
        Tensor expected = Tensor.zeros(to, toLength);
        expected.fill(9);
        view(expected, toGap, rows, columns).copyFrom(view(hostSource, fromGap, rows, columns));
        String what = from + " to " + to + ", [" + rows + ", " + columns + "], gaps " + fromGap + " and " + toGap + ", ";
        for (Tensor one : new Tensor[] {source, hostSource}) {
            for (Tensor other : new Tensor[] {device.zeros(to, toLength), Tensor.zeros(to, toLength)}) {
                other.fill(9);
                view(other, toGap, rows, columns).copyFrom(view(one, fromGap, rows, columns));
                assertArrayEquals(expected.toArray(), other.toArray(), what + one.storage() + " to " + other.storage());
            }
        }
        assertArrayEquals(view(hostSource, fromGap, rows, columns).toArray(), view(source, fromGap, rows, columns).toArray(), what + "to an array");
        for (double value : new double[] {0, 0.1}) {
            view(hostSource, fromGap, rows, columns).fill(value);
            view(source, fromGap, rows, columns).fill(value);
            assertArrayEquals(hostSource.toArray(), source.toArray(), what + "filled with " + value);
        }
    }
}
