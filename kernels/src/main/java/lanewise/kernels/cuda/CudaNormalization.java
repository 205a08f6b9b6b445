package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Normalization;
import lanewise.kernels.Tensor;

/**
 * Row by row. Backward, a block takes many rows and sums the gradients of gain and shift over them; a second kernel adds the blocks'
 * sums, in an order that depends on the shape alone.
 */
final class CudaNormalization implements Normalization {
    private static final int WARP = 32;
    private static final int PACK = 16;
    /** Of a block backward, at most. */
    private static final int THREADS = 512;
    /** The same where a thread takes one pack. */
    private static final int THREADS_OF_ONE = 256;
    /** Of a large device; more would idle. The order of sums must not depend on the device. */
    private static final int MULTIPROCESSORS = 128;
    private static final int ROWS_OF_BLOCK = 8;
    private static final int SUM_THREADS = 1024;

    private final Device device;
    private final ElementType type;

    CudaNormalization(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        forward("layerNorm", x, gain, shift, epsilon, y, mean, rstd);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor rstd) {
        forward("rmsNorm", x, gain, null, epsilon, y, null, rstd);
    }

    @Override
    public void layerNormBackward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift) {
        backward("layerNormBackward", x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
    }

    @Override
    public void rmsNormBackward(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx, Tensor dGain) {
        backward("rmsNormBackward", x, gain, null, rstd, dy, accumulate, dx, dGain, null);
    }

    private void forward(String operation, Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        RowSplit split = RowSplit.of(device, type, x, 1);
        try (Operands operands = new Operands(device)) {
            split.kernel(device, "normalization", operation).with(operands.in(x)).with(operands.in(gain).address())
                    .with(operands.in(shift).address()).with(operands.out(y)).with(operands.out(mean).address())
                    .with(operands.out(rstd).address()).with(x.rows()).with(x.columns()).with(split.held()).with(epsilon)
                    .over(split.blocks());
        }
    }

    private void backward(String operation, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift) {
        int columns = x.columns();
        int packs = (columns * type.bytes() + PACK - 1) / PACK;
        int packsOfThread = packs <= THREADS_OF_ONE ? 1 : packs <= 2 * THREADS ? 2 : 4;
        // A pack of bfloat16 has twice as many sums as one of float32.
        int most = (type == ElementType.BFLOAT16 ? 2 : 4) * THREADS * PACK / type.bytes();
        if (columns > most) {
            throw new UnsupportedOperationException("x is " + x + "; on a GPU, the gradient of a norm takes at most " + most + " columns of it");
        }
        if (x.elements() == 0) {
            return;
        }
        int threads = Math.max(WARP, ((packs + packsOfThread - 1) / packsOfThread + WARP - 1) / WARP * WARP);
        // As many as run at once: the kernels' registers leave room for so many warps.
        int warps = packsOfThread > 1 ? 16 : type == ElementType.FLOAT32 ? 32 : 24;
        int blocks = Math.max(1, Math.min(x.rows() / ROWS_OF_BLOCK, MULTIPROCESSORS * (warps * WARP / threads)));
        try (Operands operands = new Operands(device)) {
            long partBytes = (long) blocks * columns * type.accumulator().bytes();
            long gainParts = operands.scratch(partBytes);
            long shiftParts = dShift == null ? 0 : operands.scratch(partBytes);
            String kernel = "normalization_" + operation + packsOfThread + "_" + Device.suffix(type);
            device.kernel("normalization", kernel, threads).with(operands.in(x)).with(operands.in(gain).address())
                    .with(operands.in(mean).address()).with(operands.in(rstd).address()).with(operands.in(dy)).with(accumulate)
                    .with(accumulate ? operands.inOut(dx) : operands.out(dx)).with(x.rows()).with(columns).with(gainParts)
                    .with(shiftParts).over(blocks);
            device.kernel("normalization", "normalization_addParts_" + Device.suffix(type.accumulator()), SUM_THREADS).with(gainParts)
                    .with(operands.inOut(dGain).address()).with(shiftParts).with(operands.inOut(dShift).address()).with(blocks).with(columns)
                    .over((columns + WARP - 1) / WARP, dShift == null ? 1 : 2, 1);
        }
    }
}
