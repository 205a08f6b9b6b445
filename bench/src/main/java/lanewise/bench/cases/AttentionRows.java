package lanewise.bench.cases;

import java.util.Arrays;
import lanewise.kernels.Tensor;

/**
 * Single rows of one head's attention and of its gradients, straight from the formulas, in double: o = sum of p v with
 * p = softmax(scale q k); dv = sum of p do; ds = p (do v - do o); dq = scale sum of ds k; dk = scale sum of ds q.
 */
final class AttentionRows {
    private final AttentionCase o;
    private final int sequence;
    private final double[][] q;
    private final double[][] k;
    private final double[][] v;
    private final double[][] dOutput;
    /** Per query, the logarithm of the sum of exp(scores); NaN until it is needed. */
    private final double[] logSums;
    /** Per query, the sum of p (do v) over the keys. */
    private final double[] means;

    AttentionRows(AttentionCase o, int sequence, int head) {
        this.o = o;
        this.sequence = sequence;
        q = head(o.query, o.shape.queryLength(), head);
        k = head(o.key, o.shape.keyLength(), head);
        v = head(o.value, o.shape.keyLength(), head);
        dOutput = head(o.dOutput, o.shape.queryLength(), head);
        logSums = new double[q.length];
        means = new double[q.length];
        Arrays.fill(logSums, Double.NaN);
    }

    private double[][] head(Tensor tensor, int length, int head) {
        double[][] rows = new double[length][o.shape.headWidth()];
        for (int i = 0; i < length; i++) {
            int start = tensor.offset() + (sequence * length + i) * tensor.rowStride() + head * o.shape.headWidth();
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] = tensor.floats()[start + j];
            }
        }
        return rows;
    }

    double[] output(int query) {
        double[] sum = new double[o.shape.headWidth()];
        for (int key = 0; key < o.shape.visibleKeys(sequence, query); key++) {
            add(sum, probability(query, key), v[key]);
        }
        return sum;
    }

    double[] queryGradient(int query) {
        double[] sum = new double[o.shape.headWidth()];
        for (int key = 0; key < o.shape.visibleKeys(sequence, query); key++) {
            add(sum, o.shape.scale() * scoreGradient(query, key), k[key]);
        }
        return sum;
    }

    double[] keyGradient(int key) {
        double[] sum = new double[o.shape.headWidth()];
        for (int query = 0; query < q.length; query++) {
            if (key < o.shape.visibleKeys(sequence, query)) {
                add(sum, o.shape.scale() * scoreGradient(query, key), q[query]);
            }
        }
        return sum;
    }

    double[] valueGradient(int key) {
        double[] sum = new double[o.shape.headWidth()];
        for (int query = 0; query < q.length; query++) {
            if (key < o.shape.visibleKeys(sequence, query)) {
                add(sum, probability(query, key), dOutput[query]);
            }
        }
        return sum;
    }

    private double probability(int query, int key) {
        if (Double.isNaN(logSums[query])) {
            double sum = 0;
            double mean = 0;
            for (int other = 0; other < o.shape.visibleKeys(sequence, query); other++) {
                // Scores of these inputs are far below what overflows.
                double weight = Math.exp(score(query, other));
                sum += weight;
                mean += o.backward ? weight * dot(dOutput[query], v[other]) : 0;
            }
            logSums[query] = Math.log(sum);
            means[query] = mean / sum;
        }
        return Math.exp(score(query, key) - logSums[query]);
    }

    private double scoreGradient(int query, int key) {
        return probability(query, key) * (dot(dOutput[query], v[key]) - means[query]);
    }

    private double score(int query, int key) {
        return o.shape.scale() * dot(q[query], k[key]);
    }

    private static void add(double[] sum, double factor, double[] row) {
        for (int j = 0; j < row.length; j++) {
            sum[j] += factor * row[j];
        }
    }

    /** In four sums, which the processor adds at the same time. */
    private static double dot(double[] a, double[] b) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int j = 0;
        for (; j + 3 < a.length; j += 4) {
            sum0 += a[j] * b[j];
            sum1 += a[j + 1] * b[j + 1];
            sum2 += a[j + 2] * b[j + 2];
            sum3 += a[j + 3] * b[j + 3];
        }
        for (; j < a.length; j++) {
            sum0 += a[j] * b[j];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }
}
