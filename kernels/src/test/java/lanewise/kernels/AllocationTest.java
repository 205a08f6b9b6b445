package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Warm operations allocate nearly nothing: a vector that is not kept in a register is an object, and the operation then takes
 * ten to fifty times as long. Operations that evaluate an elementary function are left to the benchmarks: whether C2
 * inlines the function into the loop depends on the state of its profile. So is dropout: not every vector width has a
 * product of longs. On JDK 17 nothing is asked: in one run of several its C2 keeps a sum in an object, in float64 matrix
 * products for instance.
 */
class AllocationTest {
    /** What a call may allocate: the object of a task, not a vector for each row. */
    private static final long BYTES = 2048;

    @ParameterizedTest
    @HostTypes
    void warmOperationsKeepVectorsInRegisters(ElementType type) {
        assumeTrue(ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean,
                "this JVM does not count the bytes that a thread allocates");
        assumeTrue(!KernelsUnderTest.onDevice(), "what is copied to a device passes through objects");
        assumeTrue(Runtime.version().feature() != 17, "C2 of JDK 17 keeps a sum in an object in one run of several");
        StringBuilder failures = new StringBuilder();
        try (Kernels kernels = KernelsUnderTest.best(1)) {
            operations(kernels, type).forEach((name, operation) -> {
                long bytes = leastAllocated(operation);
                if (bytes > BYTES) {
                    failures.append('\n').append(name).append(' ').append(type).append(": ").append(bytes)
                            .append(" bytes a call");
                }
            });
            assertTrue(failures.isEmpty(), failures.toString());
        }
    }

    /** Bytes of the thriftiest of several rounds; waits for the compiler, which a busy machine may hold up. */
    private static long leastAllocated(Runnable operation) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        long end = System.nanoTime() + 30_000_000_000L;
        while (least > BYTES && System.nanoTime() < end) {
            int calls = 0;
            long before = threads.getCurrentThreadAllocatedBytes();
            long pause = System.nanoTime() + 20_000_000L;
            do {
                operation.run();
                calls++;
            } while (System.nanoTime() < pause);
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / calls);
            if (least > BYTES) {
                LockSupport.parkNanos(10_000_000L);
            }
        }
        return least;
    }

    private static Map<String, Runnable> operations(Kernels k, ElementType type) {
        int rows = 60;
        int width = 70;
        Tensor x = filled(type, rows, width);
        Tensor y = filled(type, rows, width);
        Tensor z = filled(type, rows, width);
        Tensor v = filled(type, width);
        Tensor w = filled(type, width);
        Tensor perRow = filled(type, rows);
        Tensor perRow2 = filled(type, rows);
        Tensor square = filled(type, width, width);
        int[] ids = new int[rows];
        Map<String, Runnable> all = new LinkedHashMap<>();
        for (int i = 0; i < 4; i++) {
            boolean ta = i % 2 == 1;
            boolean tb = i / 2 == 1;
            Tensor a = ta ? filled(type, width, rows) : x;
            all.put("matmul, transposed " + ta + " " + tb,
                    () -> k.matmul().multiply(ta, tb, 1, a, square, 1, y, Epilogue.NONE));
        }
        Tensor wide = filled(type, 300, 300);
        Tensor product = filled(type, 300, 300);
        all.put("large matmul", () -> k.matmul().multiply(wide, wide, product));
        Tensor vector = filled(type, 1, width);
        all.put("vector times matrix", () -> k.matmul().multiply(false, false, 1, vector, square, 0,
                w.reshape(1, width), Epilogue.NONE));
        all.put("vector times transpose", () -> k.matmul().multiply(false, true, 1, vector, square, 0,
                w.reshape(1, width), Epilogue.NONE));
        all.put("squared error", () -> k.loss().squaredError(x, z, 1, perRow, y));
        all.put("layer norm", () -> k.normalization().layerNorm(x, v, w, 1e-5, y, perRow, perRow2));
        all.put("layer norm backward", () -> {
            v.fill(0);
            k.normalization().layerNormBackward(x, w, perRow, perRow2, z, true, y, v, null);
        });
        all.put("RMS norm", () -> k.normalization().rmsNorm(x, v, 1e-5, y, perRow));
        all.put("RMS norm backward", () -> k.normalization().rmsNormBackward(x, w, perRow, z, true, y, v));
        all.put("add", () -> k.elementwise().add(x, z, y));
        all.put("multiply", () -> k.elementwise().multiply(x, z, y));
        all.put("scale and add", () -> k.elementwise().scaleAdd(0.5, x, 0.5, y));
        all.put("add repeated", () -> k.elementwise().addRepeated(x, v, y));
        all.put("sum", () -> k.reduction().sum(x));
        all.put("sum of squares", () -> k.reduction().sumOfSquares(x));
        all.put("sum repeated", () -> k.reduction().sumRepeated(x, v));
        all.put("pool", () -> k.reduction().pool(rows, 1, x, vector));
        all.put("pool backward", () -> k.reduction().poolBackward(rows, 1, vector, y));
        all.put("gather", () -> k.embedding().gather(square, ids, y));
        all.put("scatter", () -> k.embedding().scatterAdd(x, ids, square));
        all.put("rotary", () -> k.embedding().rotary(width, rows, 0, 10000, false, x, y));
        all.put("gradient descent", () -> k.optimizer().gradientDescent(0, 0, 1, y, x));
        all.put("momentum", () -> k.optimizer().momentum(0, 0.9, 0, 1, y, x, z));
        AdamSettings adam = new AdamSettings(0.9, 0.99, 1e-8, 0.1, true);
        Tensor mean = filled(type, rows, width);
        Tensor squares = filled(type, rows, width);
        all.put("Adam", () -> k.optimizer().adam(adam, 0, 1, 1, y, x, mean, squares));
        return all;
    }

    private static Tensor filled(ElementType type, int... shape) {
        Tensor tensor = Tensor.zeros(type, shape);
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1 + i % 7 * 0.05;
        }
        tensor.copyFrom(values);
        return tensor;
    }
}
