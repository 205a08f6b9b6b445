package lanewise.kernels;

import java.util.List;

/**
 * Sums. Their order is fixed by the shape alone (chunks of a fixed size, added in order), so that the bits do not depend
 * on the number of threads.
 */
public interface Reduction {
    /** The sum of all elements, accumulated in double. */
    double sum(Tensor x);

    /** The sum of the squares of all elements, accumulated in double: the global gradient norm is the root of its sum over parameters. */
    double sumOfSquares(Tensor x);

    /**
     * The sums of the squares of several tensors of one element type, added in their order. A device is waited for once.
     *
     * @throws IllegalArgumentException if the element types differ
     */
    default double sumOfAllSquares(List<Tensor> tensors) {
        double sum = 0;
        for (Tensor x : tensors) {
            sum += sumOfSquares(x);
        }
        return sum;
    }

    /**
     * {@code block[j] += sum over rows r = j mod block rows of x[r]}: the backward pass of
     * {@link Elementwise#addRepeated}; with a block of one row, the sum over rows (a bias gradient).
     *
     * @param x     [rows, columns]
     * @param block [columns] or [block rows, columns]; block rows divides rows; added to; must not overlap x
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void sumRepeated(Tensor x, Tensor block);

    /**
     * {@code y[b] = scale sum over t of x[b length + t]}: pooling over the tokens of a sequence; scale = 1 sums,
     * scale = 1 / length averages.
     *
     * @param length tokens per sequence
     * @param x      [sequences length, columns]
     * @param y      [sequences, columns]; overwritten; must not overlap x
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void pool(int length, double scale, Tensor x, Tensor y);

    /**
     * {@code dx[b length + t] = scale dy[b]}: the backward pass of {@link #pool}.
     *
     * @param dx [sequences length, columns]; overwritten; must not overlap dy
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void poolBackward(int length, double scale, Tensor dy, Tensor dx);
}
