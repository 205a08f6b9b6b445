package lanewise.kernels;

/** Rows picked from a table, and rotary positions. */
public interface Embedding {
    /**
     * {@code y[i] = table[ids[i]]}.
     *
     * @param table [entries, width]
     * @param ids   each 0 to entries - 1
     * @param y     [ids, width]; overwritten; must not overlap the table
     * @throws IllegalArgumentException if shapes or element types do not fit, or an id is out of range
     */
    void gather(Tensor table, int[] ids, Tensor y);

    /**
     * {@code dTable[ids[i]] += dY[i]}, in the order of i: the backward pass of {@link #gather}.
     *
     * @param dY     [ids, width]
     * @param dTable [entries, width]; added to; must not overlap dY
     * @throws IllegalArgumentException if shapes or element types do not fit, or an id is out of range
     */
    void scatterAdd(Tensor dY, int[] ids, Tensor dTable);

    /**
     * Rotary position embedding (Su et al., arXiv 2104.09864), half-split pairing: in every head, elements i and
     * i + headWidth/2 are rotated by the angle position base^(-2i/headWidth). The row's position is
     * {@code firstPosition + row mod length}.
     *
     * <p>The angles' cosines and sines are rounded from double, so the error is that of two products and a sum.
     *
     * @param headWidth even; divides the columns
     * @param length    rows per sequence
     * @param base      10000 in the paper
     * @param inverse   rotate back: on the gradient, that is the backward pass
     * @param x         [sequences length, heads headWidth]
     * @param y         shape of x; overwritten; may be x itself
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void rotary(int headWidth, int length, int firstPosition, double base, boolean inverse, Tensor x, Tensor y);
}
