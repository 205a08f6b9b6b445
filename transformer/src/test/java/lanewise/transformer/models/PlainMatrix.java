package lanewise.transformer.models;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import lanewise.kernels.Tensor;

/** Matrices in plain loops over double, for independent definitions of models. */
record PlainMatrix(double[][] rows) {
    static PlainMatrix of(Tensor tensor) {
        double[] all = tensor.toArray();
        double[][] rows = new double[tensor.rows()][tensor.columns()];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(all, r * tensor.columns(), rows[r], 0, tensor.columns());
        }
        return new PlainMatrix(rows);
    }

    int height() {
        return rows.length;
    }

    int width() {
        return rows[0].length;
    }

    PlainMatrix slice(int from, int to) {
        return new PlainMatrix(Arrays.copyOfRange(rows, from, to));
    }

    PlainMatrix times(PlainMatrix other) {
        double[][] product = new double[height()][other.width()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < other.width(); j++) {
                for (int k = 0; k < width(); k++) {
                    product[i][j] += rows[i][k] * other.rows[k][j];
                }
            }
        }
        return new PlainMatrix(product);
    }

    PlainMatrix transposed() {
        double[][] result = new double[width()][height()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[j][i] = rows[i][j];
            }
        }
        return new PlainMatrix(result);
    }

    /** {@code this + factor other}. */
    PlainMatrix plus(double factor, PlainMatrix other) {
        double[][] result = new double[height()][width()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[i][j] = rows[i][j] + factor * other.rows[i][j];
            }
        }
        return new PlainMatrix(result);
    }

    PlainMatrix times(double factor) {
        return map(v -> factor * v);
    }

    PlainMatrix map(DoubleUnaryOperator f) {
        double[][] result = new double[height()][width()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[i][j] = f.applyAsDouble(rows[i][j]);
            }
        }
        return new PlainMatrix(result);
    }

    /** Element by element. */
    PlainMatrix multiplied(PlainMatrix other) {
        double[][] result = new double[height()][width()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[i][j] = rows[i][j] * other.rows[i][j];
            }
        }
        return new PlainMatrix(result);
    }

    PlainMatrix rowSums() {
        double[][] result = new double[height()][1];
        for (int i = 0; i < height(); i++) {
            for (double v : rows[i]) {
                result[i][0] += v;
            }
        }
        return new PlainMatrix(result);
    }

    /** Softmax of every row. */
    PlainMatrix softmax() {
        PlainMatrix exponentials = map(Math::exp);
        PlainMatrix sums = exponentials.rowSums();
        double[][] result = exponentials.rows;
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[i][j] /= sums.rows[i][0];
            }
        }
        return new PlainMatrix(result);
    }

    /** The gradient of softmax's input: {@code this * (dS - rowsum(dS * this))}, where this is its output. */
    PlainMatrix softmaxBackward(PlainMatrix dS) {
        PlainMatrix sums = dS.multiplied(this).rowSums();
        double[][] result = new double[height()][width()];
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j++) {
                result[i][j] = rows[i][j] * (dS.rows[i][j] - sums.rows[i][0]);
            }
        }
        return new PlainMatrix(result);
    }

    double sumOfSquares() {
        double sum = 0;
        for (double[] row : rows) {
            for (double v : row) {
                sum += v * v;
            }
        }
        return sum;
    }
}
