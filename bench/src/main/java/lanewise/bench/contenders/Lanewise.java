package lanewise.bench.contenders;

import lanewise.bench.cases.AdamWCase;
import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.Contender;
import lanewise.bench.cases.CrossEntropyCase;
import lanewise.bench.cases.EmbeddingCase;
import lanewise.bench.cases.GeluCase;
import lanewise.bench.cases.LayerNormCase;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.SoftmaxCase;
import lanewise.bench.cases.Task;
import lanewise.bench.cases.TrainingStep;
import lanewise.bench.cases.TrainingStepCase;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** Lanewise itself. Outputs are allocated when a case is prepared; every task has kernels, and so threads, of its own. */
public final class Lanewise implements Contender {
    @Override
    public String name() {
        return "lanewise";
    }

    @Override
    public String version() {
        try (Kernels kernels = kernels(1)) {
            // Of these kernels, not of those that are timed.
            return kernels.describe().lines().findFirst().orElseThrow().replaceFirst(", 1 thread$", "");
        }
    }

    private static Kernels kernels(int threads) {
        return Kernels.builder().threads(threads).build();
    }

    private record Prepared(Kernels kernels, Runnable operation, Tensor... results) implements Task {
        @Override
        public void run() {
            operation.run();
        }

        @Override
        public double[] result(int index) {
            return results[index].toArray();
        }

        @Override
        public void close() {
            kernels.close();
        }
    }

    private static Tensor zeros(int... shape) {
        return Tensor.zeros(ElementType.FLOAT32, shape);
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor c = Tensor.zeros(o.type, o.m, o.n);
        return new Prepared(kernels, () -> kernels.matmul()
                .multiply(o.transposeA, o.transposeB, 1, o.a, o.b, 0, c, Epilogue.NONE), c);
    }

    @Override
    public Task attention(AttentionCase o, int threads) {
        Kernels kernels = kernels(threads);
        int columns = o.query.columns();
        Tensor output = zeros(o.query.rows(), columns);
        Tensor logSumExp = zeros(o.shape.batch() * o.shape.heads(), o.shape.queryLength());
        Tensor gradient = zeros(o.key.rows(), o.backward ? 3 * columns : 0);
        if (!o.backward) {
            return new Prepared(kernels, () -> kernels.attention()
                    .forward(o.shape, o.query, o.key, o.value, output, logSumExp), output);
        }
        Tensor dQuery = gradient.columnRange(0, columns);
        Tensor dKey = gradient.columnRange(columns, 2 * columns);
        Tensor dValue = gradient.columnRange(2 * columns, 3 * columns);
        return new Prepared(kernels, () -> {
            kernels.attention().forward(o.shape, o.query, o.key, o.value, output, logSumExp);
            kernels.attention().backward(o.shape, o.query, o.key, o.value, output, logSumExp, o.dOutput, dQuery, dKey,
                    dValue);
        }, output, dQuery, dKey, dValue);
    }

    @Override
    public Task softmax(SoftmaxCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor result = zeros(o.rows, o.columns);
        return new Prepared(kernels, o.backward ? () -> kernels.softmax().backward(1, o.y, o.dy, result)
                : () -> kernels.softmax().forward(1, o.x, result), result);
    }

    @Override
    public Task layerNorm(LayerNormCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor result = zeros(o.rows, o.columns);
        if (o.backward) {
            Tensor dGain = zeros(o.columns);
            Tensor dShift = zeros(o.columns);
            return new Prepared(kernels, () -> {
                // The operation adds to these two, as training wants it.
                dGain.fill(0);
                dShift.fill(0);
                kernels.normalization().layerNormBackward(o.x, o.gain, o.mean, o.rstd, o.dy, false, result, dGain, dShift);
            }, result, dGain, dShift);
        }
        Tensor mean = zeros(o.rows);
        Tensor rstd = zeros(o.rows);
        return new Prepared(kernels, () -> kernels.normalization()
                .layerNorm(o.x, o.gain, o.shift, LayerNormCase.EPSILON, result, mean, rstd), result);
    }

    @Override
    public Task gelu(GeluCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor result = zeros(o.rows, o.columns);
        return new Prepared(kernels, o.backward ? () -> kernels.activations().backward(o.function, o.x, o.dy, result)
                : () -> kernels.activations().forward(o.function, o.x, result), result);
    }

    @Override
    public Task crossEntropy(CrossEntropyCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor losses = zeros(o.rows);
        Tensor mean = zeros(1);
        Tensor gradient = zeros(o.rows, o.columns);
        return new Prepared(kernels, () -> {
            kernels.loss().crossEntropy(o.logits, o.targets, -1, 1.0 / o.rows, losses, gradient);
            mean.floats()[0] = (float) (kernels.reduction().sum(losses) / o.rows);
        }, mean, gradient);
    }

    @Override
    public Task adamW(AdamWCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor parameter = zeros(o.parameter.rows(), o.parameter.columns());
        parameter.copyFrom(o.parameter);
        Tensor mean = zeros(o.parameter.rows(), o.parameter.columns());
        Tensor meanSquares = zeros(o.parameter.rows(), o.parameter.columns());
        int[] step = {0};
        return new Prepared(kernels, () -> kernels.optimizer().adam(AdamWCase.SETTINGS, AdamWCase.LEARNING_RATE, ++step[0], 1,
                parameter, o.gradient, mean, meanSquares), parameter, mean, meanSquares);
    }

    @Override
    public Task embedding(EmbeddingCase o, int threads) {
        Kernels kernels = kernels(threads);
        Tensor result = zeros(o.backward ? o.vocabulary : o.rows, o.columns);
        return new Prepared(kernels, o.backward ? () -> {
            // As PyTorch's operator returns a whole gradient.
            result.fill(0);
            kernels.embedding().scatterAdd(o.dy, o.ids, result);
        } : () -> kernels.embedding().gather(o.table, o.ids, result), result);
    }

    @Override
    public Task trainingStep(TrainingStepCase o, int threads) {
        Kernels kernels = kernels(threads);
        TrainingStep step = new TrainingStep(o, kernels);
        return new Prepared(kernels, step, step.loss);
    }
}
