package lanewise.kernels.simd;

import lanewise.kernels.Workers;

/**
 * A product of matrices, cut into blocks of C, and these into tiles.
 *
 * <p>A tile reads A one element at a time, so A is read where it is, whatever its strides; it is packed only if it is
 * transposed and used often, or has fewer rows than a tile. A small B that is not transposed is read in place too. Any
 * other B is packed into panels as wide as a tile, which all threads share. Rows and columns that do not fill a tile are
 * computed as a whole tile in a scratch array.
 *
 * <p>Every element of C is one chain of fused multiply-adds over p = 0 ... k - 1, whatever the path, the block and
 * the tile, so its bits do not depend on the number of threads.
 */
final class ProductF32 extends OperandsF32 {
    private static final int HEIGHT = TallTileF32.ROWS;
    private static final int WIDTH = TallTileF32.COLUMNS;
    private static final int LANES = NarrowTileF32.COLUMNS;
    private static final int DEPTH = Blocking.DEPTH_BYTES / Float.BYTES;

    private static final int RIGHT_SLOT = 0;
    private static final int LEFT_SLOT = 1;
    private static final int TILE_SLOT = 2;

    private final Workers.Task packLeft = this::packLeft;
    private final Workers.Task packRight = this::packRight;
    private final Workers.Task multiplyBlock = this::multiplyBlock;

    // A as tiles read it: the tile at row i starts at leftOffset + i*leftTile.
    private boolean leftPacked;
    private float[] left;
    private int leftOffset;
    private int leftTile;
    private int leftRow;
    private int leftStep;
    private int leftBatch;

    // The batches and columns at hand, and their B if packed, else null. The panel of column j starts at j*k.
    private int firstBatch;
    private int firstColumn;
    private int lastColumn;
    private float[] right;
    private int rightBatch;

    private int rowsOfBlock;
    private int columnsOfBlock;
    private int blocksDown;
    private int blocksAcross;

    @Override
    void multiply() {
        prepareLeft();
        if (!transposeB && alpha == 1f && n >= LANES
                && (m <= Blocking.IN_PLACE_ROWS || (long) k * n <= Blocking.IN_PLACE_ELEMENTS)) {
            right = null;
            multiplyColumns(0, batches, 0, n);
        } else {
            long packed = (long) workers.threads() * (Blocking.PACKED_BYTES / Float.BYTES);
            int columns = (int) Math.max(packed / Math.max(k, 1) / WIDTH * WIDTH, WIDTH);
            int together = Math.max(1, columns / roundUp(n, LANES));
            for (int z = 0; z < batches; z += together) {
                int count = Math.min(together, batches - z);
                for (int j = 0; j < n; j += columns) {
                    packColumns(z, count, j, Math.min(n, j + columns));
                    multiplyColumns(z, count, j, Math.min(n, j + columns));
                }
            }
        }
        left = null;
        right = null;
    }

    private void prepareLeft() {
        long elements = (long) batches * roundUp(m, HEIGHT) * k;
        leftPacked = m < HEIGHT || transposeA && m >= Blocking.PACK_LEFT && n >= Blocking.PACK_LEFT
                && elements <= Blocking.PACK_LEFT_ELEMENTS;
        if (leftPacked) {
            left = workers.scratch().floats(LEFT_SLOT, Math.toIntExact(elements));
            leftOffset = 0;
            leftTile = k;
            leftRow = 1;
            leftStep = HEIGHT;
            leftBatch = roundUp(m, HEIGHT) * k;
            run(batches * divideUp(m, HEIGHT), elements * Blocking.MOVE_WORK, packLeft);
        } else {
            left = a;
            leftOffset = aOffset;
            leftRow = transposeA ? 1 : aStride;
            leftStep = transposeA ? aStride : 1;
            leftTile = leftRow;
            leftBatch = aBatch;
        }
    }

    private void packLeft(int task) {
        int panels = divideUp(m, HEIGHT);
        int z = task / panels;
        int i = task % panels * HEIGHT;
        int rows = Math.min(HEIGHT, m - i);
        int from = aOffset + z * aBatch;
        int to = z * leftBatch + i * k;
        if (transposeA) {
            PackF32.rows(k, rows, HEIGHT, 1f, a, from + i, aStride, left, to);
        } else {
            PackF32.transposed(k, rows, HEIGHT, 1f, a, from + i * aStride, aStride, left, to);
        }
    }

    /** Packs columns of B: panels as wide as a tile, and panels of one vector for the rest. */
    private void packColumns(int batch, int count, int from, int to) {
        firstBatch = batch;
        firstColumn = from;
        lastColumn = to;
        rightBatch = Math.multiplyExact(roundUp(to - from, LANES), k);
        right = workers.scratch().floats(RIGHT_SLOT, count * rightBatch);
        run(count * panels(), (long) count * rightBatch * Blocking.MOVE_WORK, packRight);
    }

    private int panels() {
        int columns = lastColumn - firstColumn;
        return columns / WIDTH + divideUp(columns % WIDTH, LANES);
    }

    private void packRight(int task) {
        int whole = (lastColumn - firstColumn) / WIDTH;
        int z = task / panels();
        int panel = task % panels();
        int width = panel < whole ? WIDTH : LANES;
        int j = panel < whole ? panel * WIDTH : whole * WIDTH + (panel - whole) * LANES;
        int columns = Math.min(width, lastColumn - firstColumn - j);
        int from = bOffset + (firstBatch + z) * bBatch;
        int to = z * rightBatch + j * k;
        if (transposeB) {
            PackF32.transposed(k, columns, width, alpha, b, from + (firstColumn + j) * bStride, bStride, right, to);
        } else {
            PackF32.rows(k, columns, width, alpha, b, from + firstColumn + j, bStride, right, to);
        }
    }

    /** Computes columns of C in some matrices of the batch. */
    private void multiplyColumns(int batch, int count, int from, int to) {
        firstBatch = batch;
        firstColumn = from;
        lastColumn = to;
        long work = (long) count * m * (to - from) * k;
        // Several blocks for each thread, since threads do not run equally fast.
        long wanted = workers.threads() == 1 ? 1 : Math.min(8 * workers.threads(), work / Blocking.TASK_WORK + 1);
        int wantedOfMatrix = (int) (wanted + count - 1) / count;
        int tilesAcross = divideUp(to - from, WIDTH);
        blocksDown = Math.max(divideUp(m, Blocking.ROWS),
                Math.min(divideUp(wantedOfMatrix, tilesAcross), divideUp(m, Blocking.LEAST_ROWS)));
        rowsOfBlock = roundUp(divideUp(m, blocksDown), HEIGHT);
        blocksDown = divideUp(m, rowsOfBlock);
        blocksAcross = Math.min(divideUp(wantedOfMatrix, blocksDown), tilesAcross);
        columnsOfBlock = divideUp(tilesAcross, blocksAcross) * WIDTH;
        blocksAcross = divideUp(to - from, columnsOfBlock);
        run(count * blocksAcross * blocksDown, work, multiplyBlock);
    }

    private void multiplyBlock(int task) {
        int z = firstBatch + task / blocksAcross / blocksDown;
        int top = task / blocksAcross % blocksDown * rowsOfBlock;
        int bottom = Math.min(m, top + rowsOfBlock);
        int from = firstColumn + task % blocksAcross * columnsOfBlock;
        int to = Math.min(lastColumn, from + columnsOfBlock);
        int wide = from + (to - from) / WIDTH * WIDTH;
        float[] tile = workers.scratch().floats(TILE_SLOT, HEIGHT * WIDTH);
        if (k == 0 || beta != 0f && beta != 1f) {
            scale(z, top, bottom, from, to);
        }
        if (k == 0) {
            finish(z, top, bottom, from, to);
            return;
        }
        int depth = divideUp(k, divideUp(k, DEPTH));
        for (int p = 0; p < k; p += depth) {
            int pEnd = Math.min(k, p + depth);
            for (int j = from; j < to; j += j < wide ? WIDTH : LANES) {
                int columns = j < wide ? WIDTH : Math.min(LANES, to - j);
                for (int i = top; i < bottom; i += HEIGHT) {
                    int rows = Math.min(HEIGHT, bottom - i);
                    if (j < wide) {
                        wideTile(z, i, rows, j, p, pEnd, tile);
                    } else {
                        narrowTile(z, i, rows, j, columns, p, pEnd, tile);
                    }
                }
                if (pEnd == k) {
                    finish(z, top, bottom, j, j + columns);
                }
            }
        }
    }

    /** Where the tile of row i and step p starts in the left operand. */
    private int leftIndex(int z, int i, int p) {
        return leftOffset + z * leftBatch + i * leftTile + p * leftStep;
    }

    /** Where the tile of column j and step p starts in the right operand. */
    private int rightIndex(int z, int j, int p, int step) {
        return p * step + (right == null ? bOffset + z * bBatch + j
                : (z - firstBatch) * rightBatch + (j - firstColumn) * k);
    }

    private void wideTile(int z, int i, int rows, int j, int p, int pEnd, float[] tile) {
        boolean accumulate = p > 0 || beta != 0f;
        float[] y = right == null ? b : right;
        int yStep = right == null ? bStride : WIDTH;
        int yOffset = rightIndex(z, j, p, yStep);
        int xOffset = leftIndex(z, i, p);
        int target = cOffset + z * cBatch + i * cStride + j;
        if (rows == HEIGHT) {
            TallTileF32.multiply(pEnd - p, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    c, target, cStride, accumulate);
            return;
        }
        // Too few rows for a tile: those above are computed once more. A packed A has zeros below instead.
        boolean low = rows <= TileF32.ROWS;
        int above = leftPacked ? 0 : (low ? TileF32.ROWS : HEIGHT) - rows;
        xOffset -= above * leftRow;
        if (accumulate) {
            copy(c, target, cStride, tile, above * WIDTH, WIDTH, rows, WIDTH);
        }
        if (low) {
            TileF32.multiply(pEnd - p, left, xOffset, leftRow, leftStep, y, yOffset, yStep, tile, 0, WIDTH, accumulate);
        } else {
            TallTileF32.multiply(pEnd - p, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    tile, 0, WIDTH, accumulate);
        }
        copy(tile, above * WIDTH, WIDTH, c, target, cStride, rows, WIDTH);
    }

    private void narrowTile(int z, int i, int rows, int j, int columns, int p, int pEnd, float[] tile) {
        boolean accumulate = p > 0 || beta != 0f;
        float[] y = right == null ? b : right;
        int yStep = right == null ? bStride : LANES;
        // As with the rows: columns before are computed once more. A packed B has zeros behind instead.
        int before = right == null ? LANES - columns : 0;
        int yOffset = rightIndex(z, j, p, yStep) - before;
        int above = leftPacked ? 0 : HEIGHT - rows;
        int xOffset = leftIndex(z, i, p) - above * leftRow;
        int target = cOffset + z * cBatch + i * cStride + j;
        if (rows == HEIGHT && columns == LANES) {
            NarrowTileF32.multiply(pEnd - p, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    c, target, cStride, accumulate);
            return;
        }
        int first = above * LANES + before;
        if (accumulate) {
            copy(c, target, cStride, tile, first, LANES, rows, columns);
        }
        NarrowTileF32.multiply(pEnd - p, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                tile, 0, LANES, accumulate);
        copy(tile, first, LANES, c, target, cStride, rows, columns);
    }

    private static void copy(float[] from, int fromOffset, int fromStride, float[] to, int toOffset, int toStride,
            int rows, int columns) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(from, fromOffset + i * fromStride, to, toOffset + i * toStride, columns);
        }
    }
}
