package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TensorTest {
    private final float[] array = new float[60];

    TensorTest() {
        IntStream.range(0, 60).forEach(i -> array[i] = i);
    }

    @Test
    void readsLeadingAxesAsRows() {
        Tensor tensor = Tensor.wrap(array, 3, 4, 5);
        assertEquals(ElementType.FLOAT32, tensor.type());
        assertEquals(3, tensor.rank());
        assertArrayEquals(new int[] {3, 4, 5}, tensor.shape());
        assertEquals(4, tensor.size(1));
        assertEquals(12, tensor.rows());
        assertEquals(5, tensor.columns());
        assertEquals(60, tensor.elements());
        assertEquals(5, tensor.rowStride());
        assertEquals(0, tensor.offset());
        assertTrue(tensor.isContiguous());
        assertEquals(37, tensor.get(7, 2));
        assertEquals("float32[3, 4, 5]", tensor.toString());
        assertEquals("float64[2]", Tensor.wrap(new double[2], 2).toString());
    }

    @Test
    void aVectorIsOneRow() {
        Tensor tensor = Tensor.wrap(array, 60);
        assertEquals(1, tensor.rows());
        assertEquals(60, tensor.columns());
    }

    @Test
    void wrappingCopiesNothing() {
        Tensor tensor = Tensor.wrap(array, 6, 10);
        assertSame(array, tensor.floats());
        tensor.set(2, 3, -1);
        assertEquals(-1, array[23]);
        array[23] = 5;
        assertEquals(5, tensor.get(2, 3));
        double[] doubles = new double[4];
        assertSame(doubles, Tensor.wrap(doubles, 2, 2).doubles());
    }

    @Test
    void theArrayOfAnotherTypeIsAnError() {
        String message = assertThrows(IllegalStateException.class,
                () -> Tensor.wrap(array, 6, 10).doubles()).getMessage();
        assertTrue(message.startsWith("float32[6, 10] has no double array"), message);
        assertThrows(IllegalStateException.class, () -> Tensor.wrap(new double[2], 2).floats());
    }

    @Test
    void theShapeCannotBeChangedFromOutside() {
        int[] shape = {6, 10};
        Tensor tensor = Tensor.wrap(array, shape);
        shape[0] = 1;
        tensor.shape()[1] = 1;
        assertArrayEquals(new int[] {6, 10}, tensor.shape());
    }

    @Test
    void viewsKeepOffsetAndStride() {
        Tensor matrix = Tensor.wrap(array, 6, 10);
        Tensor rows = matrix.rowRange(2, 5);
        assertArrayEquals(new int[] {3, 10}, rows.shape());
        assertEquals(20, rows.get(0, 0));
        assertTrue(rows.isContiguous());
        Tensor part = rows.columnRange(4, 7);
        assertArrayEquals(new double[] {24, 25, 26, 34, 35, 36, 44, 45, 46}, part.toArray());
        assertFalse(part.isContiguous());
        assertEquals(24, part.offset());
        assertEquals(10, part.rowStride());
        Tensor view = Tensor.view(array, 24, 10, 3, 3);
        assertTrue(view.sameView(part));
        assertEquals(0, matrix.rowRange(6, 6).elements());
        assertEquals(0, matrix.columnRange(10, 10).elements());
    }

    @Test
    void reshapes() {
        Tensor matrix = Tensor.wrap(array, 6, 10);
        assertEquals(37, matrix.reshape(3, 4, 5).get(7, 2));
        assertEquals(37, matrix.reshape(60).get(0, 37));
        Tensor part = matrix.columnRange(2, 4).reshape(2, 3, 2);
        assertArrayEquals(new double[] {2, 3, 12, 13, 22, 23, 32, 33, 42, 43, 52, 53}, part.toArray());
        assertMessage(() -> matrix.columnRange(2, 4).reshape(3, 4), "[3, 4]", "not contiguous");
        assertMessage(() -> matrix.reshape(7, 10), "[7, 10]", "70 elements", "60");
    }

    @Test
    void copiesBetweenTypesAndStrides() {
        Tensor part = Tensor.wrap(array, 6, 10).columnRange(3, 5);
        Tensor doubles = Tensor.zeros(ElementType.FLOAT64, 6, 2);
        doubles.copyFrom(part);
        assertArrayEquals(part.toArray(), doubles.toArray());
        doubles.fill(0.1);
        part.copyFrom(doubles);
        assertEquals(0.1f, array[53]);
        assertEquals(52, array[52]);
        assertEquals(55, array[55]);
        Tensor floats = Tensor.zeros(ElementType.FLOAT32, 3, 4);
        floats.copyFrom(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
        assertEquals(12, floats.get(2, 3));
        Tensor other = Tensor.zeros(ElementType.FLOAT32, 3, 4);
        other.copyFrom(floats);
        assertArrayEquals(floats.toArray(), other.toArray());
        assertMessage(() -> floats.copyFrom(part), "source", "float32[6, 2]", "float32[3, 4]");
        assertMessage(() -> floats.copyFrom(new double[3]), "values", "3", "float32[3, 4]");
    }

    @Test
    void fillsOnlyItsElements() {
        Tensor.wrap(array, 6, 10).columnRange(3, 5).fill(-1);
        for (int i = 0; i < 60; i++) {
            boolean inside = i % 10 == 3 || i % 10 == 4;
            assertEquals(inside ? -1 : i, array[i]);
        }
    }

    @Test
    void tellsOverlapFromNone() {
        Tensor matrix = Tensor.wrap(array, 6, 10);
        Tensor left = matrix.columnRange(0, 4);
        Tensor right = matrix.columnRange(4, 10);
        assertOverlap(true, matrix, matrix);
        assertOverlap(true, matrix, left);
        assertOverlap(false, left, right);
        assertOverlap(true, matrix.columnRange(0, 5), right);
        assertOverlap(false, matrix.rowRange(0, 3), matrix.rowRange(3, 6));
        assertOverlap(true, matrix.rowRange(0, 4), matrix.rowRange(3, 6));
        assertOverlap(false, left.rowRange(0, 3), right.rowRange(1, 6));
        assertOverlap(true, left.rowRange(0, 3), left.rowRange(2, 6));
        assertOverlap(false, left, right.rowRange(2, 3));
        assertOverlap(true, left, matrix.columnRange(3, 6).rowRange(2, 3));
        assertOverlap(false, left.rowRange(1, 2), right.rowRange(1, 2));
        // Another pitch over the same elements: taken as overlapping.
        assertOverlap(true, left, Tensor.wrap(array, 12, 5));
        assertOverlap(false, matrix, Tensor.wrap(array.clone(), 6, 10));
        assertOverlap(false, matrix, matrix.rowRange(2, 2));
        // Columns that wrap around into the next row of the other view.
        assertOverlap(true, Tensor.view(array, 0, 10, 3, 3), Tensor.view(array, 8, 10, 3, 5));
    }

    @Test
    void knowsTheSameView() {
        Tensor matrix = Tensor.wrap(array, 6, 10);
        assertTrue(matrix.sameView(Tensor.wrap(array, 6, 10)));
        assertTrue(matrix.sameView(matrix.reshape(2, 3, 10)));
        assertFalse(matrix.sameView(matrix.reshape(60)));
        assertFalse(matrix.sameView(matrix.rowRange(0, 5)));
        assertFalse(matrix.sameView(Tensor.wrap(array.clone(), 6, 10)));
    }

    @Test
    void emptyShapesAreAllowed() {
        assertEquals(0, Tensor.zeros(ElementType.FLOAT32, 0, 5).elements());
        assertEquals(0, Tensor.zeros(ElementType.FLOAT32, 5, 0).elements());
        assertEquals(5, Tensor.zeros(ElementType.FLOAT32, 5, 0).rows());
        assertEquals(0, Tensor.zeros(ElementType.FLOAT64, 0).toArray().length);
    }

    @Test
    void badInputIsNamed() {
        assertMessage(() -> Tensor.wrap(array, 7, 10), "[7, 10]", "70", "60");
        assertMessage(() -> Tensor.wrap(array, 5, 10), "[5, 10]", "50", "60");
        assertMessage(() -> Tensor.wrap(array), "shape", "axes");
        assertMessage(() -> Tensor.wrap(array, -6, -10), "shape", "[-6, -10]", "negative");
        assertMessage(() -> Tensor.view(array, -1, 10, 6, 10), "offset", "-1");
        assertMessage(() -> Tensor.view(array, 1, 10, 6, 10), "[6, 10]", "61", "60");
        assertMessage(() -> Tensor.view(array, 0, 9, 6, 10), "rowStride", "9", "10");
        assertMessage(() -> Tensor.view(array, 0, Integer.MAX_VALUE, 3, 2), "[3, 2]", "60");
        assertMessage(() -> Tensor.zeros(ElementType.FLOAT32, 1 << 16, 1 << 16), "[65536, 65536]", "at most");
        assertMessage(() -> Tensor.zeros(ElementType.FLOAT32, 1 << 30, 1 << 30, 1 << 30), "shape", "at most");
        assertMessage(() -> Tensor.view(array, 0, 1, 1 << 30, 1 << 30, 1 << 30, 1), "shape", "at most");
        Tensor matrix = Tensor.wrap(array, 6, 10);
        assertMessage(() -> matrix.rowRange(3, 7), "rows 3 to 7", "float32[6, 10]", "6");
        assertMessage(() -> matrix.rowRange(-1, 2), "rows -1 to 2");
        assertMessage(() -> matrix.columnRange(5, 4), "columns 5 to 4", "10");
        assertThrows(IndexOutOfBoundsException.class, () -> matrix.get(6, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> matrix.set(0, 10, 1));
        assertEquals("array", assertThrows(NullPointerException.class,
                () -> Tensor.wrap((float[]) null, 2)).getMessage());
        assertEquals("array", assertThrows(NullPointerException.class,
                () -> Tensor.view((double[]) null, 0, 2, 2)).getMessage());
    }

    private static void assertOverlap(boolean expected, Tensor x, Tensor y) {
        assertEquals(expected, x.overlaps(y), x + " at " + x.offset() + " and " + y + " at " + y.offset());
        assertEquals(expected, y.overlaps(x), y + " at " + y.offset() + " and " + x + " at " + x.offset());
    }

    private static void assertMessage(Executable action, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), "the message \"" + message + "\" lacks \"" + part + "\"");
        }
    }
}
