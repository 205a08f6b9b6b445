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

    /** Copies elements from an array on the host, rounding to this storage's type. */
    void write(int from, double[] source, int at, int count);

    /** The {@code float[]} or {@code double[]} behind it, or null if it is not on the host. */
    default Object hostArray() {
        return null;
    }
}
