package lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;

/** Elements in an array of this JVM. */
final class HostStorage implements Storage {
    private final float[] floats;
    private final double[] doubles;

    HostStorage(float[] array) {
        floats = Objects.requireNonNull(array, "array");
        doubles = null;
    }

    HostStorage(double[] array) {
        floats = null;
        doubles = Objects.requireNonNull(array, "array");
    }

    @Override
    public ElementType type() {
        return floats != null ? ElementType.FLOAT32 : ElementType.FLOAT64;
    }

    @Override
    public int length() {
        return floats != null ? floats.length : doubles.length;
    }

    @Override
    public void read(int from, double[] target, int at, int count) {
        if (doubles != null) {
            System.arraycopy(doubles, from, target, at, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            target[at + i] = floats[from + i];
        }
    }

    @Override
    public void write(int from, double[] source, int at, int count) {
        if (doubles != null) {
            System.arraycopy(source, at, doubles, from, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            floats[from + i] = (float) source[at + i];
        }
    }

    @Override
    public Object hostArray() {
        return floats != null ? floats : doubles;
    }

    @Override
    public boolean copy(Tensor source, Tensor target) {
        Object from = source.storage().hostArray();
        Object to = target.storage().hostArray();
        if (from == null || to == null || source.type() != target.type()) {
            return false;
        }
        for (int r = 0; r < target.rows(); r++) {
            System.arraycopy(from, source.offset() + r * source.rowStride(), to, target.offset() + r * target.rowStride(), target.columns());
        }
        return true;
    }

    @Override
    public boolean fill(Tensor target, double value) {
        for (int r = 0; r < target.rows(); r++) {
            int start = target.offset() + r * target.rowStride();
            if (floats != null) {
                Arrays.fill(floats, start, start + target.columns(), (float) value);
            } else {
                Arrays.fill(doubles, start, start + target.columns(), value);
            }
        }
        return true;
    }
}
