package lanewise.bench.cases;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** Softmax of each row. Result 0: forward y = softmax(x); backward the gradient of x from y and dy. */
public final class SoftmaxCase extends RowsCase {
    public final Tensor x;
    /** softmax(x), the input of the backward pass; zeros for the forward pass. */
    public final Tensor y;
    public final Tensor dy;

    /** Reads a row such as {@code "768x65 backward"}. */
    public SoftmaxCase(String row) {
        super(row);
        x = matrix(1);
        dy = matrix(2);
        y = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        if (backward) {
            try (Kernels definition = definition()) {
                definition.softmax().forward(1, x, y);
            }
        }
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.softmax(this, threads);
    }

    @Override
    public void check(Task task) {
        if (backward) {
            sameRows("gradient", task, 0, 1e-5, 1.0 / columns, (definition, from, to, result) -> definition.softmax()
                    .backward(1, y.rowRange(from, to), dy.rowRange(from, to), result));
        } else {
            sameRows("softmax", task, 0, 1e-5, 1.0 / columns, (definition, from, to, result) -> definition.softmax()
                    .forward(1, x.rowRange(from, to), result));
        }
    }
}
