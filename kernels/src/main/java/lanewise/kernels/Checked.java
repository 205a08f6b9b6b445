package lanewise.kernels;

/** A family whose arguments are checked before the implementation of their element type sees them. */
abstract class Checked<F> {
    private final F float32;
    private final F float64;

    Checked(F float32, F float64) {
        this.float32 = float32;
        this.float64 = float64;
    }

    /** The implementation for the element type of a tensor. */
    final F of(Tensor tensor) {
        return tensor.type() == ElementType.FLOAT32 ? float32 : float64;
    }
}
