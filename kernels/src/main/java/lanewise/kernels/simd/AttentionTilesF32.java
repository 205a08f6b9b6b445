package lanewise.kernels.simd;

/**
 * The tiles that attention's products are made of: {@link #WIDE} or {@link #PANEL} columns, and as high as the registers
 * allow, with lower ones where few rows are left.
 */
final class AttentionTilesF32 {
    private static final boolean MANY_REGISTERS = Blocking.TILE_VECTORS == 4;
    private static final int TALL_PAIR = MANY_REGISTERS ? Tile12x2F32.ROWS : PairTileF32.ROWS;

    static final int WIDE = TileF32.COLUMNS;
    static final int PANEL = PairTileF32.COLUMNS;
    /** Rows of the tallest tile. */
    static final int ROWS = Math.max(TallTileF32.ROWS, TALL_PAIR);

    private AttentionTilesF32() {
    }

    /** Rows of the tile to use where so many rows are left; it may touch up to {@link #ROWS} - 1 rows beyond them. */
    static int height(boolean wide, int left) {
        int low = wide ? TileF32.ROWS : PairTileF32.ROWS;
        int tall = wide ? TallTileF32.ROWS : TALL_PAIR;
        return left > 2 * low || left > low && left <= tall ? tall : low;
    }

    /** See {@link TileF32#multiply}. */
    static void multiply(boolean wide, int height, int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        if (wide) {
            if (height == TallTileF32.ROWS) {
                TallTileF32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
            } else {
                TileF32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
            }
        } else if (MANY_REGISTERS && height == Tile12x2F32.ROWS) {
            Tile12x2F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else {
            PairTileF32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        }
    }
}
