package lanewise.kernels;

import java.util.Optional;

/**
 * An implementation of the kernels that {@link Kernels} finds through {@link java.util.ServiceLoader}. It must be
 * loadable anywhere; what it needs is looked at in {@link #unavailable}.
 */
public interface KernelProvider {
    /** Short name, by which it can be demanded: "scalar", "simd", "cuda". */
    String name();

    /** The highest available one wins. */
    int priority();

    /** Whether it is used only when demanded by name. {@link #unavailable} is then not asked before someone wants to know. */
    default boolean onDemand() {
        return false;
    }

    /**
     * Why it can't be used here, in words for a user; empty if it can.
     *
     * @throws IllegalArgumentException if a system property that it reads has a value it does not know
     */
    Optional<String> unavailable();

    /** What is active or could be, in words for a user, such as the vector width. Asked only if it is available. */
    String details();

    /** Width of its vectors; 0 if it has none. */
    int vectorBits();

    /** Whether it computes in a type. */
    default boolean supports(ElementType type) {
        return type != ElementType.BFLOAT16;
    }

    /** The operations on one element type that is supported, over the given threads. */
    Column create(ElementType type, Workers workers);

    /** A tensor of zeros where this implementation wants it. */
    default Tensor zeros(ElementType type, int... shape) {
        return Tensor.zeros(type, shape);
    }

    /** Gives back what {@link #create} and {@link #zeros} took, if it is not the JVM's. May be called twice. */
    default void close() {
    }
}
