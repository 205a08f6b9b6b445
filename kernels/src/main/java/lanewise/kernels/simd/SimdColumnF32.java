package lanewise.kernels.simd;

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

/** Every family for float32, in vectors. */
final class SimdColumnF32 implements Column {
    private final Matmul matmul;
    private final Attention attention;
    private final Softmax softmax;
    private final Loss loss;
    private final Normalization normalization;
    private final Activations activations;
    private final Elementwise elementwise;
    private final Reduction reduction;
    private final Embedding embedding;
    private final Optimizer optimizer;

    SimdColumnF32(Workers workers) {
        matmul = new MatmulF32(workers);
        attention = new AttentionF32(workers);
        softmax = new SoftmaxF32(workers);
        loss = new LossF32(workers);
        normalization = new NormalizationF32(workers);
        activations = new ActivationsF32(workers);
        elementwise = new ElementwiseF32(workers);
        reduction = new ReductionF32(workers);
        embedding = new EmbeddingF32(workers);
        optimizer = new OptimizerF32(workers);
    }

    @Override
    public Matmul matmul() {
        return matmul;
    }

    @Override
    public Attention attention() {
        return attention;
    }

    @Override
    public Softmax softmax() {
        return softmax;
    }

    @Override
    public Loss loss() {
        return loss;
    }

    @Override
    public Normalization normalization() {
        return normalization;
    }

    @Override
    public Activations activations() {
        return activations;
    }

    @Override
    public Elementwise elementwise() {
        return elementwise;
    }

    @Override
    public Reduction reduction() {
        return reduction;
    }

    @Override
    public Embedding embedding() {
        return embedding;
    }

    @Override
    public Optimizer optimizer() {
        return optimizer;
    }
}
