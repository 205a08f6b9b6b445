package lanewise.kernels;

/** Products of matrices. */
public interface Matmul {
    /**
     * {@code C = act(alpha op(A) op(B) + beta C + bias)}, with op(X) = X or its transpose.
     *
     * <p>Rank 2: op(A) is [m, k], op(B) is [k, n], C is [m, n]. Rank 3, all three: a batch of such products, the first
     * axis counting them. Any size may be 0; with k = 0 the product is 0.
     *
     * <p>{@code beta = 0} never reads C, so that C may hold anything, NaN included. C and the epilogue's pre-activation
     * must overlap neither each other nor an input; A and B may overlap.
     *
     * <p>A and B are of one element type; C, the bias and the pre-activation are of that type, or all of its
     * {@linkplain ElementType#accumulator accumulator}, in which products are summed.
     *
     * <p>Error: for every element, |computed - exact| &le; (k + 3) u (|alpha| |A| |B| + |beta| |C|) to first order
     * in the unit roundoff u of the accumulator (Higham, Accuracy and Stability of Numerical Algorithms, section 3.5), then the
     * activation's own, and the rounding to the type of C. The bits of the result do not depend on the number of threads.
     *
     * @throws IllegalArgumentException if shapes or element types do not fit, or if an output overlaps an input
     */
    void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c,
            Epilogue epilogue);

    /** {@code C = A B}. */
    default void multiply(Tensor a, Tensor b, Tensor c) {
        multiply(false, false, 1, a, b, 0, c, Epilogue.NONE);
    }
}
