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
import lanewise.kernels.scalar.ScalarColumnF32;

/** Every family for float32: with vectors where there is a kernel for it, else by its definition. */
final class SimdColumnF32 implements Column {
    private final Column scalar;
    private final Matmul matmul;
    private final Activations activations;
    private final Attention attention;

    SimdColumnF32(Workers workers) {
        scalar = new ScalarColumnF32(workers);
        matmul = new MatmulF32(workers);
        activations = new ActivationsF32(workers);
        attention = new AttentionF32(workers);
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
        return scalar.softmax();
    }

    @Override
    public Loss loss() {
        return scalar.loss();
    }

    @Override
    public Normalization normalization() {
        return scalar.normalization();
    }

    @Override
    public Activations activations() {
        return activations;
    }

    @Override
    public Elementwise elementwise() {
        return scalar.elementwise();
    }

    @Override
    public Reduction reduction() {
        return scalar.reduction();
    }

    @Override
    public Embedding embedding() {
        return scalar.embedding();
    }

    @Override
    public Optimizer optimizer() {
        return scalar.optimizer();
    }
}
