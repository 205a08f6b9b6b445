package lanewise.bench.cases;

import java.util.Random;
import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
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
        Tensor losses = Tensor.zeros(ElementType.FLOAT32, rows);
        Tensor gradient = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        try (Kernels definition = definition()) {
            definition.loss().crossEntropy(logits, targets, -1, 1.0 / rows, losses, gradient);
        }
        double sum = 0;
        for (double loss : losses.toArray()) {
            sum += loss;
        }
        near("mean loss", 0, task.result(0)[0], sum / rows, 1e-4);
        same("gradient", task, 1, gradient, 1e-6);
    }
}
