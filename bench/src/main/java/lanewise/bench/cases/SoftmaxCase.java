package lanewise.bench.cases;

import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** Softmax of each row. Result 0: forward y = softmax(x); backward the gradient of x from y and dy. */
public final class SoftmaxCase extends RowsCase {
    public final Tensor x;
    /** softmax(x), the input of the backward pass. */
    public final Tensor y;
    public final Tensor dy;

    /** Reads a row such as {@code "768x65 backward"}. */
    public SoftmaxCase(String row) {
        super(row);
        x = matrix(1);
        dy = matrix(2);
        y = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        try (Kernels definition = definition()) {
            definition.softmax().forward(1, x, y);
        }
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.softmax(this, threads);
    }

    @Override
    public void check(Task task) {
        Tensor expected = y;
        if (backward) {
            expected = Tensor.zeros(ElementType.FLOAT32, rows, columns);
            try (Kernels definition = definition()) {
                definition.softmax().backward(1, y, dy, expected);
            }
        }
        same(backward ? "gradient" : "softmax", task, 0, expected, 1e-5);
    }
}
