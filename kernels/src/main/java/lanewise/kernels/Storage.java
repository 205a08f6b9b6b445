package lanewise.kernels;

/**
 * The memory that a tensor's elements live in: an array of the caller's, or, for an implementation on a device, memory
 * of that device. Indices count elements.
 */
public interface Storage {
    ElementType type();

    /** Elements it holds. */
    int length();

    /** Copies elements to an array on the host, converting to double. */
    void read(int from, double[] target, int at, int count);

    /** Copies elements from an array on the host, rounding to this storage's type: to nearest, ties to even; to bfloat16 by way of float32. */
    void write(int from, double[] source, int at, int count);

    /** The {@code float[]} or {@code double[]} behind it, or null if it is not on the host. */
    default Object hostArray() {
        return null;
    }

    /**
     * Copies between two tensors that are alike in rows and columns, if this storage, which one of them views, knows a better way than
     * {@link #read} and {@link #write} for each row.
     *
     * @return whether it was done
     */
    default boolean copy(Tensor source, Tensor target) {
        return false;
    }

    /**
     * Sets every element of a tensor that views this storage, if it knows a better way than {@link #write} for each row.
     *
     * @return whether it was done
     */
    default boolean fill(Tensor target, double value) {
        return false;
    }
}
