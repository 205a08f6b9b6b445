package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * How an operation on rows is shared out: a warp takes a short row, a block a long one, and shared memory holds it between passes.
 * It depends on the shape alone, so that a row's bits do too.
 *
 * @param suffix  of the kernel's operation: the two ways are two kernels
 * @param threads of a block
 * @param blocks  for all rows
 * @param held    elements of a row in shared memory: all, or a multiple of 16 bytes
 */
record RowSplit(ElementType type, String suffix, int threads, int blocks, int held, int sharedBytes) {
    private static final int WARP = 32;
    /** Rows with more bytes take a block. */
    private static final int SHORT = 4096;
    private static final int WARPS = 4;
    private static final int PACK = 16;
    private static final int PACKS_OF_THREAD = 4;
    private static final int MOST_THREADS = 1024;
    /** What kernels declare themselves. */
    private static final int DECLARED = 1024;

    /**
     * @param type    of the kernel
     * @param tensors of x's shape that it holds rows of
     */
    static RowSplit of(Device device, ElementType type, Tensor x, int tensors) {
        int size = type.bytes();
        long rowBytes = ((long) x.columns() * size + PACK - 1) / PACK * PACK;
        if (rowBytes <= SHORT) {
            int blocks = (x.rows() + WARPS - 1) / WARPS;
            return new RowSplit(type, "Short", WARPS * WARP, blocks, (int) rowBytes / size, (int) rowBytes * WARPS * tensors);
        }
        int threads = (int) Math.min(MOST_THREADS, (rowBytes / (PACK * PACKS_OF_THREAD) + WARP - 1) / WARP * WARP);
        int held = (int) Math.min(rowBytes, (device.driver().sharedBytes() - DECLARED) / Math.max(1, tensors) / PACK * PACK);
        return new RowSplit(type, "", threads, x.rows(), held / size, held * tensors);
    }

    Launch kernel(Device device, String family, String operation) {
        return device.kernel(family, family + "_" + operation + suffix + "_" + Device.suffix(type), threads, sharedBytes);
    }
}
