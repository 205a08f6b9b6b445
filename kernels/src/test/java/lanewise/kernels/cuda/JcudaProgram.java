package lanewise.kernels.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.OutOfDeviceMemoryException;
import lanewise.kernels.Tensor;

/** What {@link JcudaDriverTest} runs in a JVM of its own; ends with an exception if something is not as it should be. */
final class JcudaProgram {
    private JcudaProgram() {
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "describe" -> {
                try (Kernels kernels = Kernels.builder().implementation("scalar").build()) {
                    System.out.println(kernels.describe());
                }
            }
            case "demand" -> {
                try (Kernels kernels = Kernels.builder().implementation("cuda").build()) {
                    System.out.println(kernels.describe());
                } catch (IllegalStateException failure) {
                    System.out.println(failure.getMessage());
                }
            }
            case "compute" -> compute();
            case "memory" -> memory();
            case "errors" -> errors();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void expect(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    private static void compute() throws InterruptedException {
        try (Kernels cuda = Kernels.builder().implementation("cuda").build(); Kernels scalar = Kernels.builder().implementation("scalar").build()) {
            longRows(cuda);
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            List<Thread> callers = new ArrayList<>();
            for (int c = 0; c < 4; c++) {
                long seed = c;
                Thread caller = new Thread(() -> softmax(cuda, scalar, seed));
                caller.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
                callers.add(caller);
                caller.start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            if (!failures.isEmpty()) {
                throw new AssertionError(failures.size() + " callers failed", failures.peek());
            }
        }
    }

    /** Rows that take just what a block may have of shared memory without asking, but for what the kernel itself declares. */
    private static void longRows(Kernels cuda) {
        Tensor x = cuda.zeros(ElementType.FLOAT32, 2, (48 << 10) / Float.BYTES);
        cuda.softmax().forward(1, x, x);
        expect(Math.abs(x.get(1, 77) * x.columns() - 1) <= 1e-6, "of 48 KiB: " + x.get(1, 77));
    }

    private static void softmax(Kernels cuda, Kernels scalar, long seed) {
        for (int round = 0; round < 3; round++) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                SplittableRandom random = new SplittableRandom(seed * 100 + round);
                int rows = random.nextInt(1, 12);
                int columns = random.nextInt(1, 900);
                Tensor x = Tensor.zeros(type, rows, columns);
                x.copyFrom(random.doubles((long) rows * columns, -4, 4).toArray());
                Tensor expected = Tensor.zeros(type, rows, columns);
                scalar.softmax().forward(0.5, x, expected);
                // Both of the two ways: on the device, here in columns of something wider; and for arrays of the host.
                Tensor wide = cuda.zeros(type, rows, columns + 3);
                Tensor onDevice = wide.columnRange(2, columns + 2);
                onDevice.copyFrom(x);
                cuda.softmax().forward(0.5, onDevice, onDevice);
                Tensor onHost = Tensor.zeros(type, rows, columns);
                cuda.softmax().forward(0.5, x, onHost);
                double[] wanted = expected.toArray();
                double[] device = onDevice.toArray();
                double[] host = onHost.toArray();
                for (int i = 0; i < wanted.length; i++) {
                    expect(Math.abs(wanted[i] - device[i]) <= 1e-6 && wanted[i] != 0, i + ": " + device[i] + " for " + wanted[i]);
                    expect(Math.abs(wanted[i] - host[i]) <= 1e-6, i + ": " + host[i] + " for " + wanted[i]);
                }
                expect(wide.get(0, 1) == 0 && wide.get(rows - 1, columns + 2) == 0, "what is beside the columns is written");
            }
        }
    }

    /** With 64 MiB. */
    private static void memory() {
        try (Kernels cuda = Kernels.builder().implementation("cuda").build()) {
            List<Tensor> kept = new ArrayList<>();
            OutOfDeviceMemoryException thrown = null;
            while (thrown == null) {
                try {
                    kept.add(cuda.zeros(ElementType.FLOAT32, 1 << 20));
                } catch (OutOfDeviceMemoryException expected) {
                    thrown = expected;
                }
            }
            expect(kept.size() == 16, kept.size() + " tensors of 4 MiB are in 64 MiB");
            expect(thrown.asked() == 4 << 20 && thrown.free() == 0, thrown.getMessage());
            System.out.println(thrown.getMessage());
            kept.get(3).fill(3);
            cuda.softmax().forward(1, kept.get(3).reshape(1, 1 << 20), kept.get(4).reshape(1, 1 << 20));
            expect(kept.get(4).get(0, 77) == 0x1p-20f, "a result after memory was missing is " + kept.get(4).get(0, 77));
            // Nobody has the others any more.
            Tensor one = kept.get(3);
            kept.clear();
            for (int i = 0; i < 40; i++) {
                cuda.zeros(ElementType.FLOAT32, 5 << 20);
            }
            expect(one.get(0, 77) == 3, "a tensor that is kept was given away");
        }
    }

    private static void errors() {
        Kernels cuda = Kernels.builder().implementation("cuda").build();
        Tensor x = cuda.zeros(ElementType.FLOAT32, 2, 3);
        cuda.close();
        cuda.close();
        for (Runnable use : Arrays.<Runnable>asList(() -> cuda.softmax().forward(1, x, x), x::toArray, () -> x.fill(1), () -> cuda.zeros(ElementType.FLOAT32, 2))) {
            try {
                use.run();
                throw new AssertionError("closed kernels were used");
            } catch (IllegalStateException expected) {
                System.out.println(expected.getMessage());
            }
        }
        JcudaDriver driver = new JcudaDriver();
        try {
            driver.free(1234);
            throw new AssertionError("memory that was not allocated was given back");
        } catch (IllegalStateException expected) {
            System.out.println(expected.getMessage());
        }
        driver.close();
    }
}
