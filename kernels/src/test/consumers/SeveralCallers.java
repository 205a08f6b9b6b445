package consumer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Two instances with different thread counts, each called from three threads at once: all must get the bits that one
 * thread alone gets. Ends with status 1 if not.
 */
public final class SeveralCallers {
    private static final int LENGTH = 64;
    private static final int WIDTH = 48;

    private SeveralCallers() {
    }

    public static void main(String[] arguments) throws InterruptedException {
        AtomicInteger wrong = new AtomicInteger();
        try (Kernels one = Kernels.builder().threads(1).build();
                Kernels two = Kernels.builder().threads(2).build();
                Kernels four = Kernels.builder().threads(4).build()) {
            Tensor expected = attend(one);
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Kernels kernels = i % 2 == 0 ? two : four;
                Thread caller = new Thread(() -> {
                    for (int round = 0; round < 200; round++) {
                        if (!Arrays.equals(attend(kernels).floats(), expected.floats())) {
                            wrong.incrementAndGet();
                        }
                    }
                });
                caller.setUncaughtExceptionHandler((thread, failure) -> {
                    failure.printStackTrace();
                    wrong.incrementAndGet();
                });
                callers.add(caller);
                caller.start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            System.out.println(one.implementation() + ": " + wrong + " of 1200 results differ");
        }
        if (wrong.get() != 0) {
            System.err.println("FAILED: results differ between callers");
            System.exit(1);
        }
    }

    /** Self-attention of tokens with themselves after a projection. */
    private static Tensor attend(Kernels kernels) {
        Tensor tokens = Tensor.zeros(ElementType.FLOAT32, LENGTH, WIDTH);
        Tensor weights = Tensor.zeros(ElementType.FLOAT32, WIDTH, WIDTH);
        for (int i = 0; i < LENGTH * WIDTH; i++) {
            tokens.set(i / WIDTH, i % WIDTH, Math.sin(i));
        }
        for (int i = 0; i < WIDTH * WIDTH; i++) {
            weights.set(i / WIDTH, i % WIDTH, Math.cos(3 * i));
        }
        Tensor projected = kernels.zeros(ElementType.FLOAT32, LENGTH, WIDTH);
        kernels.matmul().multiply(tokens, weights, projected);
        Tensor output = kernels.zeros(ElementType.FLOAT32, LENGTH, WIDTH);
        AttentionShape shape = AttentionShape.self(1, 4, LENGTH, WIDTH / 4, 0.3, true);
        kernels.attention().forward(shape, projected, projected, projected, output, null);
        return output;
    }
}
