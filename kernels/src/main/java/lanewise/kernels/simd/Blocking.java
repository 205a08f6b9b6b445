package lanewise.kernels.simd;

/** Tile and block sizes of the matrix products for each vector width: the one table, read in one place. */
final class Blocking {
    // Bits of a vector; vectors across a tile; bytes along the summed index of a block (KC); rows of a block (MC).
    private static final int[][] TABLE = {
        {128, 4, 2048, 96},
        {256, 2, 2048, 96},
        {512, 4, 4096, 96},
    };
    private static final int[] ROW = row(VectorWidth.BITS);

    /** Vectors across a tile: 4 where there are 32 vector registers, 2 where there are 16. */
    static final int TILE_VECTORS = ROW[1];

    /** As many summed indices as fill these bytes a tile runs through before it is stored. */
    static final int DEPTH_BYTES = ROW[2];

    /** Rows that a task works on: {@code ROWS * DEPTH_BYTES} bytes of A and one panel of B stay in the L2 cache. */
    static final int ROWS = ROW[3];

    /** With few columns, a task gets fewer rows so that there is work for all threads, but not fewer than this. */
    static final int LEAST_ROWS = 24;

    /** B with at most so many elements is read in place: the caches hold it, so packing would not pay. */
    static final int IN_PLACE_ELEMENTS = 1 << 17;

    /** With at most so many rows in A, B is read in place: it is used too few times for packing to pay. */
    static final int IN_PLACE_ROWS = 48;

    /** A transposed A with at least so many rows is packed, if B has as many columns: its steps are far apart. */
    static final int PACK_LEFT = 256;

    /** For each thread, so many bytes of B are packed at a time, and used by all rows before the next. */
    static final int PACKED_BYTES = 1 << 20;

    /** A transposed A with more elements is read in place, to bound the memory for packing it. */
    static final int PACK_LEFT_ELEMENTS = 1 << 22;

    /** Multiply-adds that make a task worth another thread's while. */
    static final int TASK_WORK = 1 << 18;

    /** Moving an element into a panel takes as long as about so many multiply-adds. */
    static final int MOVE_WORK = 32;

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
