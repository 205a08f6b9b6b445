package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The layouts of fragments, against plain loops: A [16, k], B [k, 8], k of 32 bytes. Small integers, so that all is exact. */
class TensorCoreTest {
    private static final int ROWS = 16;
    private static final int COLUMNS = 8;

    private static int[][] integers(Random random, int rows, int columns) {
        int[][] values = new int[rows][columns];
        for (int[] row : values) {
            for (int i = 0; i < columns; i++) {
                row[i] = random.nextInt(17) - 8;
            }
        }
        return values;
    }

    private static int[][] transposed(int[][] x) {
        int[][] y = new int[x[0].length][x.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[0].length; j++) {
                y[j][i] = x[i][j];
            }
        }
        return y;
    }

    /** Row after row, as floats or as the upper halves of floats, two in an int. */
    private static int[] bits(int[][] x, boolean half) {
        int columns = x[0].length;
        int[] bits = new int[x.length * columns / (half ? 2 : 1)];
        for (int i = 0; i < x.length * columns; i++) {
            int one = Float.floatToRawIntBits(x[i / columns][i % columns]);
            if (half) {
                bits[i / 2] |= i % 2 == 0 ? one >>> 16 : one;
            } else {
                bits[i] = one;
            }
        }
        return bits;
    }

    private static void check(int[][] a, int[][] b, float initial, float[] c, String name) {
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLUMNS; j++) {
                float sum = initial;
                for (int p = 0; p < b.length; p++) {
                    sum += a[i][p] * b[p][j];
                }
                assertEquals(sum, c[i * COLUMNS + j], name + ", element " + i + ", " + j);
            }
        }
    }

    private static float[] floats(Device device, long from, int count) {
        float[] values = new float[count];
        device.download(from, 4L * count, (buffer, start, bytes) -> buffer.asFloatBuffer().get(values, (int) start / 4, bytes / 4));
        return values;
    }

    private static int[] ints(Device device, long from, int count) {
        int[] values = new int[count];
        device.download(from, 4L * count, (buffer, start, bytes) -> buffer.asIntBuffer().get(values, (int) start / 4, bytes / 4));
        return values;
    }

    @Test
    void fragmentsAreLaidOutAsThePtxIsaSays() throws Exception {
        Random random = new Random(1);
        try (Device device = HostRun.device(); Operands operands = new Operands(device)) {
            for (boolean half : new boolean[] {true, false}) {
                int k = half ? 16 : 8;
                int[][] a = integers(random, ROWS, k);
                int[][] b = integers(random, k, COLUMNS);
                float[] start = new float[ROWS * COLUMNS];
                Arrays.fill(start, 3);
                int[] startBits = new int[start.length];
                Arrays.fill(startBits, Float.floatToRawIntBits(3));
                long c = operands.ints(startBits);
                device.kernel("tensor_core_check", half ? "tensor_core_bf16" : "tensor_core_tf32", 32).with(operands.ints(bits(a, half)))
                        .with(operands.ints(bits(transposed(b), half))).with(c).over(1);
                check(a, b, 3, floats(device, c, start.length), half ? "bf16" : "tf32");
            }
        }
    }

    @Test
    void matricesAreReadFromSharedMemoryEitherWay() throws Exception {
        Random random = new Random(2);
        try (Device device = HostRun.device(); Operands operands = new Operands(device)) {
            for (int round = 0; round < 4; round++) {
                int[][] a = integers(random, ROWS, 16);
                int[][] b = integers(random, 16, COLUMNS);
                boolean across = round >= 2;
                long c = operands.scratch(4 * ROWS * COLUMNS);
                device.kernel("tensor_core_check", "tensor_core_loaded", 32).with(operands.ints(bits(across ? transposed(a) : a, true)))
                        .with(operands.ints(bits(across ? b : transposed(b), true))).with(c).with(across).over(1);
                check(a, b, 0, floats(device, c, ROWS * COLUMNS), across ? "transposed" : "straight");
            }
        }
    }

    @Test
    void roundsToTheNearest() throws Exception {
        Random random = new Random(3);
        int[] x = new int[32];
        for (int i = 0; i < x.length; i++) {
            x[i] = Float.floatToRawIntBits((float) random.nextGaussian());
        }
        // A tie and its neighbours.
        x[0] = 0x3f801000;
        x[1] = 0x3f800fff;
        x[2] = 0x3f808000;
        x[3] = 0x3f818000;
        try (Device device = HostRun.device(); Operands operands = new Operands(device)) {
            long tf32 = operands.scratch(4 * 32);
            long both = operands.scratch(4 * 32);
            device.kernel("tensor_core_check", "tensor_core_rounding", 32).with(operands.ints(x)).with(tf32).with(both).over(1);
            int[] rounded = ints(device, tf32, 32);
            int[] packed = ints(device, both, 32);
            assertEquals(0x3f802000, rounded[0]);
            assertEquals(0x3f800000, rounded[1]);
            assertEquals(0x3f80, packed[2] & 0xffff);
            assertEquals(0x3f82, packed[3] & 0xffff);
            for (int i = 0; i < 32; i++) {
                assertEquals(0, rounded[i] & 0x1fff);
                assertEquals(0, Math.abs(rounded[i] - x[i]) > 0x1000 ? 1 : 0, "tf32 of " + Integer.toHexString(x[i]));
                assertEquals(0, Math.abs((packed[i] << 16) - x[i]) > 0x8000 ? 1 : 0, "bf16 of " + Integer.toHexString(x[i]));
                assertEquals(packed[i] & 0xffff, packed[i] >>> 16 ^ 0x8000, "the upper half of " + Integer.toHexString(packed[i]));
            }
        }
    }
}
