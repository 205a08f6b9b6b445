package lanewise.transformer.layers;

import lanewise.kernels.Tensor;

/** The function inside a {@link ResidualBranch}: attention or feed-forward. */
public interface Sublayer {
    /** Elements per row of its output. */
    int outputWidth();

    /**
     * {@code y = f(x)}.
     *
     * @param x          [rows, input width]; kept, not copied: it must not change before the backward pass
     * @param accumulate whether y is added to instead of overwritten
     * @param y          [rows, output width]
     */
    void forward(Tensor x, boolean accumulate, Tensor y, Pass pass);

    /**
     * Adds to the parameters' gradients, and gives that of x.
     *
     * @param dy         shape of y
     * @param accumulate whether dx is added to instead of overwritten
     * @param dx         shape of x; may be dy itself; null when it is not needed
     */
    void backward(Tensor dy, boolean accumulate, Tensor dx, Pass pass);
}
