package lanewise.kernels.simd;

/**
 * The tile that the product of large matrices uses: as wide as {@link TileF32}, and with as many rows as the registers
 * hold, because then each vector of B, which comes from the L2 cache, is used most often.
 */
final class TallTileF32 {
    private static final boolean WIDE = Blocking.TILE_VECTORS == 4;

    static final int ROWS = WIDE ? Tile6x4F32.ROWS : Tile6x2F32.ROWS;
    static final int COLUMNS = TileF32.COLUMNS;

    private TallTileF32() {
    }

    /** As {@link TileF32#multiply}. */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        if (WIDE && aStep == 1 && bStep == COLUMNS) {
            PackedTile6x4F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else if (WIDE && aRow == 1 && bStep == COLUMNS) {
            PackedTransposedTile6x4F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow,
                    accumulate);
        } else if (WIDE) {
            Tile6x4F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else {
            TileF32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        }
    }
}
