package lanewise.kernels.cuda;

import lanewise.kernels.Activations;
import lanewise.kernels.Attention;
import lanewise.kernels.Column;
import lanewise.kernels.ElementType;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Embedding;
import lanewise.kernels.Loss;
import lanewise.kernels.Matmul;
import lanewise.kernels.Normalization;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Reduction;
import lanewise.kernels.Softmax;

/** Every family on a device, for one element type. */
final class CudaColumn implements Column {
    /** Whether float32 matrices are multiplied with operands rounded to 10 bits of fraction, on tensor cores. */
    private static final boolean TF32 = Boolean.getBoolean("lanewise.tf32");

    private final Device device;
    private final ElementType type;

    CudaColumn(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    @Override
    public Matmul matmul() {
        return new CudaMatmul(device, type, TF32);
    }

    @Override
    public Attention attention() {
        return new CudaAttention(device, type);
    }

    @Override
    public Softmax softmax() {
        return new CudaSoftmax(device, type);
    }

    @Override
    public Loss loss() {
        return new CudaLoss(device, type);
    }

    @Override
    public Normalization normalization() {
        return new CudaNormalization(device, type);
    }

    @Override
    public Activations activations() {
        return new CudaActivations(device, type);
    }

    @Override
    public Elementwise elementwise() {
        return new CudaElementwise(device, type);
    }

    @Override
    public Reduction reduction() {
        return new CudaReduction(device, type);
    }

    @Override
    public Embedding embedding() {
        return new CudaEmbedding(device, type);
    }

    @Override
    public Optimizer optimizer() {
        return new CudaOptimizer(device, type);
    }
}
