package lanewise.kernels.scalar;

import lanewise.kernels.Activations;
import lanewise.kernels.Attention;
import lanewise.kernels.Column;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Embedding;
import lanewise.kernels.Loss;
import lanewise.kernels.Matmul;
import lanewise.kernels.Normalization;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Reduction;
import lanewise.kernels.Softmax;
import lanewise.kernels.Workers;

/** The definition of every family for float32. */
public final class ScalarColumnF32 implements Column {
    private final Workers workers;

    public ScalarColumnF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public Matmul matmul() {
        return new MatmulF32(workers);
    }

    @Override
    public Attention attention() {
        return new AttentionF32(workers);
    }

    @Override
    public Softmax softmax() {
        return new SoftmaxF32(workers);
    }

    @Override
    public Loss loss() {
        return new LossF32(workers);
    }

    @Override
    public Normalization normalization() {
        return new NormalizationF32(workers);
    }

    @Override
    public Activations activations() {
        return new ActivationsF32(workers);
    }

    @Override
    public Elementwise elementwise() {
        return new ElementwiseF32(workers);
    }

    @Override
    public Reduction reduction() {
        return new ReductionF32(workers);
    }

    @Override
    public Embedding embedding() {
        return new EmbeddingF32(workers);
    }

    @Override
    public Optimizer optimizer() {
        return new OptimizerF32(workers);
    }
}
