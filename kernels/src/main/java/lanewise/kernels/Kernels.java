package lanewise.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;

/**
 * The kernels: one accessor per family of operations, over one implementation and one set of threads.
 *
 * <pre>{@code
 * try (Kernels kernels = Kernels.best()) {
 *     Tensor a = Tensor.wrap(new float[] {1, 2, 3, 4}, 2, 2);
 *     Tensor b = Tensor.wrap(new float[] {5, 6, 7, 8}, 2, 2);
 *     Tensor c = kernels.zeros(ElementType.FLOAT32, 2, 2);
 *     kernels.matmul().multiply(a, b, c);
 * }
 * }</pre>
 *
 * <p>Every operation checks shapes, element types and overlap before it starts, and throws
 * {@link IllegalArgumentException} naming the argument, what was given and what was expected. Instances share nothing;
 * one may be used from several threads at once (a second caller is then served on its own thread). Results have the same
 * bits at any number of threads.
 *
 * <p>System properties, read when an instance is built: {@code lanewise.implementation} demands an implementation by
 * name ("scalar", "simd", "cuda"), unless the builder does; {@code lanewise.vectorBits} (128, 256 or 512; read once, when the
 * vectors are first used) caps the vector width; {@code lanewise.tf32} ("true"; read once) lets a GPU multiply float32 matrices on its
 * tensor cores, which round the operands to 10 bits of fraction.
 *
 * <p>The GPU ("cuda", see the README) is used only when it is demanded: it is fast for tensors that {@link #zeros} made, which stay in
 * its memory; what lives on the host is copied there and back by each operation. Operations on it return before they are done; reading a
 * tensor waits for them.
 *
 * <p>On JDK 17, a program that also uses vectors of another width itself makes the vectors of these kernels objects, many
 * times slower: C2 of that JDK then no longer knows their class.
 */
public final class Kernels implements AutoCloseable {
    private final KernelProvider provider;
    private final List<Declined> declined;
    private final Workers workers;
    private final Matmul matmul;
    private final Attention attention;
    private final Softmax softmax;
    private final Loss loss;
    private final Normalization normalization;
    private final Activations activations;
    private final Elementwise elementwise;
    private final Reduction reduction;
    private final Embedding embedding;
    private final Optimizer optimizer;

    private Kernels(KernelProvider provider, List<Declined> declined, Workers workers) {
        this.provider = provider;
        this.declined = declined;
        this.workers = workers;
        Map<ElementType, Column> columns = new EnumMap<>(ElementType.class);
        for (ElementType type : ElementType.values()) {
            if (provider.supports(type)) {
                columns.put(type, provider.create(type, workers));
            }
        }
        matmul = new CheckedMatmul(columns);
        attention = new CheckedAttention(columns);
        softmax = new CheckedSoftmax(columns);
        loss = new CheckedLoss(columns);
        normalization = new CheckedNormalization(columns);
        activations = new CheckedActivations(columns);
        elementwise = new CheckedElementwise(columns);
        reduction = new CheckedReduction(columns);
        embedding = new CheckedEmbedding(columns);
        optimizer = new CheckedOptimizer(columns);
    }

    /** The fastest implementation available on the CPU, on as many threads as the JVM has processors. */
    public static Kernels best() {
        return builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    public Matmul matmul() {
        return matmul;
    }

    public Attention attention() {
        return attention;
    }

    public Softmax softmax() {
        return softmax;
    }

    public Loss loss() {
        return loss;
    }

    public Normalization normalization() {
        return normalization;
    }

    public Activations activations() {
        return activations;
    }

    public Elementwise elementwise() {
        return elementwise;
    }

    public Reduction reduction() {
        return reduction;
    }

    public Embedding embedding() {
        return embedding;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    /** Whether these kernels compute in a type: all do in float32 and float64, those of a GPU in bfloat16 too. */
    public boolean supports(ElementType type) {
        return provider.supports(type);
    }

    /**
     * A new tensor of zeros where this implementation wants it. A device's memory is given back some time after the tensor and all its
     * views became unreachable, and at once by {@link #close}.
     *
     * @throws IllegalArgumentException   if the type is not {@linkplain #supports supported}
     * @throws OutOfDeviceMemoryException if a device has not as much memory
     */
    public Tensor zeros(ElementType type, int... shape) {
        if (!supports(type)) {
            throw new IllegalArgumentException("type is " + type.word() + ", which the implementation \"" + provider.name()
                    + "\" does not compute in; \"cuda\" does");
        }
        return provider.zeros(type, shape);
    }

    /** Name of the active implementation: "scalar", "simd", "cuda". */
    public String implementation() {
        return provider.name();
    }

    /** Width of the active implementation's vectors; 0 if it has none. */
    public int vectorBits() {
        return provider.vectorBits();
    }

    /** Threads that an operation may use, the caller's included. */
    public int threads() {
        return workers.threads();
    }

    /** What is active and, for every faster implementation, why it is not. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        text.append(provider.name()).append(": ").append(provider.details()).append(", ").append(threads())
                .append(threads() == 1 ? " thread" : " threads");
        for (Declined other : declined) {
            text.append('\n').append(other);
        }
        return text.toString();
    }

    /**
     * Ends the threads. Tensors on the host stay valid, and operations still work afterwards, on the caller's thread; those of a device
     * are gone, their memory is given back, and operations throw {@link IllegalStateException}.
     */
    @Override
    public void close() {
        workers.close();
        provider.close();
    }

    /**
     * An implementation that is not active.
     *
     * @param reason why not; null if it was not asked because it must be demanded
     */
    private record Declined(KernelProvider provider, String reason) {
        @Override
        public String toString() {
            String why = reason != null ? reason
                    : provider.unavailable().orElseGet(() -> provider.details() + " can be used, but was not demanded");
            return "not " + provider.name() + ": " + why;
        }
    }

    /** Chooses implementation and threads. */
    public static final class Builder {
        private String implementation = System.getProperty("lanewise.implementation");
        private int threads = Runtime.getRuntime().availableProcessors();
        private Executor executor;

        private Builder() {
        }

        /**
         * Demands an implementation.
         *
         * @param name "scalar", "simd", "cuda", or null for the best available that is not a device's
         */
        public Builder implementation(String name) {
            implementation = name;
            return this;
        }

        /**
         * Threads that an operation may use, the caller's included; by default one per processor of the JVM.
         *
         * @throws IllegalArgumentException if below 1
         */
        public Builder threads(int count) {
            if (count < 1 || count > 1024) {
                throw new IllegalArgumentException("threads is " + count + "; expected 1 to 1024");
            }
            threads = count;
            return this;
        }

        /** Runs on the caller's executor instead of on threads of its own; {@link #threads} still bounds how many. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Builds the kernels.
         *
         * @throws IllegalArgumentException if a system property has a value that is not known
         * @throws IllegalStateException if the demanded implementation does not exist or can't be used here; says why
         */
        public Kernels build() {
            List<KernelProvider> providers = new ArrayList<>();
            ServiceLoader.load(KernelProvider.class, Kernels.class.getClassLoader()).forEach(providers::add);
            providers.sort(Comparator.comparingInt(KernelProvider::priority).reversed());
            List<Declined> declined = new ArrayList<>();
            for (KernelProvider provider : providers) {
                boolean demanded = provider.name().equals(implementation);
                boolean wanted = demanded || implementation == null && !provider.onDemand();
                if (!wanted && provider.onDemand()) {
                    declined.add(new Declined(provider, null));
                    continue;
                }
                Optional<String> reason = provider.unavailable();
                if (wanted && reason.isEmpty()) {
                    return start(provider, List.copyOf(declined));
                }
                declined.add(new Declined(provider, reason.orElse(implementation + " was demanded")));
            }
            throw new IllegalStateException("no implementation of the kernels"
                    + (implementation == null ? "" : " called \"" + implementation + "\"") + " can be used here:\n"
                    + declined.stream().map(Declined::toString).collect(Collectors.joining("\n")));
        }

        private Kernels start(KernelProvider provider, List<Declined> declined) {
            Workers workers = workers();
            try {
                return new Kernels(provider, declined, workers);
            } catch (RuntimeException failure) {
                workers.close();
                provider.close();
                throw new IllegalStateException("the implementation \"" + provider.name() + "\" can't be started: " + failure.getMessage(), failure);
            }
        }

        private Workers workers() {
            return executor == null ? new ThreadPool(threads) : new ExecutorWorkers(executor, threads);
        }
    }
}
