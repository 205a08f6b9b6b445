package lanewise.kernels.cuda;

import lanewise.kernels.Attention;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * A block for a tile of queries of a head, and in the backward pass another for a tile of keys; scores live in a block's shared memory
 * and registers only. Beyond the arguments, the backward pass takes one or two numbers for every query of every head.
 *
 * <p>What a query does not see does not show in its results, with one exception: on tensor cores, which multiply it with 0, an infinity or
 * a NaN in keys, values or gradients that share a tile of 64 or 128 rows with something seen.
 */
final class CudaAttention implements Attention {
    private static final int THREADS = 256;
    /** Keys and values of this many bytes are read by blocks that run side by side, so that they stay in the L2 cache. */
    private static final long SECTION_BYTES = 16 << 20;

    private static final String HOPPER_FORWARD = "attention_forward_sm90";
    private static final String HOPPER_BACKWARD = "attention_backward_sm90";

    private final Device device;
    private final String suffix;
    private final boolean hopper;

    CudaAttention(Device device, ElementType type) {
        this(device, Device.suffix(type), device.runs(HOPPER_FORWARD));
    }

    /** @param hopper whether Hopper's own kernels are used, where there are any */
    CudaAttention(Device device, String suffix, boolean hopper) {
        this.device = device;
        this.suffix = suffix;
        this.hopper = hopper;
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
        long keyLengths = keyLengths(operands, shape);
        if (onTensorCores(shape, query, key, value, output)) {
            TensorTiles tiles = new TensorTiles(shape.headWidth());
            Launch launch = hopper && tiles.width == HopperTiles.WIDTH
                    ? device.kernel(HOPPER_FORWARD, "attention_forward_bf16_sm90", HopperTiles.THREADS, HopperTiles.sharedBytes())
                    : device.kernel("attention_tensor", "attention_tensor_forward_bf16_" + tiles.width, TensorTiles.THREADS,
                            tiles.sharedBytes(tiles.rows, 4 * TensorTiles.KEYS, 0));
            launch.with(query).with(key).with(value).with(output).with(logSumExp);
            sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape))
                    .over(tiles.of(shape.queryLength()) * shape.batch() * shape.heads());
            return;
        }
        Tiles tiles = new Tiles(shape.headWidth(), 128);
        Launch launch = device.kernel("attention_" + suffix, "attention_forward_" + suffix + "_" + tiles.width, THREADS,
                tiles.sharedBytes(2));
        launch.with(query).with(key).with(value).with(output).with(logSumExp);
        sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape))
                .over(tiles.of(shape.queryLength()) * shape.batch() * shape.heads(), tiles.chunks, 1);
    }

    void backward(Operands operands, AttentionShape shape, Operand query, Operand key, Operand value, Operand output, Operand logSumExp,
            Operand dOutput, Operand dQuery, Operand dKey, Operand dValue) {
        if (onTensorCores(shape, query, key, value, output, dOutput, dQuery, dKey, dValue)) {
            tensorBackward(operands, shape, query, key, value, output, logSumExp, dOutput, dQuery, dKey, dValue);
            return;
        }
        long keyLengths = keyLengths(operands, shape);
        int rows = shape.batch() * shape.heads() * shape.queryLength();
        Tiles tiles = new Tiles(shape.headWidth(), 64);
        long means = operands.scratch((long) rows * tiles.bytes);
        device.kernel("attention_" + suffix, "attention_means_" + suffix, THREADS).with(output).with(dOutput).with(means).with(rows)
                .with(shape.heads()).with(shape.queryLength()).with(shape.headWidth()).over(up(rows, THREADS / 32));
        int shared = tiles.sharedBytes(4);
        Launch launch = device.kernel("attention_" + suffix, "attention_query_gradient_" + suffix + "_" + tiles.width, THREADS, shared);
        launch.with(query).with(key).with(value).with(logSumExp).with(means).with(dOutput).with(dQuery);
        sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape))
                .over(tiles.of(shape.queryLength()) * shape.batch() * shape.heads(), tiles.chunks, 1);
        launch = device.kernel("attention_" + suffix, "attention_key_gradients_" + suffix + "_" + tiles.width, THREADS, shared);
        launch.with(query).with(key).with(value).with(logSumExp).with(means).with(dOutput).with(dKey).with(dValue);
        sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape))
                .over(tiles.of(shape.keyLength()) * shape.batch() * shape.keyHeads(), tiles.chunks, 1);
    }

    private void tensorBackward(Operands operands, AttentionShape shape, Operand query, Operand key, Operand value, Operand output,
            Operand logSumExp, Operand dOutput, Operand dQuery, Operand dKey, Operand dValue) {
        TensorTiles tiles = new TensorTiles(shape.headWidth());
        long keyLengths = keyLengths(operands, shape);
        int heads = shape.batch() * shape.heads();
        int padded = tiles.of(shape.queryLength()) * tiles.rows;
        long statistics = operands.scratch(2L * heads * padded * Float.BYTES);
        Launch launch = device.kernel("attention_tensor_backward", "attention_tensor_statistics_bf16", THREADS);
        launch.with(output).with(logSumExp).with(dOutput).with(statistics).with(padded);
        sizes(launch, keyLengths, shape).over(padded / (THREADS / 8) * heads);

        boolean onHopper = hopper && tiles.width == HopperTiles.WIDTH;
        launch = onHopper
                ? device.kernel(HOPPER_BACKWARD, "attention_query_gradient_bf16_sm90", HopperTiles.THREADS, HopperTiles.sharedBytes())
                : device.kernel("attention_tensor_backward", "attention_tensor_query_gradient_bf16_" + tiles.width, TensorTiles.THREADS,
                        tiles.sharedBytes(2 * tiles.rows, 4 * tiles.others, 0));
        launch.with(query).with(key).with(value).with(statistics).with(padded).with(dOutput).with(dQuery);
        sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape)).over(tiles.of(shape.queryLength()) * heads);

        launch = onHopper
                ? device.kernel(HOPPER_BACKWARD, "attention_key_gradients_bf16_sm90", HopperTiles.THREADS, HopperTiles.sharedBytes())
                : device.kernel("attention_tensor_backward", "attention_tensor_key_gradients_bf16_" + tiles.width, TensorTiles.THREADS,
                        tiles.sharedBytes(2 * tiles.rows, 4 * tiles.others, 4 * tiles.others * Float.BYTES));
        launch.with(query).with(key).with(value).with(statistics).with(padded).with(dOutput).with(dKey).with(dValue);
        sizes(launch, keyLengths, shape).with(shape.scale()).with(section(shape))
                .over(tiles.of(shape.keyLength()) * shape.batch() * shape.keyHeads());
    }

    /** Whether the kernels on tensor cores take it: 16 bytes at a time. */
    private boolean onTensorCores(AttentionShape shape, Operand... views) {
        boolean aligned = true;
        for (Operand view : views) {
            aligned &= view.address() % 16 == 0 && view.stride() % 8 == 0;
        }
        return suffix.equals("bf16") && device.driver().capability() >= 80 && aligned && shape.headWidth() % 8 == 0
                && shape.headWidth() <= 128 && (float) shape.scale() > Float.MIN_NORMAL;
    }

    private static long keyLengths(Operands operands, AttentionShape shape) {
        return shape.keyLengths() == null ? 0 : operands.ints(shape.keyLengths());
    }

    private static Launch sizes(Launch launch, long keyLengths, AttentionShape shape) {
        return launch.with(keyLengths).with(shape.heads()).with(shape.keyHeads()).with(shape.queryLength()).with(shape.keyLength())
                .with(shape.headWidth()).with(shape.causal());
    }

    /** Heads whose blocks run side by side. */
    private int section(AttentionShape shape) {
        long head = 2L * Math.max(1, shape.keyLength()) * shape.headWidth() * (suffix.equals("f64") ? 8 : suffix.equals("f32") ? 4 : 2);
        return (int) Math.max(1, Math.min(SECTION_BYTES / head, (long) shape.batch() * shape.heads()));
    }

    private static int up(int x, int y) {
        return (x + y - 1) / y;
    }

    /** As attention_plain.cuh has them. */
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

    /** As the kernels on tensor cores have them. */
    private static final class TensorTiles {
        static final int THREADS = 128;
        /** Of the other side in the forward pass. */
        static final int KEYS = 64;

        final int width;
        /** Of the side that a block owns. */
        final int rows;
        /** Of the other side in the backward pass: a block has no more than 99 KB on 8.6, 8.9 and 12.0. */
        final int others;

        TensorTiles(int headWidth) {
            width = headWidth <= 32 ? 32 : headWidth <= 64 ? 64 : 128;
            rows = width <= 64 ? 128 : 64;
            others = width <= 64 ? 64 : 32;
        }

        int of(int length) {
            return up(length, rows);
        }

        int sharedBytes(int ownRows, int otherRows, int more) {
            return (ownRows + otherRows) * (width + 8) * Short.BYTES + more;
        }
    }

    /** As the kernels for Hopper have them; a block's rows are those of a block of four warps. */
    private static final class HopperTiles {
        static final int WIDTH = 64;
        static final int THREADS = 256;

        private HopperTiles() {
        }

        /** Four pairs of tiles of 64 rows on a boundary of 1024 bytes, and two statistics of as many queries each. */
        static int sharedBytes() {
            return 4 * 64 * (2 * WIDTH * Short.BYTES + 2 * Float.BYTES) + 1024;
        }
    }
}
