package lanewise.kernels;

import java.util.Map;

final class CheckedEmbedding extends Checked<Embedding> implements Embedding {
    CheckedEmbedding(Map<ElementType, Column> columns) {
        super(columns, Column::embedding);
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor y) {
        Check.sameType("y", y, "table", table);
        checkTable("table", table, ids, "y", y, "[number of ids, columns of table]");
        Check.apart("y", y, "table", table);
        of(y).gather(table, ids, y);
    }

    @Override
    public void scatterAdd(Tensor dY, int[] ids, Tensor dTable) {
        if (dY != null && dY.type() != dY.type().accumulator()) {
            Check.sumType("dTable", dTable, "dY", dY);
        } else {
            Check.sameType("dY", dY, "dTable", dTable);
        }
        checkTable("dTable", dTable, ids, "dY", dY, "[number of ids, columns of dTable]");
        Check.apart("dTable", dTable, "dY", dY);
        of(dY).scatterAdd(dY, ids, dTable);
    }

    @Override
    public void rotary(int headWidth, int length, int firstPosition, double base, boolean inverse, Tensor x,
            Tensor y) {
        Check.like("y", y, "x", x);
        Check.atLeast("headWidth", headWidth, 2);
        if (headWidth % 2 != 0 || x.columns() % headWidth != 0) {
            throw new IllegalArgumentException("headWidth is " + headWidth
                    + "; expected an even number that divides the columns of x, " + x);
        }
        Check.atLeast("length", length, 1);
        if (x.rows() % length != 0) {
            throw new IllegalArgumentException(
                    "length is " + length + "; expected a number that divides the rows of x, " + x);
        }
        if (firstPosition < 0 || firstPosition > Integer.MAX_VALUE - length) {
            throw new IllegalArgumentException("firstPosition is " + firstPosition + "; expected 0 to "
                    + (Integer.MAX_VALUE - length) + ", so that the last position is an int");
        }
        if (!(base > 0 && base < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("base is " + base + "; expected a positive, finite number");
        }
        Check.sameOrApart("y", y, "x", x);
        of(x).rotary(headWidth, length, firstPosition, base, inverse, x, y);
    }

    private static void checkTable(String tableName, Tensor table, int[] ids, String rowsName, Tensor rows,
            String rowsShape) {
        Check.present("ids", ids);
        Check.matrix(rowsName, rows, ids.length, table.columns(), rowsShape);
        Check.indices("ids", ids, table.rows(), "entries");
    }
}
