package lanewise.bench.cases;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Layer norm with gain and shift. Results: forward 0 the output; backward 0 the gradient of x, 1 of the gain, 2 of the shift
 * (from x, the saved mean and 1 / deviation, and dy).
 */
public final class LayerNormCase extends RowsCase {
    public static final double EPSILON = 1e-5;

    public final Tensor x;
    /** One row of {@code columns} elements. */
    public final Tensor gain;
    public final Tensor shift;
    public final Tensor dy;
    /** One number per row, saved by the forward pass. */
    public final Tensor mean;
    /** 1 / sqrt(variance + epsilon), one number per row. */
    public final Tensor rstd;
    private final Tensor y;

    /** Reads a row such as {@code "2048x384 backward"}. */
    public LayerNormCase(String row) {
        super(row);
        x = matrix(1);
        dy = matrix(2);
        gain = random(3, ElementType.FLOAT32, 1, columns).reshape(columns);
        shift = random(4, ElementType.FLOAT32, 1, columns).reshape(columns);
        mean = Tensor.zeros(ElementType.FLOAT32, rows);
        rstd = Tensor.zeros(ElementType.FLOAT32, rows);
        y = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        try (Kernels definition = definition()) {
            definition.normalization().layerNorm(x, gain, shift, EPSILON, y, mean, rstd);
        }
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.layerNorm(this, threads);
    }

    @Override
    public void check(Task task) {
        if (!backward) {
            same("layer norm", task, 0, y, 1e-5);
            return;
        }
        Tensor dx = Tensor.zeros(ElementType.FLOAT32, rows, columns);
        Tensor dGain = Tensor.zeros(ElementType.FLOAT32, columns);
        Tensor dShift = Tensor.zeros(ElementType.FLOAT32, columns);
        try (Kernels definition = definition()) {
            definition.normalization().layerNormBackward(x, gain, mean, rstd, dy, false, dx, dGain, dShift);
        }
        same("gradient of x", task, 0, dx, 2e-5);
        same("gradient of gain", task, 1, dGain, 1e-5 * Math.sqrt(rows));
        same("gradient of shift", task, 2, dShift, 1e-5 * Math.sqrt(rows));
    }
}
