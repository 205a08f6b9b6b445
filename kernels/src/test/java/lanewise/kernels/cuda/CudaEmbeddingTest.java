package lanewise.kernels.cuda;

import static lanewise.kernels.cuda.DeviceTensors.assertClose;
import static lanewise.kernels.cuda.DeviceTensors.assertSameBits;
import static lanewise.kernels.cuda.DeviceTensors.assertWithin;
import static lanewise.kernels.cuda.DeviceTensors.exact;
import static lanewise.kernels.cuda.DeviceTensors.exactLike;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.Embedding;
import lanewise.kernels.HostTypes;
import lanewise.kernels.Tensor;
import lanewise.kernels.cuda.DeviceTensors.Layout;
import org.junit.jupiter.params.ParameterizedTest;

class CudaEmbeddingTest {
    @ParameterizedTest
    @HostTypes
    void gatherAndScatterAddMatchTheDefinition(ElementType type) throws Exception {
        try (DeviceTensors tensors = new DeviceTensors(51)) {
            for (Layout layout : Layout.values()) {
                for (int columns : new int[] {1, 31, 32, 100, 384}) {
                    for (int count : new int[] {0, 1, 21, 32, 33, 300}) {
                        // Few entries, so that ids have several chunks, and more entries than ids.
                        compare(tensors, type, layout, 3, count, columns);
                        compare(tensors, type, layout, 70, count, columns);
                    }
                }
            }
        }
    }

    private static void compare(DeviceTensors tensors, ElementType type, Layout layout, int entries, int count, int columns) {
        Embedding kernels = new CudaEmbedding(tensors.device, type);
        int[] ids = tensors.random().ints(count, 0, entries).toArray();
        Tensor table = tensors.random(type, layout, entries, columns);
        Tensor y = tensors.unwritten(type, layout, count, columns);
        kernels.gather(table, ids, y);
        Tensor expected = exactLike(y);
        tensors.scalar.embedding().gather(exact(table), ids, expected);
        String name = count + " rows of " + table + ", " + layout;
        assertClose("gather " + name, expected, y, 0, 0);
        Tensor dY = tensors.random(type, layout, count, columns);
        Tensor again = tensors.copy(table, layout);
        Tensor sums = exact(table);
        double[] bounds = new double[sums.elements()];
        double[] dYs = dY.toArray();
        double[] start = table.toArray();
        int[] occurrences = new int[entries];
        for (int i = 0; i < count; i++) {
            occurrences[ids[i]]++;
        }
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = 40 * type.unitRoundoff() * Math.abs(start[i]);
        }
        for (int i = 0; i < dYs.length; i++) {
            bounds[ids[i / columns] * columns + i % columns] += 40 * type.unitRoundoff() * Math.abs(dYs[i]);
        }
        kernels.scatterAdd(dY, ids, table);
        tensors.scalar.embedding().scatterAdd(exact(dY), ids, sums);
        assertWithin("scatterAdd " + name, sums, table, bounds);
        kernels.scatterAdd(dY, ids, again);
        assertSameBits("scatterAdd once more " + name, table, again);
        // Where an id has one chunk, its rows are added in their order and rounded after each: the same bits as the definition's.
        double[] inOrder = start;
        for (int i = 0; i < dYs.length; i++) {
            int at = ids[i / columns] * columns + i % columns;
            double sum = inOrder[at] + dYs[i];
            inOrder[at] = type == ElementType.FLOAT32 ? (float) sum : sum;
        }
        for (int id = 0; id < entries; id++) {
            if (occurrences[id] <= IdChunks.MOST) {
                double[] row = Arrays.copyOfRange(inOrder, id * columns, (id + 1) * columns);
                assertClose("scatterAdd in order, entry " + id + " of " + name, Tensor.wrap(row, columns),
                        Tensor.wrap(table.rowRange(id, id + 1).toArray(), columns), 0, 0);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void rotaryMatchesTheDefinition(ElementType type) throws Exception {
        double u = type.unitRoundoff();
        try (DeviceTensors tensors = new DeviceTensors(52)) {
            Embedding kernels = new CudaEmbedding(tensors.device, type);
            for (Layout layout : Layout.values()) {
                for (int width : new int[] {2, 6, 16, 64, 70}) {
                    for (int first : new int[] {0, 3, 1000}) {
                        Tensor x = tensors.random(type, layout, 10, 3 * width);
                        Tensor y = tensors.unwritten(type, layout, 10, 3 * width);
                        kernels.rotary(width, 5, first, 10000, false, x, y);
                        Tensor expected = exactLike(x);
                        tensors.scalar.embedding().rotary(width, 5, first, 10000, false, exact(x), expected);
                        String name = "rotary of heads of " + width + " from position " + first + ", " + layout;
                        // In float64 the angles err in proportion to the position.
                        double angle = type == ElementType.FLOAT64 ? 4.0 * (first + 5) : 0;
                        assertClose(name, expected, y, (8 + angle) * u, 2 * u);
                        Tensor back = tensors.unwritten(type, layout, 10, 3 * width);
                        kernels.rotary(width, 5, first, 10000, true, y, back);
                        assertClose(name + " and back", exact(x), back, 20 * u, 0);
                        kernels.rotary(width, 5, first, 10000, false, x, x);
                        assertSameBits(name + " in place", y, x);
                    }
                }
            }
        }
    }
}
