package lanewise.kernels.cuda;

import lanewise.kernels.Attention;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * A block for a tile of queries of a head, and in the backward pass another for a tile of keys; scores live in a block's shared memory
 * and registers only. Beyond the arguments, the backward pass takes two floats for every query of every head.
 */
final class CudaAttention implements Attention {
    private static final int THREADS = 256;
    /** Keys and values of this many bytes are read by blocks that run side by side, so that they stay in the L2 cache. */
    private static final long SECTION_BYTES = 16 << 20;

    private final Device device;
    private final String suffix;

    CudaAttention(Device device, ElementType type) {
        this(device, Device.suffix(type));
    }

    CudaAttention(Device device, String suffix) {
        this.device = device;
        this.suffix = suffix;
    }

    @Override
    public void forward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp) {
        try (Operands operands = new Operands(device)) {
            forward(operands, shape, operands.in(query), operands.in(key), operands.in(value), operands.out(output),
                    operands.out(logSumExp));
        }
    }

    @Override
    public void backward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp, Tensor dOutput,
            Tensor dQuery, Tensor dKey, Tensor dValue) {
        try (Operands operands = new Operands(device)) {
            backward(operands, shape, operands.in(query), operands.in(key), operands.in(value), operands.in(output),
                    operands.in(logSumExp), operands.in(dOutput), operands.out(dQuery), operands.out(dKey), operands.out(dValue));
        }
    }

    void forward(Operands operands, AttentionShape shape, Operand query, Operand key, Operand value, Operand output, Operand logSumExp) {
        Tiles tiles = new Tiles(shape.headWidth(), 128);
        int queryTiles = tiles.of(shape.queryLength());
        Launch launch = device.kernel("attention", "attention_forward_" + suffix + "_" + tiles.width, THREADS,
                tiles.sharedBytes(2));
        launch.with(query).with(key).with(value).with(output).with(logSumExp);
        sizes(launch, operands, shape).with(section(shape)).over(queryTiles * shape.batch() * shape.heads(), tiles.chunks, 1);
    }

    void backward(Operands operands, AttentionShape shape, Operand query, Operand key, Operand value, Operand output, Operand logSumExp,
            Operand dOutput, Operand dQuery, Operand dKey, Operand dValue) {
        int rows = shape.batch() * shape.heads() * shape.queryLength();
        Tiles tiles = new Tiles(shape.headWidth(), 64);
        long means = operands.scratch((long) rows * tiles.bytes);
        device.kernel("attention", "attention_means_" + suffix, THREADS).with(output).with(dOutput).with(means).with(rows)
                .with(shape.heads()).with(shape.queryLength()).with(shape.headWidth()).over(up(rows, THREADS / 32));
        int shared = tiles.sharedBytes(4);
        Launch launch = device.kernel("attention", "attention_query_gradient_" + suffix + "_" + tiles.width, THREADS, shared);
        launch.with(query).with(key).with(value).with(logSumExp).with(means).with(dOutput).with(dQuery);
        sizes(launch, operands, shape).with(section(shape))
                .over(tiles.of(shape.queryLength()) * shape.batch() * shape.heads(), tiles.chunks, 1);
        launch = device.kernel("attention", "attention_key_gradients_" + suffix + "_" + tiles.width, THREADS, shared);
        launch.with(query).with(key).with(value).with(logSumExp).with(means).with(dOutput).with(dKey).with(dValue);
        sizes(launch, operands, shape).with(section(shape))
                .over(tiles.of(shape.keyLength()) * shape.batch() * shape.keyHeads(), tiles.chunks, 1);
    }

    private static Launch sizes(Launch launch, Operands operands, AttentionShape shape) {
        return launch.with(shape.keyLengths() == null ? 0 : operands.ints(shape.keyLengths())).with(shape.heads())
                .with(shape.keyHeads()).with(shape.queryLength()).with(shape.keyLength()).with(shape.headWidth()).with(shape.causal())
                .with(shape.scale());
    }

    /** Heads whose blocks run side by side. */
    private int section(AttentionShape shape) {
        long head = 2L * Math.max(1, shape.keyLength()) * shape.headWidth() * (suffix.equals("f64") ? 8 : suffix.equals("f32") ? 4 : 2);
        return (int) Math.max(1, Math.min(SECTION_BYTES / head, (long) shape.batch() * shape.heads()));
    }

    private static int up(int x, int y) {
        return (x + y - 1) / y;
    }

    /** As attention.cu has them. */
    private final class Tiles {
        /** Of what is computed with. */
        final int bytes = suffix.equals("f64") ? 8 : 4;
        final int rows = suffix.equals("f64") ? 32 : 64;
        /** Of a chunk of a head. */
        final int width;
        final int chunks;

        Tiles(int headWidth, int most) {
            int chunk = switch (suffix) {
                case "f32" -> headWidth <= 16 ? 16 : headWidth <= 32 ? 32 : headWidth <= 64 ? 64 : most;
                case "f64" -> headWidth <= 32 ? 32 : 64;
                default -> 64;
            };
            width = chunk;
            chunks = up(headWidth, chunk);
        }

        int of(int length) {
            return up(length, rows);
        }

        /** Of some tiles of operands, and of one of scores; rows are 16 bytes apart. */
        int sharedBytes(int operands) {
            return operands * rows * (width * bytes + 16) + rows * (rows * bytes + 16);
        }
    }
}
