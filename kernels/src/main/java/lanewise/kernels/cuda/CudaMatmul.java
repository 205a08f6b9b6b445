package lanewise.kernels.cuda;

import java.util.List;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;

/** A block for each tile of C, or several that share the sums of a tile and a second kernel that adds their parts. */
final class CudaMatmul implements Matmul {
    private static final int SUM_THREADS = 128;

    private final Device device;
    private final List<MatmulPlan.Tile> tiles;

    /** @param tf32 whether products of float32 may round their operands to 10 bits of the fraction, for the sake of speed */
    CudaMatmul(Device device, ElementType type, boolean tf32) {
        this.device = device;
        tiles = switch (type) {
            case FLOAT32 -> tf32 ? MatmulPlan.TF32 : MatmulPlan.FLOAT32;
            case FLOAT64 -> MatmulPlan.FLOAT64;
            case BFLOAT16 -> bfloat16(device);
        };
    }

    /** The kernels for bfloat16 on a device. */
    static List<MatmulPlan.Tile> bfloat16(Device device) {
        return device.runs(MatmulPlan.HOPPER_FILE) ? MatmulPlan.BFLOAT16_90 : MatmulPlan.BFLOAT16;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c, Epilogue epilogue) {
        int last = c.rank() - 1;
        MatmulPlan.Shape shape = new MatmulPlan.Shape(last == 2 ? c.size(0) : 1, c.size(last - 1), c.size(last), a.size(transposeA ? last - 1 : last),
                transposeA, transposeB);
        if (c.elements() == 0) {
            return;
        }
        try (Operands operands = new Operands(device)) {
            multiply(MatmulPlan.choose(tiles, device.driver().multiprocessors(), shape), shape, alpha, operands.in(a), operands.in(b), beta,
                    beta == 0 ? operands.out(c) : operands.inOut(c), a.type() != c.type(), operands.in(epilogue.bias()).address(), epilogue.activation(),
                    operands.out(epilogue.preActivation()), operands);
        }
    }

    /**
     * By a plan of the caller's.
     *
     * @param wide     whether A and B are bfloat16 and the rest float32
     * @param operands that scratch memory is taken from
     */
    void multiply(MatmulPlan plan, MatmulPlan.Shape shape, double alpha, Operand a, Operand b, double beta, Operand c, boolean wide, long bias,
            Activation activation, Operand pre, Operands operands) {
        MatmulPlan.Tile tile = plan.tile();
        int m = shape.m();
        int n = shape.n();
        if (plan.parts() > 1) {
            int rows = shape.batch() * m;
            long sums = operands.scratch((long) plan.parts() * rows * n * Math.max(Float.BYTES, tile.bytes()));
            product(tile, shape, a, b).with(1.0).with(0.0).with(sums).with((long) n).with(0).with(0).with(0).with(Activation.IDENTITY.ordinal())
                    .with(true).over(tile.blocks(shape), plan.parts(), shape.batch());
            String type = tile.bytes() == Double.BYTES ? "f64" : wide || tile.bytes() == Float.BYTES ? "f32" : "bf16";
            long fours = (long) rows * ((n + 3) / 4);
            device.kernel("matmul", "matmul_sum_" + type, SUM_THREADS).with(sums).with(plan.parts()).with(rows).with(n).with(alpha).with(beta)
                    .with(c).with(bias).with(pre).with(activation.ordinal()).over((int) ((fours + SUM_THREADS - 1) / SUM_THREADS));
            return;
        }
        int bytes = wide ? Float.BYTES : tile.bytes();
        for (int first = 0; first < shape.batch(); first += MatmulPlan.MOST_BATCHES) {
            product(tile, shape, moved(a, first, shape.rowsOfA(), tile.bytes()), moved(b, first, shape.rowsOfB(), tile.bytes())).with(alpha).with(beta)
                    .with(moved(c, first, m, bytes)).with(bias).with(moved(pre, first, m, bytes)).with(activation.ordinal()).with(wide)
                    .over(tile.blocks(shape), 1, Math.min(MatmulPlan.MOST_BATCHES, shape.batch() - first));
        }
    }

    private Launch product(MatmulPlan.Tile tile, MatmulPlan.Shape shape, Operand a, Operand b) {
        return device.kernel(tile.file(), tile.kernel(shape), tile.threads(), tile.sharedBytes()).with(a).with(shape.transposeA()).with(b)
                .with(shape.transposeB()).with(shape.m()).with(shape.n()).with(shape.k());
    }

    private static Operand moved(Operand operand, int matrices, int rows, int bytes) {
        return new Operand(operand.address() + (long) matrices * rows * operand.stride() * bytes, operand.stride());
    }
}
