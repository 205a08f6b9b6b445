package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertSameBits;

import java.util.Random;
import java.util.function.Function;

/** Inputs that the tests of several families share. */
final class Cases {
    static final int[] ROWS = {0, 1, 3, 8, 21};
    static final int[] COLUMNS = {1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 65, 100, 129, 257, 259, 513, 1025, 1500, 2311};
    /** Rows that the exponentials are cut into pieces for, at any vector width: pieces have up to 4096 elements. */
    static final int[] LONG_COLUMNS = {4096, 4097, 4131, 9000};

    private Cases() {
    }

    /** A matrix of normally distributed numbers: guarded with gaps between rows, or a whole array. */
    static Tensor random(Random random, ElementType type, boolean contiguous, int... shape) {
        Tensor guarded = KernelsUnderTest.random(random, type, shape);
        if (!contiguous) {
            return guarded;
        }
        Tensor tensor = Tensor.zeros(type, shape);
        tensor.copyFrom(guarded);
        return tensor;
    }

    /** A matrix of NaN, as outputs should be before they are written. */
    static Tensor unwritten(ElementType type, boolean contiguous, int... shape) {
        Tensor tensor = contiguous ? Tensor.zeros(type, shape) : KernelsUnderTest.guarded(type, shape);
        tensor.fill(Double.NaN);
        return tensor;
    }

    /** Fails unless the result has the same bits on 1, 2, 3 and 7 threads. */
    static void assertThreadsDoNotMatter(String name, Function<Kernels, Tensor> operation) {
        Tensor expected = null;
        for (int threads : new int[] {1, 2, 3, 7}) {
            try (Kernels kernels = KernelsUnderTest.best(threads)) {
                Tensor result = operation.apply(kernels);
                if (expected == null) {
                    expected = result;
                }
                assertSameBits(name + " on " + threads + " threads", expected, result);
            }
        }
    }
}
