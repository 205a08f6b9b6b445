package lanewise.kernels.cuda;

import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;

/** A block for each tile of C, or several that share the sums of a tile and a second kernel that adds their parts. */
final class CudaMatmul implements Matmul {
    private static final int SUM_THREADS = 128;

    private final Device device;
    private final ElementType type;
    private final List<MatmulPlan.Tile> tiles;

    CudaMatmul(Device device, ElementType type) {
        this.device = device;
        this.type = type;
        tiles = type == ElementType.FLOAT32 ? MatmulPlan.FLOAT32 : MatmulPlan.FLOAT64;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c, Epilogue epilogue) {
        int last = c.rank() - 1;
        int batch = last == 2 ? c.size(0) : 1;
        int m = c.size(last - 1);
        int n = c.size(last);
        int k = a.size(transposeA ? last - 1 : last);
        if (c.elements() > 0) {
            multiply(MatmulPlan.choose(tiles, device.driver().multiprocessors(), batch, m, n, k), batch, m, n, k, transposeA, transposeB, alpha, a, b,
                    beta, c, epilogue);
        }
    }

    /** By a plan of the caller's. */
    void multiply(MatmulPlan plan, int batch, int m, int n, int k, boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b,
            double beta, Tensor c, Epilogue epilogue) {
        try (Operands operands = new Operands(device)) {
            Operand left = operands.in(a);
            Operand right = operands.in(b);
            Operand result = beta == 0 ? operands.out(c) : operands.inOut(c);
            long bias = operands.in(epilogue.bias()).address();
            Operand pre = operands.out(epilogue.preActivation());
            int activation = epilogue.activation().ordinal();
            MatmulPlan.Tile tile = plan.tile();
            int size = DeviceStorage.bytes(type);
            if (plan.parts() > 1) {
                int rows = batch * m;
                long sums = operands.scratch((long) plan.parts() * rows * n * size);
                product(tile, left, transposeA, right, transposeB, m, n, k).with(1.0).with(0.0).with(sums).with((long) n).with(0).with(0).with(0)
                        .with(0).over((int) tile.blocks(m, n), plan.parts(), batch);
                long fours = (long) rows * ((n + 3) / 4);
                device.kernel("matmul", "matmul_sum_" + Device.suffix(type), SUM_THREADS).with(sums).with(plan.parts()).with(rows).with(n)
                        .with(alpha).with(beta).with(result).with(bias).with(pre).with(activation)
                        .over((int) ((fours + SUM_THREADS - 1) / SUM_THREADS));
                return;
            }
            for (int first = 0; first < batch; first += MatmulPlan.MOST_BATCHES) {
                long rows = (long) first * m;
                product(tile, moved(left, (long) first * (transposeA ? k : m), size), transposeA,
                        moved(right, (long) first * (transposeB ? n : k), size), transposeB, m, n, k).with(alpha).with(beta)
                        .with(moved(result, rows, size)).with(bias).with(moved(pre, rows, size)).with(activation)
                        .over((int) tile.blocks(m, n), 1, Math.min(MatmulPlan.MOST_BATCHES, batch - first));
            }
        }
    }

    private Launch product(MatmulPlan.Tile tile, Operand left, boolean transposeA, Operand right, boolean transposeB, int m, int n, int k) {
        return device.kernel(tile.file(), tile.kernel(), tile.threads(), tile.sharedBytes()).with(left).with(transposeA).with(right)
                .with(transposeB).with(m).with(n).with(k);
    }

    private static Operand moved(Operand operand, long rows, int size) {
        return new Operand(operand.address() + rows * operand.stride() * size, operand.stride());
    }
}
