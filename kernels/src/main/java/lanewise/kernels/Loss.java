package lanewise.kernels;

/** Losses, each fused with its gradient. They write one value per row; {@link Reduction#sum} adds them up. */
public interface Loss {
    /**
     * Cross-entropy of softmax(logits) against one class per row, and its gradient, in one pass over the logits:
     * {@code losses[r] = logsumexp(logits[r]) - logits[r][target]},
     * {@code dLogits[r] = gradientScale (softmax(logits[r]) - onehot(target))}.
     * The mean over counted rows is had with gradientScale = 1 / (rows that are not ignored).
     *
     * @param logits       [rows, classes]
     * @param targets      [rows]; each 0 to classes - 1, or ignoredIndex
     * @param ignoredIndex rows with this target get loss 0 and gradient 0; usually -1
     * @param losses       [rows]; overwritten
     * @param dLogits      shape of logits; overwritten; may be logits itself; null when no gradient is wanted
     * @throws IllegalArgumentException if shapes or element types do not fit, or a target is out of range
     */
    void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses,
            Tensor dLogits);

    /**
     * Squared error and its gradient: {@code losses[r] = sum((y[r] - target[r])^2)},
     * {@code dY = gradientScale 2 (y - target)}. The mean squared error is had with gradientScale = 1 / elements and
     * the losses' sum divided by elements; the half sum of squares with gradientScale = 1/2.
     *
     * @param y      [rows, columns]
     * @param target shape of y
     * @param losses [rows]; overwritten
     * @param dY     shape of y; overwritten; may be y itself; null when no gradient is wanted
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void squaredError(Tensor y, Tensor target, double gradientScale, Tensor losses, Tensor dY);
}
