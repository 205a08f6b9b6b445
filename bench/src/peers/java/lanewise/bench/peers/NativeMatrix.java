package lanewise.bench.peers;

import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** A matrix in native memory, row by row, beginning on a cache line. One of the two pointers is null, by the type. */
final class NativeMatrix implements AutoCloseable {
    private static final int LINE = 64;
    final FloatPointer floats;
    final DoublePointer doubles;
    private final Pointer memory;
    private final int elements;

    private NativeMatrix(ElementType type, int elements) {
        this.elements = elements;
        if (type == ElementType.FLOAT32) {
            FloatPointer block = new FloatPointer((long) elements + LINE);
            // An address, not a position: libraries that take a void pointer would count a position in bytes.
            floats = block.getPointer((-block.address() & LINE - 1) / Float.BYTES);
            doubles = null;
            memory = block;
        } else {
            DoublePointer block = new DoublePointer((long) elements + LINE);
            doubles = block.getPointer((-block.address() & LINE - 1) / Double.BYTES);
            floats = null;
            memory = block;
        }
    }

    static NativeMatrix zeros(ElementType type, int rows, int columns) {
        NativeMatrix matrix = new NativeMatrix(type, rows * columns);
        if (matrix.floats != null) {
            matrix.floats.put(new float[rows * columns]);
        } else {
            matrix.doubles.put(new double[rows * columns]);
        }
        return matrix;
    }

    static NativeMatrix copyOf(Tensor tensor) {
        NativeMatrix matrix = new NativeMatrix(tensor.type(), tensor.elements());
        if (matrix.floats != null) {
            matrix.floats.put(tensor.floats(), 0, tensor.elements());
        } else {
            matrix.doubles.put(tensor.doubles(), 0, tensor.elements());
        }
        return matrix;
    }

    double[] toArray() {
        double[] array = new double[elements];
        if (doubles != null) {
            doubles.get(array);
            return array;
        }
        float[] narrow = new float[elements];
        floats.get(narrow);
        for (int i = 0; i < elements; i++) {
            array[i] = narrow[i];
        }
        return array;
    }

    @Override
    public void close() {
        memory.close();
    }
}
