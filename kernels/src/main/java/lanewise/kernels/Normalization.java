package lanewise.kernels;

/**
 * Normalisation of every row to a standard scale. Squares and products are summed in the tensors' own type for some tens of terms
 * before they go on in double: in float32, deviations from the mean beyond 1e18, or products of gradients beyond 1e37, overflow and
 * give 0, infinities or NaN, where the scalar kernels would not.
 */
public interface Normalization {
    /**
     * Layer norm (Ba et al., arXiv 1607.06450): {@code y = (x - mean) rstd gain + shift}, with
     * {@code rstd = 1 / sqrt(variance + epsilon)} and the variance over the row's columns (divided by their number).
     *
     * @param x     [.., columns]
     * @param gain  [columns]
     * @param shift [columns]; null for none
     * @param y     shape of x; overwritten; may be x itself
     * @param mean  [rows]; receives the rows' means, for the backward pass
     * @param rstd  [rows]; receives the rows' reciprocal standard deviations
     * @throws IllegalArgumentException if shapes or element types do not fit, or epsilon is negative
     */
    void layerNorm(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd);

    /**
     * Gradients of {@link #layerNorm}. With n = (x - mean) rstd and g = dy gain:
     * {@code dx = rstd (g - mean(g) - n mean(g n))}, {@code dGain += sum over rows(dy n)}, {@code dShift += sum over rows(dy)}.
     *
     * @param accumulate whether dx is added to instead of overwritten
     * @param dx         shape of x; may be dy itself when not accumulating, must overlap no other input
     * @param dGain      [columns]; added to
     * @param dShift     [columns]; added to; null where there is no shift
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void layerNormBackward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift);

    /**
     * RMS norm (Zhang and Sennrich, arXiv 1910.07467): {@code y = x rstd gain},
     * {@code rstd = 1 / sqrt(mean(x^2) + epsilon)}.
     *
     * @param x    [.., columns]
     * @param gain [columns]
     * @param y    shape of x; overwritten; may be x itself
     * @param rstd [rows]; receives the rows' reciprocal root mean squares, for the backward pass
     * @throws IllegalArgumentException if shapes or element types do not fit, or epsilon is negative
     */
    void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor rstd);

    /**
     * Gradients of {@link #rmsNorm}. With n = x rstd and g = dy gain:
     * {@code dx = rstd (g - n mean(g n))}, {@code dGain += sum over rows(dy n)}.
     *
     * @param accumulate whether dx is added to instead of overwritten
     * @param dx         shape of x; may be dy itself when not accumulating, must overlap no other input
     * @param dGain      [columns]; added to
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void rmsNormBackward(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx, Tensor dGain);
}
