package lanewise.bench.cases;

import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
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
        Tensor expected = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        try (Kernels definition = definition()) {
            if (backward) {
                definition.activations().backward(function, x, dy, expected);
            } else {
                definition.activations().forward(function, x, expected);
            }
        }
        same(backward ? "gradient" : "gelu", task, 0, expected, 1e-5);
    }
}
