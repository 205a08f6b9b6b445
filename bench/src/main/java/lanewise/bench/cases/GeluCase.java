package lanewise.bench.cases;

import lanewise.kernels.Activation;
import lanewise.kernels.Tensor;

/** GELU, exact or by tanh. Result 0: forward y = gelu(x); backward the gradient of x from x and dy. */
public final class GeluCase extends RowsCase {
    /** GELU_ERF or GELU_TANH. */
    public final Activation function;
    public final Tensor x;
    public final Tensor dy;

    /** Reads a row such as {@code "2048x1536 backward exact"} or {@code "... tanh"}. */
    public GeluCase(String row) {
        super(row);
        function = row.endsWith("tanh") ? Activation.GELU_TANH : Activation.GELU_ERF;
        x = matrix(1);
        dy = matrix(2);
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.gelu(this, threads);
    }

    @Override
    public void check(Task task) {
        if (backward) {
            sameRows("gradient", task, 0, 1e-5, (definition, from, to, result) -> definition.activations()
                    .backward(function, x.rowRange(from, to), dy.rowRange(from, to), result));
        } else {
            sameRows("gelu", task, 0, 1e-5, (definition, from, to, result) -> definition.activations()
                    .forward(function, x.rowRange(from, to), result));
        }
    }
}
