package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;

/**
 * How an operation on one element at a time is shared out: a thread takes 16 bytes. Rows that follow each other without gaps in all
 * operands are one row.
 *
 * @param blocks of {@link #THREADS} threads
 */
record Elements(int rows, int columns, int blocks) {
    static final int THREADS = 256;
    private static final int PACK = 16;

    static Elements of(ElementType type, int rows, int columns, Operand... operands) {
        boolean one = true;
        for (Operand operand : operands) {
            one &= operand.stride() == columns;
        }
        return one ? split(type, 1, rows * columns) : split(type, rows, columns);
    }

    /** Without making one row of several. */
    static Elements split(ElementType type, int rows, int columns) {
        int width = PACK / type.bytes();
        long packs = rows * (((long) columns + width - 1) / width);
        return new Elements(rows, columns, (int) ((packs + THREADS - 1) / THREADS));
    }
}
