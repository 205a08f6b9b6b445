package lanewise.kernels.simd;

/**
 * The micro-kernel of every product of matrices: one tile of C, {@link #ROWS} by {@link #COLUMNS}, kept in registers
 * while the summed index runs.
 *
 * <p>Where A's steps are 1 apart and B is packed, the same tile with these distances as constants is used, {@code PackedTile..},
 * which the build generates: C2 then takes the checks of all indices out of the loop, and keeps the sums in registers. The
 * tall tile has one for a transposed A too.
 *
 * <p>All offsets and strides count elements. The left operand is read one element at a time, so its transpose costs
 * nothing; the right operand and the tile are read and written as rows of {@code COLUMNS} consecutive elements. Each
 * element of the tile is a chain of fused multiply-adds in the order of p, so its bits do not depend on the tile's shape.
 */
final class TileF32 {
    private static final boolean WIDE = Blocking.TILE_VECTORS == 4;

    static final int ROWS = WIDE ? Tile4x4F32.ROWS : Tile6x2F32.ROWS;
    static final int COLUMNS = WIDE ? Tile4x4F32.COLUMNS : Tile6x2F32.COLUMNS;

    private TileF32() {
    }

    /**
     * For i &lt; ROWS and j &lt; COLUMNS: {@code c[cOffset + i*cRow + j] (= or +=)} the sum over p &lt; depth of
     * {@code a[aOffset + i*aRow + p*aStep] * b[bOffset + p*bStep + j]}.
     *
     * @param accumulate whether the sum starts from the values in c; if not, c is not read
     */
    static void multiply(int depth, float[] a, int aOffset, int aRow, int aStep,
            float[] b, int bOffset, int bStep, float[] c, int cOffset, int cRow, boolean accumulate) {
        boolean packed = aStep == 1 && bStep == COLUMNS;
        if (WIDE && packed) {
            PackedTile4x4F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else if (WIDE) {
            Tile4x4F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else if (packed) {
            PackedTile6x2F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        } else {
            Tile6x2F32.multiply(depth, a, aOffset, aRow, aStep, b, bOffset, bStep, c, cOffset, cRow, accumulate);
        }
    }
}
