package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.Tensor;

/**
 * The arguments of one forward and backward pass on a device, as raw bits, in columns of wider matrices whose other columns must stay as
 * they are; against the scalar column in double, of the same rounded inputs.
 */
final class CudaAttentionCase {
    private static final int GUARD = -1;

    final AttentionShape shape;
    private final String type;
    private final boolean hopper;
    private final Device device;
    private final int bytes;
    private final int statisticBytes;
    /** Of the model's columns before and behind an operand's own. */
    private final int margin;
    /** About the size of queries and keys; that of values is 1. */
    private final double size;
    private final double[] query;
    private final double[] key;
    private final double[] value;
    private final double[] dOutput;

    double[] output;
    double[] logSumExp;
    double[] dQuery;
    double[] dKey;
    double[] dValue;

    /** @param type f32, f64 or bf16; "bf16 on Hopper" with its own kernels, which another GPU would not load */
    CudaAttentionCase(Device device, String type, AttentionShape shape, int margin, double size, long seed) {
        this.device = device;
        this.type = type.substring(0, type.indexOf(' ') < 0 ? type.length() : type.indexOf(' '));
        hopper = type.endsWith("Hopper") && HostRun.runs(device, "attention_forward_sm90");
        this.shape = shape;
        this.margin = margin;
        this.size = size;
        bytes = this.type.equals("f64") ? 8 : this.type.equals("f32") ? 4 : 2;
        statisticBytes = Math.max(4, bytes);
        SplittableRandom random = new SplittableRandom(KernelsUnderTest.seeded(seed).nextLong());
        int queries = shape.batch() * shape.queryLength() * shape.heads() * shape.headWidth();
        int keys = shape.batch() * shape.keyLength() * shape.keyHeads() * shape.headWidth();
        query = random(random, queries, size);
        key = random(random, keys, size);
        value = random(random, keys, 1);
        dOutput = random(random, queries, 1);
    }

    /** Rounded to what the type can hold. */
    private double[] random(SplittableRandom random, int count, double size) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = rounded(size * random.nextDouble(-1.7, 1.7));
        }
        return values;
    }

    private double rounded(double x) {
        return switch (type) {
            case "f64" -> x;
            case "f32" -> (float) x;
            default -> Float.intBitsToFloat(bfloat16(x) << 16);
        };
    }

    private static int bfloat16(double x) {
        int bits = Float.floatToRawIntBits((float) x);
        return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
    }

    /** A matrix on the device, with a margin on either side whose bits are all set. */
    private final class Matrix implements AutoCloseable {
        final int rows;
        final int columns;
        final int element;
        final int around;
        final long address;

        Matrix(int rows, int columns, int element, int around) {
            this.rows = rows;
            this.columns = columns;
            this.element = element;
            this.around = around;
            address = device.allocate(size());
            device.upload(address, size(), (buffer, start, count) -> {
                for (int i = 0; i < count; i++) {
                    buffer.put(i, (byte) GUARD);
                }
            });
        }

        Matrix(double[] values, int rows, int columns) {
            this(rows, columns, bytes, margin);
            device.upload(address, size(), (buffer, start, count) -> {
                for (int i = 0; i < count / element; i++) {
                    int at = (int) (start / element) + i;
                    int column = at % stride() - around;
                    put(buffer, i, column < 0 || column >= columns ? Double.NaN : values[at / stride() * columns + column]);
                }
            });
        }

        private void put(ByteBuffer buffer, int i, double x) {
            switch (element) {
                case 8 -> buffer.putDouble(8 * i, x);
                case 4 -> buffer.putFloat(4 * i, (float) x);
                default -> buffer.putShort(2 * i, (short) bfloat16(x));
            }
        }

        int stride() {
            return columns + 2 * around;
        }

        private long size() {
            return Math.max(1, (long) rows * stride() * element);
        }

        Operand operand() {
            return new Operand(address + (long) around * element, stride());
        }

        double[] values(String name) {
            double[] values = new double[rows * columns];
            device.download(address, size(), (buffer, start, count) -> {
                for (int i = 0; i < count / element; i++) {
                    int at = (int) (start / element) + i;
                    int column = at % stride() - around;
                    if (column < 0 || column >= columns) {
                        for (int b = 0; b < element; b++) {
                            assertTrue(buffer.get(i * element + b) == (byte) GUARD, () -> name + " was written beside its columns");
                        }
                    } else {
                        values[at / stride() * columns + column] = element == 8 ? buffer.getDouble(8 * i)
                                : element == 4 ? buffer.getFloat(4 * i) : Float.intBitsToFloat(buffer.getShort(2 * i) << 16);
                    }
                }
            });
            return values;
        }

        @Override
        public void close() {
            device.release(address);
        }
    }

    CudaAttentionCase run() {
        int width = shape.heads() * shape.headWidth();
        int keyWidth = shape.keyHeads() * shape.headWidth();
        int queries = shape.batch() * shape.queryLength();
        int keys = shape.batch() * shape.keyLength();
        CudaAttention attention = new CudaAttention(device, type, hopper);
        try (Matrix q = new Matrix(query, queries, width); Matrix k = new Matrix(key, keys, keyWidth);
                Matrix v = new Matrix(value, keys, keyWidth); Matrix dO = new Matrix(dOutput, queries, width);
                Matrix o = new Matrix(queries, width, bytes, margin);
                Matrix lse = new Matrix(shape.batch() * shape.heads(), shape.queryLength(), statisticBytes, margin);
                Matrix dQ = new Matrix(queries, width, bytes, margin); Matrix dK = new Matrix(keys, keyWidth, bytes, margin);
                Matrix dV = new Matrix(keys, keyWidth, bytes, margin)) {
            try (Operands operands = new Operands(device)) {
                attention.forward(operands, shape, q.operand(), k.operand(), v.operand(), o.operand(), lse.operand());
            }
            try (Operands operands = new Operands(device)) {
                attention.backward(operands, shape, q.operand(), k.operand(), v.operand(), o.operand(), lse.operand(), dO.operand(),
                        dQ.operand(), dK.operand(), dV.operand());
            }
            output = o.values("output");
            logSumExp = lse.values("logSumExp");
            dQuery = dQ.values("dQuery");
            dKey = dK.values("dKey");
            dValue = dV.values("dValue");
        }
        return this;
    }

    /** Within so many units of the type's rounding of the definition, forward, and 3 times as many backward. */
    void check(double units) {
        double unit = units * (type.equals("f64") ? 0x1p-53 : type.equals("f32") ? 0x1p-24 : 0x1p-9);
        ElementType wide = ElementType.FLOAT64;
        int width = shape.heads() * shape.headWidth();
        int keyWidth = shape.keyHeads() * shape.headWidth();
        Tensor q = of(query, width);
        Tensor k = of(key, keyWidth);
        Tensor v = of(value, keyWidth);
        Tensor dO = of(dOutput, width);
        Tensor o = Tensor.zeros(wide, q.shape());
        Tensor lse = Tensor.zeros(wide, shape.batch() * shape.heads(), shape.queryLength());
        Tensor dQ = Tensor.zeros(wide, q.shape());
        Tensor dK = Tensor.zeros(wide, k.shape());
        Tensor dV = Tensor.zeros(wide, k.shape());
        try (Kernels scalar = Kernels.builder().implementation("scalar").threads(1).build()) {
            scalar.attention().forward(shape, q, k, v, o, lse);
            scalar.attention().backward(shape, q, k, v, o, lse, dO, dQ, dK, dV);
        }
        close("output", o, output, unit, 1);
        close("logSumExp", lse, logSumExp, type.equals("bf16") ? 0x1p-20 * units : unit, 1);
        // Gradients of queries are sums of keys, and the other way round; terms cancel.
        close("dQuery", dQ, dQuery, 3 * unit, size);
        close("dKey", dK, dKey, 3 * unit, size);
        close("dValue", dV, dValue, 3 * unit, 1);
    }

    private static Tensor of(double[] values, int columns) {
        Tensor tensor = Tensor.zeros(ElementType.FLOAT64, values.length / columns, columns);
        tensor.copyFrom(values);
        return tensor;
    }

    /** Relative to an element, or to what its terms are like where it is smaller. */
    private void close(String name, Tensor expected, double[] actual, double tolerance, double terms) {
        double[] wanted = expected.toArray();
        for (int i = 0; i < wanted.length; i++) {
            int at = i;
            double most = tolerance * Math.max(Math.abs(wanted[i]), terms);
            assertTrue(wanted[i] == actual[i] || Math.abs(wanted[i] - actual[i]) <= most,
                    () -> type + ", " + shape + ": " + name + "[" + at + "] is " + actual[at] + ", expected " + wanted[at]
                            + " within " + most);
        }
    }
}
