package lanewise.transformer.instruments;

import lanewise.kernels.Tensor;
import lanewise.transformer.layers.SelfAttention;

/**
 * How an attention spreads its weights, from the queries and keys of its last forward pass. The kernels never store the weights;
 * here they are computed once more, row by row, in double.
 *
 * @param entropy         mean over queries and heads of {@code -sum p ln p}, in nats
 * @param uniformEntropy  mean of what it would be if all visible keys had the same weight
 * @param distance        mean over queries and heads of the total variation distance from uniform, {@code 1/2 sum |p - 1/keys|}
 * @param largestRelative the largest {@code |keys p - 1|} of all weights
 */
public record AttentionMap(double entropy, double uniformEntropy, double distance, double largestRelative) {
    /**
     * Of a layer's last forward pass, over sequences without padding.
     *
     * @param batch  sequences in that pass
     * @param length tokens of each
     * @throws IllegalArgumentException if the pass had another number of tokens
     */
    public static AttentionMap of(SelfAttention attention, int batch, int length) {
        SelfAttention.Settings settings = attention.settings();
        Tensor queries = attention.queries();
        if (queries.rows() != batch * length) {
            throw new IllegalArgumentException("batch is " + batch + " and length is " + length + "; the last forward pass had "
                    + queries.rows() + " tokens");
        }
        double[] q = queries.toArray();
        double[] k = attention.keys().toArray();
        int width = settings.headWidth();
        int qStride = settings.heads() * width;
        int kStride = settings.keyHeads() * width;
        int group = settings.heads() / settings.keyHeads();
        double entropy = 0;
        double uniformEntropy = 0;
        double distance = 0;
        double largest = 0;
        double[] p = new double[length];
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < settings.heads(); h++) {
                for (int i = 0; i < length; i++) {
                    int keys = settings.causal() ? i + 1 : length;
                    int qAt = (b * length + i) * qStride + h * width;
                    int kAt = b * length * kStride + h / group * width;
                    softmaxRow(settings.scale(), q, qAt, k, kAt, kStride, width, keys, p);
                    uniformEntropy += Math.log(keys);
                    for (int j = 0; j < keys; j++) {
                        entropy -= p[j] > 0 ? p[j] * Math.log(p[j]) : 0;
                        distance += Math.abs(p[j] - 1.0 / keys) / 2;
                        largest = Math.max(largest, Math.abs(keys * p[j] - 1));
                    }
                }
            }
        }
        double rows = (double) batch * settings.heads() * length;
        return new AttentionMap(entropy / rows, uniformEntropy / rows, distance / rows, largest);
    }

    private static void softmaxRow(double scale, double[] q, int qAt, double[] k, int kAt, int kStride, int width, int keys,
            double[] p) {
        double maximum = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
            double score = 0;
            for (int d = 0; d < width; d++) {
                score += q[qAt + d] * k[kAt + j * kStride + d];
            }
            p[j] = scale * score;
            maximum = Math.max(maximum, p[j]);
        }
        double sum = 0;
        for (int j = 0; j < keys; j++) {
            p[j] = Math.exp(p[j] - maximum);
            sum += p[j];
        }
        for (int j = 0; j < keys; j++) {
            p[j] /= sum;
        }
    }
}
