package lanewise.bench.cases;

import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * One step of AdamW over all parameters of a model, as one matrix. Results after the first step, from moments of zero: 0 the
 * parameters, 1 and 2 the first and the second moment. Bytes: four arrays read, three written.
 */
public final class AdamWCase extends Case {
    public static final double LEARNING_RATE = 1e-3;
    /** Betas, epsilon and decay. */
    public static final AdamSettings SETTINGS = new AdamSettings(0.9, 0.99, 1e-8, 0.1, true);

    /** rows x 1024 numbers, the initial values: each contender updates a copy. */
    public final Tensor parameter;
    public final Tensor gradient;

    /** Reads a row such as {@code "10240x1024"}. */
    public AdamWCase(String row) {
        String[] parts = row.split("x");
        int rows = Integer.parseInt(parts[0]);
        int columns = Integer.parseInt(parts[1]);
        parameter = random(1, ElementType.FLOAT32, rows, columns);
        gradient = random(2, ElementType.FLOAT32, rows, columns);
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.adamW(this, threads);
    }

    @Override
    public double work() {
        return parameter.elements();
    }

    @Override
    public Unit unit() {
        return Unit.GELEMENT;
    }

    @Override
    public double bytes() {
        return 28.0 * parameter.elements();
    }

    @Override
    public void check(Task task) {
        Tensor expected = Tensor.zeros(ElementType.FLOAT32, parameter.rows(), parameter.columns());
        expected.copyFrom(parameter);
        Tensor mean = Tensor.zeros(ElementType.FLOAT32, parameter.rows(), parameter.columns());
        Tensor meanSquares = Tensor.zeros(ElementType.FLOAT32, parameter.rows(), parameter.columns());
        try (Kernels definition = RowsCase.definition()) {
            definition.optimizer().adam(SETTINGS, LEARNING_RATE, 1, 1, expected, gradient, mean, meanSquares);
        }
        RowsCase.same("parameter", task, 0, expected, 1e-6);
        near("first moment", task.result(1), mean);
        near("second moment", task.result(2), meanSquares);
    }

    /** Moments are small: a tenth and a hundredth of gradients and their squares. */
    private static void near(String what, double[] actual, Tensor expected) {
        double[] wanted = expected.toArray();
        for (int i = 0; i < wanted.length; i++) {
            near(what, i, actual[i], wanted[i], 1e-5 * Math.abs(wanted[i]) + 1e-12);
        }
    }
}
