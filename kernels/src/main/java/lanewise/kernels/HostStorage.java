package lanewise.kernels;

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
}
