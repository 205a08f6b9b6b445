package lanewise.kernels.scalar;

import java.util.Arrays;
import lanewise.kernels.Attention;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * One query row, or one key row, at a time: the scores of a row are recomputed where they are needed, and memory beyond
 * the arguments is one row of them per thread.
 */
final class AttentionF32 implements Attention {
    private static final int KEYS_PER_TASK = 16;

    private final Workers workers;

    AttentionF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        int rows = shape.batch() * shape.heads() * shape.queryLength();
        Split.rows(workers, rows, 2L * shape.keyLength() * shape.headWidth(), (from, to) -> {
            for (int row = from; row < to; row++) {
                forwardRow(shape, row, query, key, value, output, logSumExp);
            }
        });
    }

    private void forwardRow(AttentionShape shape, int row, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        int width = shape.headWidth();
        int sequenceAndHead = row / shape.queryLength();
        int i = row % shape.queryLength();
        int sequence = sequenceAndHead / shape.heads();
        int head = sequenceAndHead % shape.heads();
        int keyHead = head / (shape.heads() / shape.keyHeads());
        int queryAt = at(query, sequence * shape.queryLength() + i, head, width);
        int outputAt = at(output, sequence * shape.queryLength() + i, head, width);
        int visible = shape.visibleKeys(sequence, i);
        double[] weights = workers.scratch().doubles(0, visible);
        double[] sums = workers.scratch().doubles(1, width);
        Arrays.fill(sums, 0, width, 0);

        double maximum = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < visible; j++) {
            int keyAt = at(key, sequence * shape.keyLength() + j, keyHead, width);
            weights[j] = shape.scale() * dot(query.floats(), queryAt, key.floats(), keyAt, width);
            maximum = Math.max(maximum, weights[j]);
        }
        boolean none = maximum == Double.NEGATIVE_INFINITY;
        double total = 0;
        for (int j = 0; j < visible && !none; j++) {
            int valueAt = at(value, sequence * shape.keyLength() + j, keyHead, width);
            double weight = Math.exp(weights[j] - maximum);
            total += weight;
            for (int d = 0; d < width; d++) {
                sums[d] += weight * value.floats()[valueAt + d];
            }
        }
        for (int d = 0; d < width; d++) {
            output.floats()[outputAt + d] = (float) (none ? 0 : sums[d] / total);
        }
        if (logSumExp != null) {
            int at = logSumExp.offset() + sequenceAndHead * logSumExp.rowStride() + i;
            logSumExp.floats()[at] = (float) (none ? Double.NEGATIVE_INFINITY : maximum + Math.log(total));
        }
    }

    @Override
    public void backward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp, Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue) {
        int queryRows = shape.batch() * shape.heads() * shape.queryLength();
        Split.rows(workers, queryRows, 3L * shape.keyLength() * shape.headWidth(), (from, to) -> {
            for (int row = from; row < to; row++) {
                queryGradient(shape, row, query, key, value, output, logSumExp, dOutput, dQuery);
            }
        });
        int blocks = (shape.keyLength() + KEYS_PER_TASK - 1) / KEYS_PER_TASK;
        workers.run(shape.batch() * shape.keyHeads() * blocks, task -> keyGradients(shape, task / blocks,
                task % blocks * KEYS_PER_TASK, query, key, value, output, logSumExp, dOutput, dKey, dValue));
    }

    /** dQ of one query: scale sum over keys of dS K. */
    private void queryGradient(AttentionShape shape, int row, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp, Tensor dOutput, Tensor dQuery) {
        int width = shape.headWidth();
        int sequenceAndHead = row / shape.queryLength();
        int i = row % shape.queryLength();
        int sequence = sequenceAndHead / shape.heads();
        int head = sequenceAndHead % shape.heads();
        int keyHead = head / (shape.heads() / shape.keyHeads());
        int queryRow = sequence * shape.queryLength() + i;
        int queryAt = at(query, queryRow, head, width);
        int dOutputAt = at(dOutput, queryRow, head, width);
        double mean = dot(output.floats(), at(output, queryRow, head, width), dOutput.floats(), dOutputAt, width);
        double logSum = logSumExp.floats()[logSumExp.offset() + sequenceAndHead * logSumExp.rowStride() + i];
        int visible = logSum == Double.NEGATIVE_INFINITY ? 0 : shape.visibleKeys(sequence, i);
        double[] sums = workers.scratch().doubles(1, width);
        Arrays.fill(sums, 0, width, 0);
        for (int j = 0; j < visible; j++) {
            int keyAt = at(key, sequence * shape.keyLength() + j, keyHead, width);
            int valueAt = at(value, sequence * shape.keyLength() + j, keyHead, width);
            double score = shape.scale() * dot(query.floats(), queryAt, key.floats(), keyAt, width);
            double weight = probability(score, logSum);
            double dScore = weight * (dot(dOutput.floats(), dOutputAt, value.floats(), valueAt, width) - mean);
            for (int d = 0; d < width; d++) {
                sums[d] += dScore * key.floats()[keyAt + d];
            }
        }
        int dQueryAt = at(dQuery, queryRow, head, width);
        for (int d = 0; d < width; d++) {
            dQuery.floats()[dQueryAt + d] = (float) (shape.scale() * sums[d]);
        }
    }

    /** At most 1, though the log-sum-exp of enormous scores, as it was stored, is rounded by far more than 1. */
    private static double probability(double score, double logSum) {
        return Math.exp(Math.min(0, score - logSum));
    }

    /** dK and dV of some keys of one key head: sums over the queries, of all heads of its group, that see them. */
    private void keyGradients(AttentionShape shape, int sequenceAndKeyHead, int firstKey, Tensor query, Tensor key,
            Tensor value, Tensor output, Tensor logSumExp, Tensor dOutput, Tensor dKey, Tensor dValue) {
        int width = shape.headWidth();
        int group = shape.heads() / shape.keyHeads();
        int sequence = sequenceAndKeyHead / shape.keyHeads();
        int keyHead = sequenceAndKeyHead % shape.keyHeads();
        int firstHead = keyHead * group;
        int queries = shape.queryLength();
        // rowsum(dO O) of every query of the group, which all keys need.
        double[] means = workers.scratch().doubles(0, group * queries);
        for (int h = 0; h < group; h++) {
            for (int i = 0; i < queries; i++) {
                means[h * queries + i] = dot(
                        output.floats(), at(output, sequence * queries + i, firstHead + h, width),
                        dOutput.floats(), at(dOutput, sequence * queries + i, firstHead + h, width), width);
            }
        }
        double[] keySums = workers.scratch().doubles(1, width);
        double[] valueSums = workers.scratch().doubles(2, width);
        for (int j = firstKey; j < Math.min(firstKey + KEYS_PER_TASK, shape.keyLength()); j++) {
            int keyRow = sequence * shape.keyLength() + j;
            int keyAt = at(key, keyRow, keyHead, width);
            int valueAt = at(value, keyRow, keyHead, width);
            Arrays.fill(keySums, 0, width, 0);
            Arrays.fill(valueSums, 0, width, 0);
            for (int h = 0; h < group; h++) {
                int logSumAt = logSumExp.offset() + (sequence * shape.heads() + firstHead + h) * logSumExp.rowStride();
                for (int i = 0; i < queries; i++) {
                    double logSum = logSumExp.floats()[logSumAt + i];
                    if (j >= shape.visibleKeys(sequence, i) || logSum == Double.NEGATIVE_INFINITY) {
                        continue;
                    }
                    int queryAt = at(query, sequence * queries + i, firstHead + h, width);
                    int dOutputAt = at(dOutput, sequence * queries + i, firstHead + h, width);
                    double score = shape.scale() * dot(query.floats(), queryAt, key.floats(), keyAt, width);
                    double weight = probability(score, logSum);
                    double dWeight = dot(dOutput.floats(), dOutputAt, value.floats(), valueAt, width);
                    double dScore = weight * (dWeight - means[h * queries + i]);
                    for (int d = 0; d < width; d++) {
                        keySums[d] += dScore * query.floats()[queryAt + d];
                        valueSums[d] += weight * dOutput.floats()[dOutputAt + d];
                    }
                }
            }
            int dKeyAt = at(dKey, keyRow, keyHead, width);
            int dValueAt = at(dValue, keyRow, keyHead, width);
            for (int d = 0; d < width; d++) {
                dKey.floats()[dKeyAt + d] = (float) (shape.scale() * keySums[d]);
                dValue.floats()[dValueAt + d] = (float) valueSums[d];
            }
        }
    }

    private static int at(Tensor tensor, int row, int head, int width) {
        return tensor.offset() + row * tensor.rowStride() + head * width;
    }

    private static double dot(float[] x, int xAt, float[] y, int yAt, int length) {
        double sum = 0;
        for (int d = 0; d < length; d++) {
            sum += (double) x[xAt + d] * y[yAt + d];
        }
        return sum;
    }
}
