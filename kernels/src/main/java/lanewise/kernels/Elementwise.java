package lanewise.kernels;

/** Operations on one element at a time. In all of them the output has the inputs' shape and may be one of them. */
public interface Elementwise {
    /** {@code z = x + y}. */
    void add(Tensor x, Tensor y, Tensor z);

    /** {@code z = x y}. */
    void multiply(Tensor x, Tensor y, Tensor z);

    /** {@code y = alpha x + beta y}; beta = 0 never reads y. */
    void scaleAdd(double alpha, Tensor x, double beta, Tensor y);

    /**
     * {@code z[r] = x[r] + block[r mod block rows]}: a bias is a block of one row, position embeddings are a block of
     * as many rows as the sequence is long. {@link Reduction#sumRepeated} is its backward pass.
     *
     * @param x     [rows, columns]
     * @param block [columns] or [block rows, columns]; block rows divides rows
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void addRepeated(Tensor x, Tensor block, Tensor z);

    /**
     * {@code y = x / (1 - rate)} where the element is kept, 0 where it is dropped. The same call on the gradient is
     * the backward pass, since the choice depends on nothing but seed and position: element i (row by row) is
     * kept if {@link Dropout#kept} says so.
     *
     * @param rate  probability of dropping an element, 0 &le; rate &lt; 1
     * @param seed  names the mask: a different one for each layer, step and micro-batch
     * @throws IllegalArgumentException if shapes or element types do not fit, or the rate is out of range
     */
    void dropout(double rate, long seed, Tensor x, Tensor y);

    /** {@code y = e^x}. Bound of error and special values: {@link ElementaryFunctions}. */
    void exp(Tensor x, Tensor y);

    /** {@code y = ln x}. Bound of error and special values: {@link ElementaryFunctions}. */
    void log(Tensor x, Tensor y);

    /** {@code y = tanh x}. Bound of error and special values: {@link ElementaryFunctions}. */
    void tanh(Tensor x, Tensor y);

    /** {@code y = erf x}. Bound of error and special values: {@link ElementaryFunctions}. */
    void erf(Tensor x, Tensor y);
}
