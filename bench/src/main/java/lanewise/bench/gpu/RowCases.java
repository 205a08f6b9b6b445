package lanewise.bench.gpu;

import java.util.Arrays;
import java.util.SplittableRandom;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** What is bound by memory, on rows x columns elements. Some rows are checked against the scalar kernels in float64. */
final class RowCases {
    private static final double EPSILON = 1e-5;
    private static final int COLUMNS_CHECKED = 3;

    private RowCases() {
    }

    private abstract static class OnRows implements GpuCase {
        final Kernels kernels;
        final GpuRow row;
        final long seed;
        final int rows;
        final int columns;
        final RandomMatrix x;

        OnRows(Kernels kernels, GpuRow row, long seed) {
            this.kernels = kernels;
            this.row = row;
            this.seed = seed;
            rows = row.sizes()[0];
            columns = row.sizes()[1];
            x = new RandomMatrix(kernels, row.elementType(), seed, rows, columns);
        }

        Tensor like() {
            return GpuCase.unwritten(kernels, row.elementType(), rows, columns);
        }

        /** Computes one row of what is expected. */
        interface Definition {
            Tensor of(Kernels scalar, int row);
        }

        void compare(String what, Tensor actual, double limit, Definition definition) {
            Deviation.checkWritten(kernels, what, actual);
            Deviation deviation = new Deviation(what);
            try (Kernels scalar = Kernels.builder().implementation("scalar").threads(1).build()) {
                for (int r : new int[] {0, 1, rows / 3, rows / 2 + 1, rows - 1}) {
                    deviation.add(actual.rowRange(r, r + 1), definition.of(scalar, r));
                }
            }
            deviation.check(limit);
        }

        Tensor exactRow() {
            return Tensor.zeros(ElementType.FLOAT64, 1, columns);
        }
    }

    /** From one place of the memory to another: what the others are held against. */
    static final class Copy extends OnRows {
        private final Tensor y = like();

        Copy(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
        }

        @Override
        public void run() {
            y.copyFrom(x.tensor);
        }

        @Override
        public void check() {
            compare("the copy", y, 0, (scalar, r) -> x.row(r));
        }
    }

    static final class Softmax extends OnRows {
        private final Tensor y = like();

        Softmax(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
        }

        @Override
        public void run() {
            kernels.softmax().forward(1, x.tensor, y);
        }

        @Override
        public void check() {
            compare("softmax", y, GpuCase.limit(row), (scalar, r) -> {
                Tensor expected = exactRow();
                scalar.softmax().forward(1, x.row(r), expected);
                return expected;
            });
        }
    }

    /** With gain and shift. */
    static class LayerNorm extends OnRows {
        final RandomMatrix gain;
        final RandomMatrix shift;
        final Tensor y = like();
        final Tensor mean;
        final Tensor rstd;

        LayerNorm(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
            gain = new RandomMatrix(kernels, row.elementType(), seed + 2, 1, columns);
            shift = new RandomMatrix(kernels, row.elementType(), seed + 3, 1, columns);
            mean = GpuCase.unwritten(kernels, GpuCase.wide(row), rows);
            rstd = GpuCase.unwritten(kernels, GpuCase.wide(row), rows);
        }

        @Override
        public void run() {
            kernels.normalization().layerNorm(x.tensor, gain.tensor.reshape(columns), shift.tensor.reshape(columns), EPSILON, y, mean, rstd);
        }

        @Override
        public void check() {
            compare("layer norm", y, GpuCase.limit(row), (scalar, r) -> {
                Tensor expected = exactRow();
                Tensor one = Tensor.zeros(ElementType.FLOAT64, 1);
                Tensor other = Tensor.zeros(ElementType.FLOAT64, 1);
                scalar.normalization().layerNorm(x.row(r), gain.row(0).reshape(columns), shift.row(0).reshape(columns), EPSILON, expected,
                        one, other);
                return expected;
            });
        }
    }

    static final class LayerNormBackward extends LayerNorm {
        private final RandomMatrix dy;
        private final Tensor dx = like();
        private final Tensor dGain;
        private final Tensor dShift;

        LayerNormBackward(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
            dy = new RandomMatrix(kernels, row.elementType(), seed + 1, rows, columns);
            dGain = kernels.zeros(GpuCase.wide(row), columns);
            dShift = kernels.zeros(GpuCase.wide(row), columns);
            super.run();
        }

        @Override
        public void run() {
            kernels.normalization().layerNormBackward(x.tensor, gain.tensor.reshape(columns), mean, rstd, dy.tensor, false, dx, dGain, dShift);
        }

        @Override
        public void check() {
            super.check();
            double[] means = mean.toArray();
            double[] deviations = rstd.toArray();
            compare("the gradient of x", dx, 2 * GpuCase.limit(row), (scalar, r) -> {
                Tensor expected = exactRow();
                scalar.normalization().layerNormBackward(x.row(r), gain.row(0).reshape(columns), Tensor.wrap(new double[] {means[r]}, 1),
                        Tensor.wrap(new double[] {deviations[r]}, 1), dy.row(r), false, expected, Tensor.zeros(ElementType.FLOAT64, columns),
                        Tensor.zeros(ElementType.FLOAT64, columns));
                return expected;
            });
            Deviation ofGain = new Deviation("the gradient of the gain");
            Deviation ofShift = new Deviation("the gradient of the shift");
            SplittableRandom random = new SplittableRandom(seed);
            for (int sample = 0; sample < COLUMNS_CHECKED; sample++) {
                int j = random.nextInt(columns);
                double gainSum = 0;
                double shiftSum = 0;
                for (int r = 0; r < rows; r++) {
                    gainSum += dy.at(r, j) * (x.at(r, j) - means[r]) * deviations[r];
                    shiftSum += dy.at(r, j);
                }
                ofGain.add(dGain.get(0, j), gainSum);
                ofShift.add(dShift.get(0, j), shiftSum);
            }
            ofGain.check(1e-3);
            ofShift.check(1e-3);
        }
    }

    /** Losses and the gradient of the logits. */
    static final class CrossEntropy extends OnRows {
        private final int[] targets;
        private final Tensor losses;
        private final Tensor dLogits = like();

        CrossEntropy(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
            targets = new SplittableRandom(seed).ints(rows, 0, columns).toArray();
            losses = GpuCase.unwritten(kernels, GpuCase.wide(row), rows, 1);
        }

        @Override
        public void run() {
            kernels.loss().crossEntropy(x.tensor, targets, -1, 1.0 / rows, losses.reshape(rows), dLogits);
        }

        @Override
        public void check() {
            compare("the losses", losses, GpuCase.limit(row), (scalar, r) -> byDefinition(scalar, r)[0]);
            compare("the gradient", dLogits, GpuCase.limit(row), (scalar, r) -> byDefinition(scalar, r)[1]);
        }

        private Tensor[] byDefinition(Kernels scalar, int r) {
            Tensor loss = Tensor.zeros(ElementType.FLOAT64, 1);
            Tensor gradient = exactRow();
            scalar.loss().crossEntropy(x.row(r), Arrays.copyOfRange(targets, r, r + 1), -1, 1.0 / rows, loss, gradient);
            return new Tensor[] {loss, gradient};
        }
    }

    static final class AdamW extends OnRows {
        private static final AdamSettings SETTINGS = new AdamSettings(0.9, 0.99, 1e-8, 0.1, true);
        private static final double LEARNING_RATE = 1e-3;

        private final RandomMatrix gradient;
        private final Tensor mean;
        private final Tensor meanSquares;
        private int steps;

        AdamW(Kernels kernels, GpuRow row, long seed) {
            super(kernels, row, seed);
            gradient = new RandomMatrix(kernels, row.elementType(), seed + 1, rows, columns);
            mean = kernels.zeros(row.elementType(), rows, columns);
            meanSquares = kernels.zeros(row.elementType(), rows, columns);
        }

        @Override
        public void run() {
            kernels.optimizer().adam(SETTINGS, LEARNING_RATE, ++steps, 1, x.tensor, gradient.tensor, mean, meanSquares);
        }

        @Override
        public void check() {
            for (int result = 0; result < 3; result++) {
                int which = result;
                compare(new String[] {"the parameter", "the mean", "the mean square"}[which], new Tensor[] {x.tensor, mean, meanSquares}[which],
                        GpuCase.limit(row), (scalar, r) -> {
                            Tensor[] state = {x.row(r), exactRow(), exactRow()};
                            scalar.optimizer().adam(SETTINGS, LEARNING_RATE, 1, 1, state[0], gradient.row(r), state[1], state[2]);
                            return state[which];
                        });
            }
        }
    }
}
