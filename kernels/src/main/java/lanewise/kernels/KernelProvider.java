package lanewise.kernels;

import java.util.Optional;

/**
 * An implementation of the kernels that {@link Kernels} finds through {@link java.util.ServiceLoader}. It must be
 * loadable anywhere; what it needs is looked at in {@link #unavailable}.
 */
public interface KernelProvider {
    /** Short name, by which it can be demanded: "scalar", "simd". */
    String name();

    /** The highest available one wins. */
    int priority();

    /**
     * Why it can't be used here, in words for a user; empty if it can.
     *
     * @throws IllegalArgumentException if a system property that it reads has a value it does not know
     */
    Optional<String> unavailable();

    /** What is active, in words for a user, such as the vector width. */
    String details();

    /** Width of its vectors; 0 if it has none. */
    int vectorBits();

    /** The operations on one element type, over the given threads. */
    Column create(ElementType type, Workers workers);

    /** A tensor of zeros where this implementation wants it. */
    default Tensor zeros(ElementType type, int... shape) {
        return Tensor.zeros(type, shape);
    }
}
