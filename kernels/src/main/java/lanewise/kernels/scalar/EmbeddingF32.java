package lanewise.kernels.scalar;

import lanewise.kernels.Embedding;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Rows copied, added and rotated. */
final class EmbeddingF32 implements Embedding {
    private final Workers workers;

    EmbeddingF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor y) {
        Split.rows(workers, ids.length, table.columns(), (first, end) -> {
            for (int i = first; i < end; i++) {
                System.arraycopy(table.floats(), table.offset() + ids[i] * table.rowStride(),
                        y.floats(), y.offset() + i * y.rowStride(), table.columns());
            }
        });
    }

    @Override
    public void scatterAdd(Tensor dY, int[] ids, Tensor dTable) {
        float[] from = dY.floats();
        float[] to = dTable.floats();
        // Split by columns: two rows of dY may go to the same row of the table.
        Split.rows(workers, dY.columns(), ids.length, (first, end) -> {
            for (int i = 0; i < ids.length; i++) {
                int fromAt = dY.offset() + i * dY.rowStride();
                int toAt = dTable.offset() + ids[i] * dTable.rowStride();
                for (int j = first; j < end; j++) {
                    to[toAt + j] += from[fromAt + j];
                }
            }
        });
    }

    @Override
    public void rotary(int headWidth, int length, int firstPosition, double base, boolean inverse, Tensor x,
            Tensor y) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        int half = headWidth / 2;
        Split.rows(workers, x.rows(), 16L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                int position = firstPosition + r % length;
                for (int i = 0; i < half; i++) {
                    double angle = position * Math.pow(base, -2.0 * i / headWidth);
                    double cosine = Math.cos(angle);
                    double sine = inverse ? -Math.sin(angle) : Math.sin(angle);
                    for (int head = 0; head < x.columns(); head += headWidth) {
                        int xAt = x.offset() + r * x.rowStride() + head + i;
                        int yAt = y.offset() + r * y.rowStride() + head + i;
                        double real = xArray[xAt];
                        double imaginary = xArray[xAt + half];
                        yArray[yAt] = (float) (real * cosine - imaginary * sine);
                        yArray[yAt + half] = (float) (imaginary * cosine + real * sine);
                    }
                }
            }
        });
    }
}
