package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.data.TokenBatch;
import org.junit.jupiter.api.Test;

/**
 * A training step in the steady state allocates nearly nothing: its buffers are planned once per shape. The kernels are the
 * scalar ones, since vectors allocate until they are compiled; what they allocate then is measured with the benchmarks.
 */
class AllocationTest {
    private static final long BOUND = 64 * 1024;
    private static final int MOST_STEPS = 100;

    @Test
    void gptAllocatesNearlyNothing() throws ReflectiveOperationException {
        try (Kernels kernels = Kernels.builder().implementation("scalar").threads(1).build()) {
            GptConfig config = GptConfig.builder(65, 32).layers(4).heads(4).width(64).dropout(0.1).bias(true).build();
            Gpt gpt = new Gpt(config, kernels, ElementType.FLOAT32, 1);
            TokenBatch batch = GptTest.randomBatch(65, 4, 32, 2);
            assertAllocatesLittle(() -> gpt.trainingLoss(batch, 1, 3));
        }
    }

    @Test
    void encoderAllocatesNearlyNothing() throws ReflectiveOperationException {
        try (Kernels kernels = Kernels.builder().implementation("scalar").threads(1).build()) {
            EncoderConfig config = EncoderConfig.ofVectors(20, 10).inputProjection(64).heads(4).layers(4)
                    .learnedPositions(32).build();
            Encoder encoder = new Encoder(config, kernels, ElementType.FLOAT32, 4);
            ExampleBatch batch = ExampleBatch.classification(4, 32,
                    kernels.zeros(ElementType.FLOAT32, 4 * 32, 20), new int[4]);
            assertAllocatesLittle(() -> encoder.trainingLoss(batch, 1, 5));
        }
    }

    /** Repeats until the buffers are planned and the compiler has removed what need not be allocated. */
    private static void assertAllocatesLittle(Runnable step) throws ReflectiveOperationException {
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean")
                .invoke(null);
        // By reflection: not every JVM has this interface, and the module does not read its module.
        Class<?> counting = Class.forName("com.sun.management.ThreadMXBean");
        assumeTrue(counting.isInstance(threads)
                && (boolean) counting.getMethod("isThreadAllocatedMemorySupported").invoke(threads)
                && (boolean) counting.getMethod("isThreadAllocatedMemoryEnabled").invoke(threads),
                "this JVM does not count a thread's allocations");
        Method allocated = counting.getMethod("getThreadAllocatedBytes", long.class);
        long self = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < MOST_STEPS && least >= BOUND; i++) {
            long before = (long) allocated.invoke(threads, self);
            step.run();
            least = Math.min(least, (long) allocated.invoke(threads, self) - before);
        }
        assertTrue(least < BOUND, "a step allocates " + least + " bytes; expected below " + BOUND);
    }
}
