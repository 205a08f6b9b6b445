package lanewise.bench.peers;

import java.util.Arrays;
import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.SoftmaxCase;
import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** What one writes in Java without a library: plain loops, in the order that the JIT compiler vectorises best. One thread. */
public final class PlainLoop implements Contender {
    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String version() {
        return "plain Java loops";
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        if (threads != 1) {
            return null;
        }
        Tensor c = Tensor.zeros(o.type, o.m, o.n);
        if (o.type == ElementType.FLOAT32) {
            return new JavaTask(o.transposeB ? () -> dots(o, o.a.floats(), o.b.floats(), c.floats())
                    : () -> rowSums(o, o.a.floats(), o.b.floats(), c.floats()), c::toArray);
        }
        return new JavaTask(o.transposeB ? () -> dots(o, o.a.doubles(), o.b.doubles(), c.doubles())
                : () -> rowSums(o, o.a.doubles(), o.b.doubles(), c.doubles()), c::toArray);
    }

    /** Row i of C is the sum over p of A[i, p] times row p of B. */
    private static void rowSums(MatmulCase o, float[] a, float[] b, float[] c) {
        Arrays.fill(c, 0);
        for (int i = 0; i < o.m; i++) {
            for (int p = 0; p < o.k; p++) {
                addScaled(o.n, o.transposeA ? a[p * o.m + i] : a[i * o.k + p], b, p * o.n, c, i * o.n);
            }
        }
    }

    private static void rowSums(MatmulCase o, double[] a, double[] b, double[] c) {
        Arrays.fill(c, 0);
        for (int i = 0; i < o.m; i++) {
            for (int p = 0; p < o.k; p++) {
                addScaled(o.n, o.transposeA ? a[p * o.m + i] : a[i * o.k + p], b, p * o.n, c, i * o.n);
            }
        }
    }

    private static void addScaled(int n, float scale, float[] x, int atX, float[] y, int atY) {
        for (int j = 0; j < n; j++) {
            y[atY + j] += scale * x[atX + j];
        }
    }

    private static void addScaled(int n, double scale, double[] x, int atX, double[] y, int atY) {
        for (int j = 0; j < n; j++) {
            y[atY + j] += scale * x[atX + j];
        }
    }

    /** C[i, j] is the product of two rows. */
    private static void dots(MatmulCase o, float[] a, float[] b, float[] c) {
        for (int i = 0; i < o.m; i++) {
            for (int j = 0; j < o.n; j++) {
                float sum = 0;
                for (int p = 0; p < o.k; p++) {
                    sum += (o.transposeA ? a[p * o.m + i] : a[i * o.k + p]) * b[j * o.k + p];
                }
                c[i * o.n + j] = sum;
            }
        }
    }

    private static void dots(MatmulCase o, double[] a, double[] b, double[] c) {
        for (int i = 0; i < o.m; i++) {
            for (int j = 0; j < o.n; j++) {
                double sum = 0;
                for (int p = 0; p < o.k; p++) {
                    sum += (o.transposeA ? a[p * o.m + i] : a[i * o.k + p]) * b[j * o.k + p];
                }
                c[i * o.n + j] = sum;
            }
        }
    }

    @Override
    public Task softmax(SoftmaxCase o, int threads) {
        if (threads != 1 || o.backward) {
            return null;
        }
        Tensor y = Tensor.zeros(ElementType.FLOAT32, o.rows, o.columns);
        return new JavaTask(() -> {
            System.arraycopy(o.x.floats(), 0, y.floats(), 0, y.elements());
            for (int i = 0; i < o.rows; i++) {
                softmax(y.floats(), i * o.columns, o.columns);
            }
        }, y::toArray);
    }

    private static void softmax(float[] y, int at, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = at; j < at + n; j++) {
            max = Math.max(max, y[j]);
        }
        float sum = 0;
        for (int j = at; j < at + n; j++) {
            y[j] = (float) Math.exp(y[j] - max);
            sum += y[j];
        }
        for (int j = at; j < at + n; j++) {
            y[j] /= sum;
        }
    }

    @Override
    public Task attention(AttentionCase o, int threads) {
        AttentionShape shape = o.shape;
        if (threads != 1 || o.backward || shape.keyHeads() != shape.heads()) {
            return null;
        }
        Tensor output = Tensor.zeros(ElementType.FLOAT32, o.query.rows(), o.query.columns());
        float[] scores = new float[shape.keyLength()];
        return new JavaTask(() -> {
            for (int sequence = 0; sequence < shape.batch(); sequence++) {
                for (int head = 0; head < shape.heads(); head++) {
                    for (int q = 0; q < shape.queryLength(); q++) {
                        attendOne(o, sequence, head, q, scores, output);
                    }
                }
            }
        }, output::toArray);
    }

    /** The output of one query: softmax of its products with the keys, times the values. */
    private static void attendOne(AttentionCase o, int sequence, int head, int q, float[] scores, Tensor output) {
        AttentionShape shape = o.shape;
        int width = shape.headWidth();
        int keys = shape.visibleKeys(sequence, q);
        float[] query = o.query.floats();
        float[] key = o.key.floats();
        int atQuery = at(o.query, sequence * shape.queryLength() + q, head * width);
        for (int p = 0; p < keys; p++) {
            int atKey = at(o.key, sequence * shape.keyLength() + p, head * width);
            float sum = 0;
            for (int d = 0; d < width; d++) {
                sum += query[atQuery + d] * key[atKey + d];
            }
            scores[p] = (float) (sum * shape.scale());
        }
        softmax(scores, 0, keys);
        int atOutput = at(output, sequence * shape.queryLength() + q, head * width);
        Arrays.fill(output.floats(), atOutput, atOutput + width, 0);
        for (int p = 0; p < keys; p++) {
            addScaled(width, scores[p], o.value.floats(), at(o.value, sequence * shape.keyLength() + p, head * width),
                    output.floats(), atOutput);
        }
    }

    private static int at(Tensor tensor, int row, int column) {
        return tensor.offset() + row * tensor.rowStride() + column;
    }
}
