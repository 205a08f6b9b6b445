package lanewise.bench.gpu;

import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * A matrix of random numbers where the kernels want it, whose elements the host knows. Large ones repeat a block of rows, whose number
 * is odd, so that no tile of a kernel meets the same numbers as its neighbour.
 */
final class RandomMatrix {
    private static final int BLOCK_ELEMENTS = 1 << 22;

    final Tensor tensor;
    /** In float64, on the host. */
    private final Tensor block;

    /** Numbers with mean 0 and variance 1, nearly normal, as the type rounds them. */
    RandomMatrix(Kernels kernels, ElementType type, long seed, int rows, int columns) {
        int count = Math.min(rows, Math.max(1, BLOCK_ELEMENTS / columns) | 1);
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[count * columns];
        for (int i = 0; i < values.length; i++) {
            long bits = random.nextLong();
            long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
            values[i] = (sum - 2 * 65535.0) * (Math.sqrt(3) / 65536);
        }
        tensor = kernels.zeros(type, rows, columns);
        Tensor first = tensor.rowRange(0, count);
        first.copyFrom(values);
        block = Tensor.wrap(first.toArray(), count, columns);
        for (int from = count; from < rows; from += count) {
            int some = Math.min(count, rows - from);
            tensor.rowRange(from, from + some).copyFrom(first.rowRange(0, some));
        }
    }

    double at(int row, int column) {
        return block.get(row % block.rows(), column);
    }

    /** One row in float64, on the host. */
    Tensor row(int row) {
        Tensor copy = Tensor.zeros(ElementType.FLOAT64, 1, block.columns());
        int from = row % block.rows();
        copy.copyFrom(block.rowRange(from, from + 1));
        return copy;
    }
}
