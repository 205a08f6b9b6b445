package lanewise.kernels;

/**
 * Scaled dot-product attention, fused: {@code softmax(scale Q K^T + mask) V} for every sequence and head, without ever
 * storing the length by length matrix (Dao et al., FlashAttention, arXiv 2205.14135). Memory beyond the arguments is
 * at most proportional to threads times length times head width, and kept for the next call.
 *
 * <p>Tensors hold one row per token and the heads side by side: head h stands in columns h headWidth to
 * (h+1) headWidth. Any of them may be a view of some columns of a wider matrix, such as a fused query-key-value projection.
 */
public interface Attention {
    /**
     * The attention output.
     *
     * @param query     [batch queryLength, heads headWidth]
     * @param key       [batch keyLength, keyHeads headWidth]
     * @param value     shape of key
     * @param output    shape of query; overwritten; must overlap no input. A query that sees no key gets zeros
     * @param logSumExp [batch heads, queryLength]; receives the natural log of the sum of exp(scaled scores) for the
     *                  backward pass, negative infinity where no key is seen; null when not wanted
     * @throws IllegalArgumentException if shapes or element types do not fit, or if an output overlaps an input
     */
    void forward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp);

    /**
     * The gradients of the inputs from that of the output. With P = softmax(scale Q K^T): dV = P^T dO,
     * dP = dO V^T, dS = P (dP - rowsum(dO O)), dQ = scale dS K, dK = scale dS^T Q.
     *
     * @param output    as written by {@link #forward}
     * @param logSumExp as written by {@link #forward}
     * @param dOutput   shape of output
     * @param dQuery    shape of query; overwritten; the three gradients overlap neither an input nor each other
     * @param dKey      shape of key; overwritten
     * @param dValue    shape of value; overwritten
     * @throws IllegalArgumentException if shapes or element types do not fit, or if an output overlaps an input
     */
    void backward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp,
            Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue);
}
