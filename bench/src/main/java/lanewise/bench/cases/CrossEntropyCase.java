package lanewise.bench.cases;

import java.util.Arrays;
import java.util.Random;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * The mean cross-entropy over rows and its gradient, in one run. Results: 0 the mean loss, one number; 1 the gradient of the
 * logits. Written {@code "768x65 both"}; bytes: logits in, gradient out.
 */
public final class CrossEntropyCase extends RowsCase {
    public final Tensor logits;
    /** The right class of each row. */
    public final int[] targets;

    /** Reads a row such as {@code "768x65 both"}. */
    public CrossEntropyCase(String row) {
        super(row);
        logits = matrix(1);
        targets = new Random(2).ints(rows, 0, columns).toArray();
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.crossEntropy(this, threads);
    }

    @Override
    public void check(Task task) {
        near("mean loss", 0, task.result(0)[0], meanLoss(), 1e-4);
        sameRows("gradient", task, 1, 1e-5, 1.0 / ((double) rows * columns), (definition, from, to, result) -> definition.loss().crossEntropy(
                logits.rowRange(from, to), Arrays.copyOfRange(targets, from, to), -1, 1.0 / rows,
                Tensor.zeros(ElementType.FLOAT32, to - from), result));
    }

    /** The mean of log(sum of exp(x)) - x[target]; logits of this size need no care for overflow. */
    private double meanLoss() {
        double losses = 0;
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            for (int column = 0; column < columns; column++) {
                sum += Math.exp(logits.floats()[row * columns + column]);
            }
            losses += Math.log(sum) - logits.floats()[row * columns + targets[row]];
        }
        return losses / rows;
    }
}
