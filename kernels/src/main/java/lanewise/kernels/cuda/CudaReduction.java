package lanewise.kernels.cuda;

import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Reduction;
import lanewise.kernels.Tensor;

/** Sums by blocks, and then of the blocks' sums. */
final class CudaReduction implements Reduction {
    private static final int WARP = 32;
    private static final int MOST_WARPS = 32;
    /** Of all blocks together: what keeps a large device busy. */
    private static final int ALL_WARPS = 1 << 12;
    private static final int ROWS_OF_WARP = 4;
    private static final int MOST_SUM_BLOCKS = 1024;
    private static final int PACKS_OF_SUM_THREAD = 4;

    /** Numbers for each tensor in the table of a launch for many. */
    private static final int TABLE_WIDTH = 3;

    private final Device device;
    private final ElementType type;

    CudaReduction(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    private Launch kernel(String operation, int threads) {
        return kernel(operation, type, threads);
    }

    private Launch kernel(String operation, ElementType type, int threads) {
        return device.kernel("reduction", "reduction_" + operation + "_" + Device.suffix(type), threads);
    }

    @Override
    public double sum(Tensor x) {
        return sum("sum", List.of(x));
    }

    @Override
    public double sumOfSquares(Tensor x) {
        return sum("sumOfSquares", List.of(x));
    }

    @Override
    public double sumOfAllSquares(List<Tensor> tensors) {
        return tensors.stream().allMatch(Tensor::isContiguous) ? sumOfListedSquares(tensors) : sum("sumOfSquares", tensors);
    }

    /** With one launch for all; the bits are those of a launch for each. */
    private double sumOfListedSquares(List<Tensor> tensors) {
        try (Operands operands = new Operands(device)) {
            long[] table = new long[TABLE_WIDTH * tensors.size()];
            int[] ends = new int[tensors.size()];
            int blocks = 0;
            for (int i = 0; i < ends.length; i++) {
                Tensor x = tensors.get(i);
                table[TABLE_WIDTH * i] = operands.in(x).address();
                table[TABLE_WIDTH * i + 1] = x.elements();
                table[TABLE_WIDTH * i + 2] = blocks;
                blocks += sumBlocks(Elements.split(type, 1, x.elements()));
                ends[i] = blocks;
            }
            if (blocks == 0) {
                return 0;
            }
            long parts = operands.scratch((long) blocks * Double.BYTES);
            kernel("sumOfAllSquares", Elements.THREADS).with(operands.longs(table)).with(ends.length).with(parts).over(blocks);
            return sums(parts, ends);
        }
    }

    private double sum(String operation, List<Tensor> tensors) {
        int most = 0;
        for (Tensor x : tensors) {
            most += sumBlocks(Elements.split(type, x.rows(), x.columns()));
        }
        if (most == 0) {
            return 0;
        }
        try (Operands operands = new Operands(device)) {
            long parts = operands.scratch((long) most * Double.BYTES);
            int[] ends = new int[tensors.size()];
            int all = 0;
            for (int i = 0; i < ends.length; i++) {
                Tensor x = tensors.get(i);
                if (x.elements() > 0) {
                    Operand from = operands.in(x);
                    Elements elements = Elements.of(type, x.rows(), x.columns(), from);
                    int blocks = sumBlocks(elements);
                    kernel(operation, Elements.THREADS).with(from).with(elements.rows()).with(elements.columns())
                            .with(parts + (long) all * Double.BYTES).over(blocks);
                    all += blocks;
                }
                ends[i] = all;
            }
            return sums(parts, ends);
        }
    }

    private static int sumBlocks(Elements elements) {
        return Math.min(MOST_SUM_BLOCKS, (elements.blocks() + PACKS_OF_SUM_THREAD - 1) / PACKS_OF_SUM_THREAD);
    }

    /** Of the parts of each tensor, which end here. */
    private double sums(long parts, int[] ends) {
        double[] read = new double[ends[ends.length - 1]];
        device.download(parts, (long) read.length * Double.BYTES, (buffer, start, bytes) -> buffer.asDoubleBuffer()
                .get(read, (int) (start / Double.BYTES), bytes / Double.BYTES));
        double sum = 0;
        int at = 0;
        for (int end : ends) {
            double own = 0;
            for (; at < end; at++) {
                own += read[at];
            }
            sum += own;
        }
        return sum;
    }

    @Override
    public void sumRepeated(Tensor x, Tensor block) {
        int period = block.rows();
        int columns = x.columns();
        if (x.elements() == 0) {
            return;
        }
        int count = x.rows() / period;
        int blocks = period * ((columns + WARP - 1) / WARP);
        int warps = warps(blocks, count);
        // Few columns and many rows: the rows are cut into slices, whose sums are then added.
        int slices = Math.max(1, Math.min(ALL_WARPS / warps / blocks, count / (warps * ROWS_OF_WARP)));
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand to = operands.inOut(block);
            if (slices == 1) {
                kernel("sumRepeated", warps * WARP).with(from).with(period * from.stride()).with(count).with(to).with(0).with(columns)
                        .with(1.0).with(true).over(blocks);
                return;
            }
            long results = (long) period * columns;
            long parts = operands.scratch(slices * results * type.accumulator().bytes());
            kernel("sumRepeated", warps * WARP).with(from).with(period * from.stride()).with(count).with(parts).with(columns)
                    .with(results).with(columns).with(1.0).with(false).over(blocks, slices, 1);
            kernel("sumRepeated", type.accumulator(), warps(blocks, slices) * WARP).with(parts).with(columns).with(results).with(slices).with(to).with(0)
                    .with(columns).with(1.0).with(true).over(blocks);
        }
    }

    @Override
    public void pool(int length, double scale, Tensor x, Tensor y) {
        int columns = x.columns();
        int blocks = y.rows() * ((columns + WARP - 1) / WARP);
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            kernel("pool", warps(blocks, length) * WARP).with(from.address()).with(length * from.stride()).with(from.stride())
                    .with(length).with(operands.out(y)).with(0).with(columns).with(scale).with(false).over(blocks);
        }
    }

    /** Of a block: more if there are few blocks. */
    private static int warps(int blocks, int rows) {
        int wanted = Math.min(ALL_WARPS / Math.max(1, blocks), rows / ROWS_OF_WARP);
        return Math.max(1, Math.min(MOST_WARPS, wanted));
    }

    @Override
    public void poolBackward(int length, double scale, Tensor dy, Tensor dx) {
        try (Operands operands = new Operands(device)) {
            Elements elements = Elements.split(type, dx.rows(), dx.columns());
            kernel("poolBackward", Elements.THREADS).with(operands.in(dy)).with(operands.out(dx)).with(dx.rows()).with(dx.columns())
                    .with(length).with(scale).over(elements.blocks());
        }
    }
}
