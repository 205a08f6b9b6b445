package lanewise.kernels;

/** Softmax and its logarithm over the rows of a tensor: each row of the last axis is one distribution. */
public interface Softmax {
    /**
     * {@code y = softmax(scale x)}, row by row, with the maximum subtracted before the exponential.
     *
     * <p>A row of nothing but negative infinity gives zeros; NaN or positive infinity in a row gives NaN in that row.
     *
     * <p>With u the type's {@link ElementType#unitRoundoff() unit roundoff} and m the largest |scale x| of the row, an element
     * errs by at most u (16 + columns / 8 + 4 m) of itself and four times the smallest normal number.
     *
     * @param x [.., columns]
     * @param y shape of x; may be x itself, must not overlap it otherwise
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void forward(double scale, Tensor x, Tensor y);

    /**
     * {@code dx = scale y (dy - sum(dy y))}.
     *
     * @param y  as written by {@link #forward}
     * @param dy shape of y
     * @param dx shape of y; overwritten; may be dy itself
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void backward(double scale, Tensor y, Tensor dy, Tensor dx);

    /**
     * {@code y = scale x - log(sum(exp(scale x)))}, row by row.
     *
     * <p>A row of nothing but negative infinity stays so; NaN or positive infinity in a row gives NaN in that row.
     *
     * <p>With u and m as for {@link #forward}, an element errs by at most u (16 + columns / 8 + 4 m + 4 |y|).
     *
     * @param x [.., columns]
     * @param y shape of x; may be x itself, must not overlap it otherwise
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void logForward(double scale, Tensor x, Tensor y);

    /**
     * {@code dx = scale (dy - exp(y) sum(dy))}.
     *
     * @param y  as written by {@link #logForward}
     * @param dy shape of y
     * @param dx shape of y; overwritten; may be dy itself
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void logBackward(double scale, Tensor y, Tensor dy, Tensor dx);
}
