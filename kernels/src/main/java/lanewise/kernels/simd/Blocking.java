package lanewise.kernels.simd;

/** Tile and block sizes of the matrix products for each vector width: the one table, read in one place. */
final class Blocking {
    // Bits of a vector; vectors across a tile; summed indices of a block; tiles across a block.
    private static final int[][] TABLE = {
        {128, 4, 1024, 8},
        {256, 2, 512, 16},
        {512, 4, 1024, 2},
    };
    private static final int[] ROW = row(VectorWidth.BITS);

    /** Vectors across a tile: 4 where there are 32 vector registers, 2 where there are 16. */
    static final int TILE_VECTORS = ROW[1];

    /** Summed indices (KC) that a tile runs through before it is stored. */
    static final int DEPTH = ROW[2];

    /** Tiles (NC) across the block of C that a task works on: the panels of B for them stay in the L2 cache. */
    static final int TILES = ROW[3];

    /** B with at most so many elements is read in place: the caches hold it, so packing would not pay. */
    static final int IN_PLACE_ELEMENTS = 1 << 17;

    /** With at most so many rows in A, B is read in place: it is used too few times for packing to pay. */
    static final int IN_PLACE_ROWS = 48;

    /** A transposed A with at least so many rows is packed, if B has as many columns: its steps are far apart. */
    static final int PACK_LEFT = 256;

    /** Elements of A or of B that are packed at a time. */
    static final int PACKED_ELEMENTS = 1 << 22;

    /** Multiply-adds, or elements moved, that make a task worth another thread's while. */
    static final int TASK_WORK = 1 << 18;

    private Blocking() {
    }

    private static int[] row(int bits) {
        int[] widest = TABLE[0];
        for (int[] row : TABLE) {
            if (row[0] <= bits) {
                widest = row;
            }
        }
        return widest;
    }
}
