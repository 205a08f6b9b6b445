package lanewise.kernels.cuda;

import java.util.List;

/**
 * How a product is computed: by which kernel, and how many blocks share the sum over k of a tile. It depends on the shapes, on the
 * operands' type and on the device, so that the same product gives the same bits in every run.
 */
record MatmulPlan(Tile tile, int parts) {
    /** Cycles that starting one more kernel takes. */
    private static final double START = 4000;
    /** Bytes that a multiprocessor moves in a cycle. */
    private static final double BANDWIDTH = 20;
    private static final int MOST_PARTS = 32;
    /** A grid is no deeper than this. */
    static final int MOST_BATCHES = 65535;

    /**
     * A kernel and the tile of C that a block of it takes.
     *
     * @param file        of the kernel
     * @param kernel      its name
     * @param rows        of a tile
     * @param columns     of a tile
     * @param depth       steps of k that it takes at once
     * @param threads     of a block
     * @param sharedBytes beside what the kernel declares
     * @param rate        products that a multiprocessor adds in a cycle, all told
     */
    record Tile(String file, String kernel, int rows, int columns, int depth, int threads, int sharedBytes, double rate) {
        long blocks(int m, int n) {
            return (long) ((m + rows - 1) / rows) * ((n + columns - 1) / columns);
        }
    }

    static final List<Tile> FLOAT32 = List.of(fma("128x128", "f32", 128, 128, 8, 100), fma("64x64", "f32", 64, 64, 16, 75),
            fma("16x128", "f32", 16, 128, 32, 45), fma("128x16", "f32", 128, 16, 32, 45));
    static final List<Tile> FLOAT64 = List.of(fma("128x64", "f64", 128, 64, 8, 50), fma("64x64", "f64", 64, 64, 8, 40),
            fma("16x128", "f64", 16, 128, 16, 25), fma("128x16", "f64", 128, 16, 16, 25));

    private static Tile fma(String name, String type, int rows, int columns, int depth, double rate) {
        return new Tile("matmul", "matmul_" + name + "_" + type, rows, columns, depth, 256, 0, rate);
    }

    /** The quickest by an estimate. */
    static MatmulPlan choose(List<Tile> tiles, int multiprocessors, int batch, int m, int n, int k) {
        MatmulPlan best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Tile tile : tiles) {
            // A part has at least 8 steps, or it would be mostly starting and ending.
            int most = batch > MOST_BATCHES ? 1 : Math.max(1, Math.min(MOST_PARTS, k / (8 * tile.depth)));
            for (int parts = 1; parts <= most; parts++) {
                double cycles = cycles(tile, parts, multiprocessors, batch, m, n, k);
                if (cycles < least) {
                    least = cycles;
                    best = new MatmulPlan(tile, parts);
                }
            }
        }
        return best;
    }

    private static double cycles(Tile tile, int parts, int multiprocessors, int batch, int m, int n, int k) {
        double turns = Math.ceil((double) tile.blocks(m, n) * batch * parts / multiprocessors);
        int steps = (k + tile.depth - 1) / tile.depth;
        // Filling the pipeline and storing the tile take as long as a few steps.
        double deep = ((steps + parts - 1) / parts + 4.0) * tile.depth;
        double cycles = turns * tile.rows * tile.columns * deep / tile.rate;
        if (parts > 1) {
            cycles += START + 8.0 * (parts + 1) * batch * m * n / (BANDWIDTH * multiprocessors);
        }
        return cycles;
    }
}
