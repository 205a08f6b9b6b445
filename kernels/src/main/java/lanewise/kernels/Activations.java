package lanewise.kernels;

/** Activations as operations of their own; {@link Epilogue} fuses them into a product. */
public interface Activations {
    /**
     * {@code y = f(x)}.
     *
     * @param y shape of x; overwritten; may be x itself, must not overlap it otherwise
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void forward(Activation f, Tensor x, Tensor y);

    /**
     * {@code dx = dy f'(x)}.
     *
     * @param x  the input of {@link #forward}
     * @param dy shape of x
     * @param dx shape of x; overwritten; may be dy or x itself
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void backward(Activation f, Tensor x, Tensor dy, Tensor dx);
}
