package lanewise.kernels.simd;

/** The micro-kernel two vectors wide, for what is too narrow for {@link TileF32}; the same contract. */
final class PairTileF32 {
    private static final boolean TALL = Blocking.TILE_VECTORS == 4;

    static final int ROWS = TALL ? Tile8x2F32.ROWS : TileF32.ROWS;
    static final int COLUMNS = TALL ? Tile8x2F32.COLUMNS : TileF32.COLUMNS;

    private PairTileF32() {
    }

    /** See {@link TileF32#multiply}. */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        if (TALL && aStep == 1 && bStep == COLUMNS) {
            PackedTile8x2F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else if (TALL) {
            Tile8x2F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else {
            TileF32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        }
    }
}
