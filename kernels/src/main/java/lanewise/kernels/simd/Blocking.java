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

    /** With few columns, a task gets fewer rows so that there is work for all threads, in multiples of this, as of all tiles' rows. */
    static final int LEAST_ROWS = 24;

    /** With at most so many rows in A, B is read in place: it is used too few times for packing to pay. */
    static final int FEW_ROWS = 48;

    /** With fewer rows in A, a B that the caches hold, of at most {@link #IN_PLACE_ELEMENTS}, is read in place too. */
    static final int MANY_ROWS = 96;
    static final int IN_PLACE_ELEMENTS = 1 << 17;

    /** Bytes of B that are packed at a time, for all threads, and used by all rows before the next: a part of the L3 cache. */
    static final int PACKED_BYTES = 1 << 22;

    /** Of the summed index, so many times {@link #DEPTH_BYTES} are packed at a time. */
    static final int PACKED_DEPTHS = 2;

    /** Rows of B that are copied into a panel before the next panel: read side by side, so that reading runs ahead. */
    static final int PACK_ROWS = 8;

    /** Elements of a large array start 16 bytes after a boundary; at this offset, vectors straddle no cache lines. */
    static final int ALIGNED_BYTES = 64 - 16;

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
