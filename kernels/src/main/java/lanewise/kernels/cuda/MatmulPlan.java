package lanewise.kernels.cuda;

import java.util.List;

/**
 * How a product is computed: by which kernel, and how many blocks share the sum over k of a tile. It depends on the shapes, on the
 * operands' type and on the device, so that the same product gives the same bits in every run.
 */
record MatmulPlan(Tile tile, int parts) {
    static final String HOPPER_FILE = "matmul_sm90";
    /** Cycles that starting one more kernel takes. */
    private static final double START = 4000;
    /** Bytes that a multiprocessor moves in a cycle. */
    private static final double BANDWIDTH = 20;
    private static final int MOST_PARTS = 32;
    /** A grid is no deeper than this. */
    static final int MOST_BATCHES = 65535;

    /** Of op(A) [m, k] and op(B) [k, n], as many as `batch` says. */
    record Shape(int batch, int m, int n, int k, boolean transposeA, boolean transposeB) {
        int rowsOfA() {
            return transposeA ? k : m;
        }

        int rowsOfB() {
            return transposeB ? n : k;
        }
    }

    /**
     * A kernel and the tile of C that a block of it takes.
     *
     * @param file        of the kernel
     * @param kernel      its name; on tensor cores, without the transposes, for each of which there is one
     * @param tensor      whether it works on tensor cores
     * @param bytes       of an element of A or B
     * @param rows        of a tile
     * @param columns     of a tile
     * @param depth       steps of k that it takes at once
     * @param threads     of a block
     * @param sharedBytes beside what the kernel declares
     * @param rate        products that a multiprocessor adds in a cycle, all told
     */
    record Tile(String file, String kernel, boolean tensor, int bytes, int rows, int columns, int depth, int threads, int sharedBytes, double rate) {
        int blocks(Shape shape) {
            return ((shape.m + rows - 1) / rows) * ((shape.n + columns - 1) / columns);
        }

        String kernel(Shape shape) {
            return tensor ? kernel + "_" + (shape.transposeA ? "t" : "n") + (shape.transposeB ? "t" : "n") : kernel;
        }
    }

    static final List<Tile> FLOAT32 = List.of(fma("f32", 4, 128, 128, 8, 100), fma("f32", 4, 64, 64, 16, 75), fma("f32", 4, 16, 128, 32, 45),
            fma("f32", 4, 128, 16, 32, 45));
    static final List<Tile> FLOAT64 = List.of(fma("f64", 8, 128, 64, 8, 50), fma("f64", 8, 64, 64, 8, 40), fma("f64", 8, 16, 128, 16, 25),
            fma("f64", 8, 128, 16, 16, 25));
    static final List<Tile> TF32 = List.of(tensor("tf32", 4, 128, 3, 450), tensor("tf32", 4, 64, 4, 280));
    static final List<Tile> BFLOAT16 = List.of(tensor("bf16", 2, 128, 3, 900), tensor("bf16", 2, 64, 4, 550));
    /** Hopper's own. */
    static final List<Tile> BFLOAT16_90 = List.of(hopper(256, 4, 1500), hopper(128, 3, 1300), BFLOAT16.get(1));

    private static Tile fma(String type, int bytes, int rows, int columns, int depth, double rate) {
        return new Tile("matmul", "matmul_" + rows + "x" + columns + "_" + type, false, bytes, rows, columns, depth, 256, 0, rate);
    }

    /** Four warps; a stage has 128 bytes of every row of A's piece and of every column of B's. */
    private static Tile tensor(String type, int bytes, int side, int stages, double rate) {
        return new Tile("matmul_tensor", "matmul_" + side + "x" + side + "_" + type, true, bytes, side, side, 128 / bytes, 128,
                stages * 2 * side * 128, rate);
    }

    /** Two warpgroups; a stage as above, and all on a boundary of 1024 bytes. */
    private static Tile hopper(int columns, int stages, double rate) {
        return new Tile(HOPPER_FILE, "matmul_128x" + columns + "_sm90", true, 2, 128, columns, 64, 256, stages * (128 + columns) * 128 + 1024, rate);
    }

    /** The quickest by an estimate. */
    static MatmulPlan choose(List<Tile> tiles, int multiprocessors, Shape shape) {
        MatmulPlan best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Tile tile : tiles) {
            // A part has at least 8 steps, or it would be mostly starting and ending.
            int most = shape.batch > MOST_BATCHES ? 1 : Math.max(1, Math.min(MOST_PARTS, shape.k / (8 * tile.depth)));
            for (int parts = 1; parts <= most; parts++) {
                double cycles = cycles(tile, parts, multiprocessors, shape);
                if (cycles < least) {
                    least = cycles;
                    best = new MatmulPlan(tile, parts);
                }
            }
        }
        return best;
    }

    private static double cycles(Tile tile, int parts, int multiprocessors, Shape shape) {
        double turns = Math.ceil((double) tile.blocks(shape) * shape.batch * parts / multiprocessors);
        int steps = (shape.k + tile.depth - 1) / tile.depth;
        // Filling the pipeline and storing the tile take as long as a few steps.
        double deep = ((steps + parts - 1) / parts + 4.0) * tile.depth;
        double cycles = turns * tile.rows * tile.columns * deep / tile.rate;
        if (parts > 1) {
            cycles += START + 8.0 * (parts + 1) * shape.batch * shape.m * shape.n / (BANDWIDTH * multiprocessors);
        }
        return cycles;
    }
}
