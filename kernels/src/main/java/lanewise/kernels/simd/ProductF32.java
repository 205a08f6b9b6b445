package lanewise.kernels.simd;

import lanewise.kernels.Workers;

/**
 * A product of matrices, cut into blocks of C, and these into tiles.
 *
 * <p>A tile reads A one element at a time, so A is read where it is, whatever its strides, unless it has fewer rows than the
 * tallest tile. B is read in place too if it is neither transposed nor scaled, and either small or met by few rows. Any
 * other B is packed, some columns and summed indices at a time, into panels as wide as a tile, which all threads share. Rows
 * and columns that do not fill a tile are computed as a whole tile in a scratch array; a single column after whole vectors is
 * a product with a vector.
 *
 * <p>Every element of C is one chain of fused multiply-adds over p = 0 ... k - 1, whatever the block and the tile, or, in
 * such a column, a sum in an order that only k decides; so its bits do not depend on the number of threads.
 */
final class ProductF32 extends OperandsF32 {
    private static final int WIDTH = TallTileF32.COLUMNS;
    private static final int PAIR = PairTileF32.COLUMNS;
    private static final int LANES = Tile12x1F32.COLUMNS;
    /** No tile has more rows. */
    private static final int HEIGHT = Tile12x1F32.ROWS;

    private static final int DEPTH = Blocking.DEPTH_BYTES / Float.BYTES;
    private static final int PACKED = Blocking.PACKED_BYTES / Float.BYTES;
    private static final int RIGHT_BASE = Blocking.ALIGNED_BYTES / Float.BYTES;

    private static final int RIGHT_SLOT = 0;
    private static final int LEFT_SLOT = 1;
    private static final int TILE_SLOT = 2;
    private static final int COLUMN_SLOT = 4;

    private final Workers.Task packChunk = this::packChunk;
    private final Workers.Task multiplyBlock = this::multiplyBlock;

    // A as tiles read it: element (i, p) is at leftOffset + i*leftRow + p*leftStep.
    private boolean leftPacked;
    private float[] left;
    private int leftOffset;
    private int leftRow;
    private int leftStep;
    private int leftBatch;

    // The batches, columns and summed indices at hand, and their B if packed, else null.
    private int firstBatch;
    private int countBatch;
    private int firstColumn;
    private int lastColumn;
    private int firstStep;
    private int lastStep;
    private float[] right;
    private int rightBatch;

    private int stepsOfChunk;
    private int chunks;
    private int rowsOfBlock;
    private int columnsOfBlock;
    private int blocksDown;
    private int blocksAcross;

    @Override
    void multiply() {
        prepareLeft();
        firstBatch = 0;
        countBatch = batches;
        firstColumn = 0;
        lastColumn = n;
        firstStep = 0;
        lastStep = k;
        right = null;
        if (!transposeB && alpha == 1f && n >= LANES && (m <= Blocking.FEW_ROWS
                || m < Blocking.MANY_ROWS && (long) k * n <= Blocking.IN_PLACE_ELEMENTS && n % LANES != 1)) {
            multiplyPart();
        } else {
            multiplyPacked();
        }
        left = null;
        right = null;
    }

    /** Packs as much of B as the caches hold, multiplies by it, and so on. */
    private void multiplyPacked() {
        int steps = Math.max(part(k, Blocking.PACKED_DEPTHS * DEPTH, 1), 1);
        int columns = part(n, Math.max(PACKED / steps / WIDTH, 1) * WIDTH, WIDTH);
        int together = Math.max(1, PACKED / Math.multiplyExact(roundUp(columns, LANES), steps));
        boolean whole = steps >= k && columns >= n;
        for (int z = 0; z < batches; z += whole ? together : 1) {
            firstBatch = z;
            countBatch = whole ? Math.min(together, batches - z) : 1;
            for (int j = 0; j < n; j += columns) {
                firstColumn = j;
                lastColumn = Math.min(n, j + columns);
                for (int p = 0; p == 0 || p < k; p += steps) {
                    firstStep = p;
                    lastStep = Math.min(k, p + steps);
                    packRight();
                    multiplyPart();
                }
            }
        }
    }

    /** Cuts a size into equal parts of a multiple of unit, and of at most so much. */
    private static int part(int size, int most, int unit) {
        return roundUp(divideUp(size, divideUp(Math.max(size, 1), most)), unit);
    }

    private void prepareLeft() {
        leftPacked = m < HEIGHT;
        if (!leftPacked) {
            left = a;
            leftOffset = aOffset;
            leftRow = transposeA ? 1 : aStride;
            leftStep = transposeA ? aStride : 1;
            leftBatch = aBatch;
            return;
        }
        left = workers.scratch().floats(LEFT_SLOT, Math.multiplyExact(Math.multiplyExact(batches, HEIGHT), k));
        leftOffset = 0;
        leftRow = 1;
        leftStep = HEIGHT;
        leftBatch = HEIGHT * k;
        for (int z = 0; z < batches; z++) {
            if (transposeA) {
                PackF32.rows(k, m, HEIGHT, 1f, a, aOffset + z * aBatch, aStride, left, z * leftBatch);
            } else {
                TransposeF32.transpose(m, HEIGHT, k, a, aOffset + z * aBatch, aStride, 1f, left, z * leftBatch, HEIGHT);
            }
        }
    }

    private void packRight() {
        int steps = lastStep - firstStep;
        rightBatch = Math.multiplyExact(roundUp(lastColumn - firstColumn, LANES), steps);
        right = workers.scratch().floats(RIGHT_SLOT, RIGHT_BASE + Math.multiplyExact(countBatch, rightBatch));
        int parts = workers.threads() == 1 ? 1 : 4 * workers.threads();
        stepsOfChunk = roundUp(divideUp(Math.max(steps, 1), parts), 16);
        chunks = divideUp(steps, stepsOfChunk);
        run(countBatch * chunks, (long) countBatch * rightBatch * Blocking.MOVE_WORK, packChunk);
    }

    /** Packs some summed indices, all columns: few at a time where B is not transposed, so that it is read and written in long runs. */
    private void packChunk(int task) {
        int z = task / chunks;
        int chunk = firstStep + task % chunks * stepsOfChunk;
        int end = Math.min(lastStep, chunk + stepsOfChunk);
        int from = bOffset + (firstBatch + z) * bBatch;
        int together = transposeB ? stepsOfChunk : Blocking.PACK_ROWS;
        for (int p = chunk; p < end; p += together) {
            int steps = Math.min(together, end - p);
            int width;
            for (int j = firstColumn; j < lastColumn; j += width) {
                width = width(j, lastColumn);
                int columns = Math.min(width, lastColumn - j);
                int to = rightIndex(z, j, p, width);
                if (transposeB) {
                    TransposeF32.transpose(columns, width, steps, b, from + j * bStride + p, bStride, alpha, right, to, width);
                } else {
                    PackF32.rows(steps, columns, width, alpha, b, from + p * bStride + j, bStride, right, to);
                }
            }
        }
    }

    /** The width of the panel, and of the tiles, that start in column j, if the columns end at this one. */
    private int width(int j, int end) {
        int rest = end - j;
        if (rest % LANES == 1 && right != null) {
            if (rest == 1) {
                return 1;
            }
            rest--;
        }
        return rest > WIDTH - LANES && end >= WIDTH ? WIDTH : rest > LANES && end >= PAIR ? PAIR : LANES;
    }

    /** Computes the columns of C at hand, or adds the summed indices at hand to them. */
    private void multiplyPart() {
        int columns = lastColumn - firstColumn;
        long work = (long) countBatch * m * columns * (lastStep - firstStep);
        // Several blocks for each thread, since threads do not run equally fast.
        long wanted = workers.threads() == 1 ? 1 : Math.min(8 * workers.threads(), work / Blocking.TASK_WORK + 1);
        int wantedOfMatrix = (int) (wanted + countBatch - 1) / countBatch;
        int tilesAcross = divideUp(columns, WIDTH);
        blocksDown = Math.max(divideUp(m, Blocking.ROWS),
                Math.min(divideUp(wantedOfMatrix, tilesAcross), divideUp(m, Blocking.LEAST_ROWS)));
        rowsOfBlock = roundUp(divideUp(m, blocksDown), Blocking.LEAST_ROWS);
        blocksDown = divideUp(m, rowsOfBlock);
        blocksAcross = Math.min(divideUp(wantedOfMatrix, blocksDown), tilesAcross);
        columnsOfBlock = divideUp(tilesAcross, blocksAcross) * WIDTH;
        blocksAcross = divideUp(columns, columnsOfBlock);
        run(countBatch * blocksAcross * blocksDown, work, multiplyBlock);
    }

    private void multiplyBlock(int task) {
        int z = task / (blocksAcross * blocksDown);
        int top = task / blocksAcross % blocksDown * rowsOfBlock;
        int bottom = Math.min(m, top + rowsOfBlock);
        int from = firstColumn + task % blocksAcross * columnsOfBlock;
        int to = Math.min(lastColumn, from + columnsOfBlock);
        int batch = firstBatch + z;
        float[] tile = workers.scratch().floats(TILE_SLOT, HEIGHT * WIDTH);
        if (k == 0 || firstStep == 0 && beta != 0f && beta != 1f) {
            scale(batch, top, bottom, from, to);
        }
        if (k == 0) {
            finish(batch, top, bottom, from, to);
            return;
        }
        int depth = part(lastStep - firstStep, DEPTH, 1);
        for (int p = firstStep; p < lastStep; p += depth) {
            int end = Math.min(lastStep, p + depth);
            int width;
            for (int j = from; j < to; j += width) {
                width = width(j, to);
                if (width == 1) {
                    column(z, top, bottom, j, p, end);
                    continue;
                }
                int height = width == WIDTH ? TallTileF32.ROWS : width == LANES ? Tile12x1F32.ROWS : PairTileF32.ROWS;
                for (int i = top; i < bottom; i += height) {
                    tile(z, i, Math.min(height, bottom - i), height, j, Math.min(width, to - j), width, p, end, tile);
                }
            }
        }
        if (lastStep == k) {
            finish(batch, top, bottom, from, to);
        }
    }

    /** Where the panel of column j, of this width, has its step p in the right operand. */
    private int rightIndex(int z, int j, int p, int width) {
        return RIGHT_BASE + z * rightBatch + (j - firstColumn) * (lastStep - firstStep) + (p - firstStep) * width;
    }

    /** Adds the steps p to end - 1 to a tile of C, which may have fewer rows and columns than the micro-kernel. */
    private void tile(int z, int i, int rows, int height, int j, int columns, int width, int p, int end, float[] tile) {
        boolean accumulate = p > 0 || beta != 0f;
        boolean low = width == WIDTH && rows <= TileF32.ROWS;
        int tileRows = low ? TileF32.ROWS : height;
        // What is missing is computed once more from the rows above and the columns before. Packed operands have zeros: B
        // after its columns, A after its rows where no rows are above.
        int above = Math.min(i, tileRows - rows);
        int before = right == null ? width - columns : 0;
        float[] y = right == null ? b : right;
        int yStep = right == null ? bStride : width;
        int yOffset = right == null ? bOffset + (firstBatch + z) * bBatch + p * bStride + j - before
                : rightIndex(z, j, p, width);
        int xOffset = leftOffset + (firstBatch + z) * leftBatch + (i - above) * leftRow + p * leftStep;
        int target = cOffset + (firstBatch + z) * cBatch + i * cStride + j;
        if (rows == tileRows && columns == width) {
            multiply(width, low, end - p, xOffset, y, yOffset, yStep, c, target, cStride, accumulate);
            return;
        }
        int first = above * width + before;
        if (accumulate) {
            copy(c, target, cStride, tile, first, width, rows, columns);
        }
        multiply(width, low, end - p, xOffset, y, yOffset, yStep, tile, 0, width, accumulate);
        copy(tile, first, width, c, target, cStride, rows, columns);
    }

    /** Adds the steps p to end - 1 to a single column. */
    private void column(int z, int top, int bottom, int j, int p, int end) {
        float[] scratch = workers.scratch().floats(COLUMN_SLOT, 4 * LANES + Blocking.ROWS);
        int sums = 4 * LANES;
        int y = rightIndex(z, j, p, 1);
        int x = leftOffset + (firstBatch + z) * leftBatch + top * leftRow + p * leftStep;
        if (leftRow == 1) {
            MatrixVectorF32.combine(end - p, left, x, leftStep, right, y, scratch, sums, bottom - top);
        } else {
            MatrixVectorF32.dots(end - p, left, x, leftRow, right, y, scratch, sums, bottom - top, scratch);
        }
        int target = cOffset + (firstBatch + z) * cBatch + top * cStride + j;
        for (int i = 0; i < bottom - top; i++) {
            c[target + i * cStride] = scratch[sums + i] + (p > 0 || beta != 0f ? c[target + i * cStride] : 0f);
        }
    }

    private void multiply(int width, boolean low, int depth, int xOffset, float[] y, int yOffset, int yStep,
            float[] z, int zOffset, int zRow, boolean accumulate) {
        if (width == LANES && leftStep == 1 && yStep == LANES) {
            PackedTile12x1F32.multiply(depth, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    z, zOffset, zRow, accumulate);
        } else if (width == LANES) {
            Tile12x1F32.multiply(depth, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    z, zOffset, zRow, accumulate);
        } else if (width != WIDTH) {
            PairTileF32.multiply(depth, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    z, zOffset, zRow, accumulate);
        } else if (low) {
            TileF32.multiply(depth, left, xOffset, leftRow, leftStep, y, yOffset, yStep, z, zOffset, zRow, accumulate);
        } else {
            TallTileF32.multiply(depth, left, xOffset, leftRow, leftStep, y, yOffset, yStep,
                    z, zOffset, zRow, accumulate);
        }
    }

    private static void copy(float[] from, int fromOffset, int fromStride, float[] to, int toOffset, int toStride,
            int rows, int columns) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(from, fromOffset + i * fromStride, to, toOffset + i * toStride, columns);
        }
    }
}
