package lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * A view of numbers as rows: the last axis is contiguous, and consecutive rows (all other axes, flattened in order) stand
 * {@link #rowStride} elements apart. A sub-matrix is a tensor with the offset and the stride of the whole, without
 * a copy. A tensor of shape [b, t, c] is thus also a matrix of b t rows and c columns, and the operations
 * on rows read it so.
 *
 * <p>A tensor never owns its memory: {@link #wrap} and {@link #view} use the caller's array. Instances are immutable but
 * for the elements, and several may view the same ones. Elements may be read from any number of threads as long as none
 * writes them.
 */
public final class Tensor {
    /** The longest array that every JVM can make. */
    private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

    private final Storage storage;
    private final int offset;
    private final int rowStride;
    private final int[] shape;
    private final int rows;
    private final int columns;

    /**
     * A view of any storage.
     *
     * @param offset    index of the first element
     * @param rowStride elements between the starts of consecutive rows, at least the number of columns
     * @param shape     one to any number of axes, each at least 0
     * @throws IllegalArgumentException if the shape does not fit into the storage
     */
    public Tensor(Storage storage, int offset, int rowStride, int... shape) {
        this.storage = Objects.requireNonNull(storage, "storage");
        this.offset = offset;
        this.rowStride = rowStride;
        this.shape = Objects.requireNonNull(shape, "shape").clone();
        if (shape.length == 0) {
            throw new IllegalArgumentException("shape has no axes; expected at least one");
        }
        columns = shape[shape.length - 1];
        rows = product(shape, shape.length - 1);
        product(shape, shape.length);
        if (offset < 0) {
            throw new IllegalArgumentException("offset is " + offset + "; it must not be negative");
        }
        if (rows > 1 && rowStride < columns) {
            throw new IllegalArgumentException(
                    "rowStride is " + rowStride + "; it must be at least the number of columns, " + columns);
        }
        long end = rows == 0 || columns == 0 ? offset : offset + (rows - 1L) * rowStride + columns;
        if (end > storage.length()) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " with offset " + offset
                    + " and rowStride " + rowStride + " needs " + end + " elements; the array has " + storage.length());
        }
    }

    /** Views a whole array; its length must be the number of elements. */
    public static Tensor wrap(float[] array, int... shape) {
        return exact(new HostStorage(array), shape);
    }

    /** Views a whole array; its length must be the number of elements. */
    public static Tensor wrap(double[] array, int... shape) {
        return exact(new HostStorage(array), shape);
    }

    /** Views part of an array: see {@link #Tensor(Storage, int, int, int...)}. */
    public static Tensor view(float[] array, int offset, int rowStride, int... shape) {
        return new Tensor(new HostStorage(array), offset, rowStride, shape);
    }

    /** Views part of an array: see {@link #Tensor(Storage, int, int, int...)}. */
    public static Tensor view(double[] array, int offset, int rowStride, int... shape) {
        return new Tensor(new HostStorage(array), offset, rowStride, shape);
    }

    /**
     * A new tensor of zeros on the host; {@link Kernels#zeros} makes one where the implementation wants it.
     *
     * @throws IllegalArgumentException if the type is bfloat16, of which there are no arrays
     */
    public static Tensor zeros(ElementType type, int... shape) {
        int count = product(shape, shape.length);
        return switch (type) {
            case FLOAT32 -> wrap(new float[count], shape);
            case FLOAT64 -> wrap(new double[count], shape);
            case BFLOAT16 -> throw new IllegalArgumentException("type is bfloat16, which is on devices only; expected float32 or float64");
        };
    }

    /**
     * The number of elements of a shape.
     *
     * @throws IllegalArgumentException if a size is negative or there are more than 2^31 - 9
     */
    public static int elements(int... shape) {
        return product(shape, shape.length);
    }

    /** The product of the first sizes of a shape, checked to fit into an array. */
    private static int product(int[] shape, int axes) {
        long product = 1;
        for (int axis = 0; axis < axes; axis++) {
            if (shape[axis] < 0) {
                throw new IllegalArgumentException(
                        "shape is " + Arrays.toString(shape) + "; sizes must not be negative");
            }
            product *= shape[axis];
            if (product > MOST_ELEMENTS) {
                throw new IllegalArgumentException(
                        "shape is " + Arrays.toString(shape) + "; a tensor holds at most 2^31 - 9 elements");
            }
        }
        return (int) product;
    }

    private static Tensor exact(Storage storage, int[] shape) {
        Tensor tensor = new Tensor(storage, 0, shape.length == 0 ? 0 : shape[shape.length - 1], shape);
        if (tensor.elements() != storage.length()) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " has " + tensor.elements()
                    + " elements; the array has " + storage.length());
        }
        return tensor;
    }

    public ElementType type() {
        return storage.type();
    }

    /** A copy of the sizes. */
    public int[] shape() {
        return shape.clone();
    }

    /** Number of axes. */
    public int rank() {
        return shape.length;
    }

    /** Size of one axis, 0 to rank - 1. */
    public int size(int axis) {
        return shape[axis];
    }

    /** Product of all axes but the last; 1 for a vector. */
    public int rows() {
        return rows;
    }

    /** Size of the last axis. */
    public int columns() {
        return columns;
    }

    /** Number of elements. */
    public int elements() {
        return rows * columns;
    }

    /** Index of the first element in the storage. */
    public int offset() {
        return offset;
    }

    /** Elements between the starts of consecutive rows. */
    public int rowStride() {
        return rowStride;
    }

    public Storage storage() {
        return storage;
    }

    /** Whether the rows follow each other without a gap. */
    public boolean isContiguous() {
        return rows <= 1 || rowStride == columns;
    }

    /** The array behind a float32 tensor on the host, for implementations; it starts at {@link #offset}. */
    public float[] floats() {
        if (storage.hostArray() instanceof float[] array) {
            return array;
        }
        throw new IllegalStateException(this + " has no float array on the host");
    }

    /** The array behind a float64 tensor on the host, for implementations; it starts at {@link #offset}. */
    public double[] doubles() {
        if (storage.hostArray() instanceof double[] array) {
            return array;
        }
        throw new IllegalStateException(this + " has no double array on the host");
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive), as a matrix. */
    public Tensor rowRange(int from, int to) {
        checkRange("rows", from, to, rows);
        return new Tensor(storage, from == to ? offset : offset + from * rowStride, rowStride, to - from, columns);
    }

    /** Columns {@code from} (inclusive) to {@code to} (exclusive) of every row, as a matrix. */
    public Tensor columnRange(int from, int to) {
        checkRange("columns", from, to, columns);
        return new Tensor(storage, rows == 0 ? offset : offset + from, rowStride, rows, to - from);
    }

    /** The same elements with other axes; rows that are not contiguous keep the size of the last axis. */
    public Tensor reshape(int... newShape) {
        int newColumns = newShape.length == 0 ? 0 : newShape[newShape.length - 1];
        boolean sameRows = newColumns == columns;
        if (!sameRows && !isContiguous()) {
            throw new IllegalArgumentException("shape " + Arrays.toString(newShape) + " changes the last axis of "
                    + this + ", whose rows are not contiguous");
        }
        Tensor view = new Tensor(storage, offset, sameRows ? rowStride : newColumns, newShape);
        if (view.elements() != elements()) {
            throw new IllegalArgumentException("shape " + Arrays.toString(newShape) + " has " + view.elements()
                    + " elements; " + this + " has " + elements());
        }
        return view;
    }

    /** One element, converted to double. */
    public double get(int row, int column) {
        double[] one = new double[1];
        storage.read(index(row, column), one, 0, 1);
        return one[0];
    }

    /** Sets one element, rounding to the element type. */
    public void set(int row, int column, double value) {
        storage.write(index(row, column), new double[] {value}, 0, 1);
    }

    /** All elements, row by row. */
    public double[] toArray() {
        double[] all = new double[elements()];
        wrap(all, rows, columns).copyFrom(this);
        return all;
    }

    /** Sets all elements from an array, row by row, rounding to the element type. */
    public void copyFrom(double[] values) {
        if (values.length != elements()) {
            throw new IllegalArgumentException(
                    "values has " + values.length + " elements; " + this + " has " + elements());
        }
        copyFrom(wrap(values, rows, columns));
    }

    /** Sets all elements from a tensor with the same number of rows and columns, which may differ in type and place. */
    public void copyFrom(Tensor source) {
        if (source.rows != rows || source.columns != columns) {
            throw new IllegalArgumentException("source is " + source + "; expected the rows and columns of " + this);
        }
        if (storage.copy(source, this) || source.storage.copy(source, this)) {
            return;
        }
        double[] row = new double[columns];
        for (int r = 0; r < rows; r++) {
            source.storage.read(source.offset + r * source.rowStride, row, 0, columns);
            storage.write(offset + r * rowStride, row, 0, columns);
        }
    }

    /** Sets every element to one value, rounded to the element type. */
    public void fill(double value) {
        if (elements() == 0 || storage.fill(this, value)) {
            return;
        }
        double[] row = new double[columns];
        Arrays.fill(row, value);
        for (int r = 0; r < rows; r++) {
            storage.write(offset + r * rowStride, row, 0, columns);
        }
    }

    /** Whether an element may belong to both. Views of interleaved column ranges of one matrix are told apart. */
    public boolean overlaps(Tensor other) {
        Object mine = storage.hostArray() != null ? storage.hostArray() : storage;
        Object theirs = other.storage.hostArray() != null ? other.storage.hostArray() : other.storage;
        if (mine != theirs || elements() == 0 || other.elements() == 0) {
            return false;
        }
        long end = offset + (rows - 1L) * rowStride + columns;
        long otherEnd = other.offset + (other.rows - 1L) * other.rowStride + other.columns;
        if (offset >= otherEnd || other.offset >= end) {
            return false;
        }
        boolean bothSingle = rows == 1 && other.rows == 1;
        boolean differentPitch = rows > 1 && other.rows > 1 && rowStride != other.rowStride;
        if (bothSingle || differentPitch) {
            return true;
        }
        // Compare the column intervals modulo the pitch; a single row takes that of the other view.
        int pitch = rows > 1 ? rowStride : other.rowStride;
        long gap = Math.floorMod(other.offset - offset, pitch);
        return gap < columns || gap + other.columns > pitch;
    }

    /** Whether both view exactly the same elements in the same order. */
    public boolean sameView(Tensor other) {
        Object mine = storage.hostArray() != null ? storage.hostArray() : storage;
        Object theirs = other.storage.hostArray() != null ? other.storage.hostArray() : other.storage;
        return mine == theirs && offset == other.offset && rows == other.rows && columns == other.columns
                && (rows <= 1 || rowStride == other.rowStride);
    }

    /** Element type and shape, such as {@code float32[768, 128]}. */
    @Override
    public String toString() {
        return type().word() + Arrays.toString(shape);
    }

    private int index(int row, int column) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) {
            throw new IndexOutOfBoundsException("element (" + row + ", " + column + ") of " + this);
        }
        return offset + row * rowStride + column;
    }

    private void checkRange(String what, int from, int to, int size) {
        if (from < 0 || to < from || to > size) {
            throw new IllegalArgumentException(
                    what + " " + from + " to " + to + " of " + this + "; expected a range within 0 to " + size);
        }
    }
}
