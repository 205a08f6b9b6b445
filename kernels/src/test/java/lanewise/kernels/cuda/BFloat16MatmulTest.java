package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.scalar.ScalarFunctions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Products of bfloat16, given as bits, against plain loops. */
class BFloat16MatmulTest {
    private static final int[] SIZES = {1, 2, 3, 8, 15, 16, 17, 40, 64, 65, 100, 128, 130, 150};
    private static final int[] DEPTHS = {0, 1, 2, 3, 7, 8, 9, 16, 31, 64, 65, 120, 128, 200, 300};
    private static Device device;
    private static CudaMatmul matmul;

    @BeforeAll
    static void open() throws Exception {
        device = HostRun.device();
        matmul = new CudaMatmul(device, ElementType.FLOAT32, false);
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    /** The nearest bfloat16, ties to even. */
    private static float rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    /** A matrix of bfloat16 or float on the device: rows with gaps that hold NaN, or without, on boundaries of 16 bytes or not. */
    private static final class Matrix {
        final int rows;
        final int columns;
        final boolean wide;
        final float[] values;
        final int stride;
        final int start;
        final long base;

        Matrix(Operands operands, Random random, boolean integers, boolean wide, int rows, int columns) {
            this.rows = rows;
            this.columns = columns;
            this.wide = wide;
            boolean loose = random.nextBoolean();
            stride = columns + (loose ? 3 : random.nextBoolean() ? 8 : 0);
            start = loose ? 5 : 16;
            values = new float[rows * columns];
            int[] bits = new int[start + rows * stride + 8];
            Arrays.fill(bits, 0x7fc00000);
            for (int i = 0; i < values.length; i++) {
                float value = integers ? random.nextInt(9) - 4 : (float) random.nextGaussian();
                values[i] = wide ? value : rounded(value);
                bits[start + i / columns * stride + i % columns] = Float.floatToRawIntBits(values[i]);
            }
            base = operands.ints(wide ? bits : halves(bits));
        }

        private static int[] halves(int[] bits) {
            int[] halves = new int[(bits.length + 1) / 2];
            for (int i = 0; i < bits.length; i++) {
                halves[i / 2] |= i % 2 == 0 ? bits[i] >>> 16 : bits[i] & 0xffff0000;
            }
            return halves;
        }

        Operand operand() {
            return new Operand(base + (long) start * (wide ? 4 : 2), stride);
        }

        double get(int row, int column) {
            return values[row * columns + column];
        }

        /** What is there now, gaps included; these must still be NaN. */
        float[] read(String name) {
            int count = start + rows * stride + 8;
            float[] now = new float[count];
            device.download(base, wide ? 4L * count : 4L * ((count + 1) / 2), (buffer, from, bytes) -> {
                for (int i = 0; i < bytes; i += wide ? 4 : 2) {
                    int at = (int) (from + i) / (wide ? 4 : 2);
                    if (at < count) {
                        now[at] = Float.intBitsToFloat(wide ? buffer.getInt(i) : buffer.getShort(i) << 16);
                    }
                }
            });
            float[] result = new float[values.length];
            for (int i = 0; i < count; i++) {
                int row = Math.floorDiv(i - start, stride);
                int column = Math.floorMod(i - start, stride);
                if (row >= 0 && row < rows && column < columns) {
                    result[row * columns + column] = now[i];
                } else {
                    assertTrue(Float.isNaN(now[i]), name + ": what lies around the matrix was written");
                }
            }
            return result;
        }
    }

    private static void check(Random random, boolean integers, MatmulPlan.Tile tile, int parts, int batch, int m, int n, int k) {
        boolean transposeA = random.nextBoolean();
        boolean transposeB = random.nextBoolean();
        boolean wide = random.nextBoolean();
        double alpha = integers ? 1 + random.nextInt(2) : random.nextGaussian();
        double beta = random.nextBoolean() ? 0 : integers ? 3 : 0.5;
        Activation activation = integers ? Activation.RELU : Activation.values()[random.nextInt(Activation.values().length)];
        try (Operands operands = new Operands(device)) {
            Matrix a = new Matrix(operands, random, integers, false, batch * (transposeA ? k : m), transposeA ? m : k);
            Matrix b = new Matrix(operands, random, integers, false, batch * (transposeB ? n : k), transposeB ? k : n);
            Matrix c = new Matrix(operands, random, integers, wide, batch * m, n);
            Matrix bias = random.nextBoolean() ? new Matrix(operands, random, integers, wide, 1, n) : null;
            Matrix pre = random.nextBoolean() ? new Matrix(operands, random, integers, wide, batch * m, n) : null;
            String name = String.format("%s, %d parts, %d of m = %d, n = %d, k = %d, A%s B%s, alpha %s, beta %s, bias %s, pre %s, %s, to %s", tile, parts,
                    batch, m, n, k, transposeA ? "'" : "", transposeB ? "'" : "", alpha, beta, bias != null, pre != null, activation,
                    wide ? "float32" : "bfloat16");
            matmul.multiply(new MatmulPlan(tile, parts), new MatmulPlan.Shape(batch, m, n, k, transposeA, transposeB), alpha, a.operand(), b.operand(),
                    beta, c.operand(), wide, bias == null ? 0 : bias.operand().address(), activation, pre == null ? Operand.NONE : pre.operand(),
                    operands);
            float[] result = c.read(name);
            float[] before = pre == null ? null : pre.read(name);
            for (int row = 0; row < batch * m; row++) {
                for (int j = 0; j < n; j++) {
                    int i = row % m;
                    int matrix = row / m;
                    double sum = 0;
                    double magnitude = 0;
                    for (int p = 0; p < k; p++) {
                        double product = (transposeA ? a.get(matrix * k + p, i) : a.get(row, p))
                                * (transposeB ? b.get(matrix * n + j, p) : b.get(matrix * k + p, j));
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    double value = alpha * sum + (beta == 0 ? 0 : beta * c.get(row, j)) + (bias == null ? 0 : bias.get(0, j));
                    double bound = integers ? 0 : 2 * (k + 8) * 0x1p-24 * (Math.abs(alpha) * magnitude + Math.abs(beta * c.get(row, j)) + 4);
                    String element = name + ", element " + row + ", " + j;
                    if (pre != null) {
                        near(value, before[row * n + j], bound, wide, element + " before the activation");
                    }
                    near(ScalarFunctions.activation(activation, value), result[row * n + j], 1.2 * bound, wide, element);
                }
            }
        }
    }

    /** Within the bound, and, of a bfloat16, its rounding. */
    private static void near(double expected, float actual, double bound, boolean wide, String name) {
        double own = bound == 0 ? 0 : (wide ? 0x1p-20 : 0x1.01p-8) * Math.abs(expected);
        double nearest = bound == 0 && !wide ? rounded((float) expected) : expected;
        assertTrue(Math.abs(actual - nearest) <= bound + own, () -> name + " is " + actual + "; expected " + nearest + " within " + (bound + own));
    }

    private static Set<MatmulPlan.Tile> tiles() {
        Set<MatmulPlan.Tile> tiles = new LinkedHashSet<>(MatmulPlan.BFLOAT16);
        tiles.addAll(MatmulPlan.BFLOAT16_90);
        tiles.removeIf(tile -> !HostRun.runs(device, tile.file()));
        return tiles;
    }

    private static int one(Random random, int[] values) {
        return values[random.nextInt(values.length)];
    }

    @Test
    void integersAreExact() {
        Random random = KernelsUnderTest.seeded(1);
        for (MatmulPlan.Tile tile : tiles()) {
            for (int round = 0; round < 40; round++) {
                check(random, true, tile, random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1, random.nextInt(4) == 0 ? 3 : 1, one(random, SIZES),
                        one(random, SIZES), one(random, DEPTHS));
            }
        }
    }

    @Test
    void errorIsWithinTheBound() {
        Random random = KernelsUnderTest.seeded(2);
        for (MatmulPlan.Tile tile : tiles()) {
            for (int round = 0; round < 12; round++) {
                check(random, false, tile, random.nextInt(3) == 0 ? 2 : 1, random.nextInt(4) == 0 ? 3 : 1, one(random, SIZES), one(random, SIZES),
                        one(random, DEPTHS));
            }
        }
    }
}
