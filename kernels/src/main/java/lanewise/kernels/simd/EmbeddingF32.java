package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Embedding;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Rows copied, added and rotated. */
final class EmbeddingF32 implements Embedding {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    /** Parts of a table that different threads may add to. */
    private static final int PARTS = 64;

    private final Workers workers;
    /** The last one used: training asks for the same positions again and again. */
    private volatile RotaryTableF32 table = new RotaryTableF32(0, 1, 0, 0);

    EmbeddingF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor y) {
        Split.rows(workers, ids.length, table.columns(), (from, to) -> {
            for (int i = from; i < to; i++) {
                copy(table.floats(), table.offset() + ids[i] * table.rowStride(), y.floats(),
                        y.offset() + i * y.rowStride(), table.columns());
            }
        });
    }

    /** For rows of some hundred bytes faster than System.arraycopy, for longer ones as fast. */
    private static void copy(float[] x, int xAt, float[] y, int yAt, int n) {
        int whole = SPECIES.loopBound(n);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).intoArray(y, yAt + i);
        }
        System.arraycopy(x, xAt + whole, y, yAt + whole, n - whole);
    }

    @Override
    public void scatterAdd(Tensor dY, int[] ids, Tensor dTable) {
        // Split by rows of the table, since two rows of dY may go to the same one. They are dealt out in turn: in a text
        // some are much more frequent than others, and such often have neighbouring numbers.
        int parts = Math.min(PARTS, dTable.rows());
        Split.rows(workers, parts, (long) ids.length * dY.columns() / Math.max(1, parts), (from, to) -> {
            for (int i = 0; i < ids.length; i++) {
                int part = ids[i] % parts;
                if (part >= from && part < to) {
                    int at = dTable.offset() + ids[i] * dTable.rowStride();
                    ElementwiseF32.add(dTable.floats(), at, dY.floats(), dY.offset() + i * dY.rowStride(),
                            dTable.floats(), at, dY.columns());
                }
            }
        });
    }

    @Override
    public void rotary(int headWidth, int length, int firstPosition, double base, boolean inverse, Tensor x,
            Tensor y) {
        if (x.elements() == 0) {
            return;
        }
        RotaryTableF32 angles = table;
        if (!angles.covers(headWidth, base, firstPosition, length)) {
            angles = new RotaryTableF32(headWidth, base, firstPosition, length);
            table = angles;
        }
        RotaryTableF32 used = angles;
        float sign = inverse ? -1 : 1;
        int half = headWidth / 2;
        Split.rows(workers, x.rows(), 2L * x.columns(), (from, to) -> {
            for (int r = from; r < to; r++) {
                int row = used.row(firstPosition + r % length);
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                for (int head = 0; head < x.columns(); head += headWidth) {
                    rotate(sign, used.cosines, used.sines, row, x.floats(), xAt + head, y.floats(), yAt + head, half);
                }
            }
        });
    }

    private static void rotate(float sign, float[] cosines, float[] sines, int row, float[] x, int xAt, float[] y,
            int yAt, int half) {
        int i = 0;
        for (; i < SPECIES.loopBound(half); i += LANES) {
            FloatVector cosine = FloatVector.fromArray(SPECIES, cosines, row + i);
            FloatVector sine = FloatVector.fromArray(SPECIES, sines, row + i).mul(sign);
            FloatVector a = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector b = FloatVector.fromArray(SPECIES, x, xAt + half + i);
            a.mul(cosine).sub(b.mul(sine)).intoArray(y, yAt + i);
            b.mul(cosine).add(a.mul(sine)).intoArray(y, yAt + half + i);
        }
        for (; i < half; i++) {
            float cosine = cosines[row + i];
            float sine = sines[row + i] * sign;
            float a = x[xAt + i];
            float b = x[xAt + half + i];
            y[yAt + i] = a * cosine - b * sine;
            y[yAt + half + i] = b * cosine + a * sine;
        }
    }
}
