package lanewise.kernels.cuda;

import java.lang.reflect.Proxy;
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

    private static <T> T missing(Class<T> family) {
        return family.cast(Proxy.newProxyInstance(family.getClassLoader(), new Class<?>[] {family}, (proxy, method, arguments) -> {
            throw new UnsupportedOperationException("cuda has no " + family.getSimpleName() + "." + method.getName() + " yet");
        }));
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
        return missing(Loss.class);
    }

    @Override
    public Normalization normalization() {
        return missing(Normalization.class);
    }

    @Override
    public Activations activations() {
        return missing(Activations.class);
    }

    @Override
    public Elementwise elementwise() {
        return missing(Elementwise.class);
    }

    @Override
    public Reduction reduction() {
        return missing(Reduction.class);
    }

    @Override
    public Embedding embedding() {
        return missing(Embedding.class);
    }

    @Override
    public Optimizer optimizer() {
        return missing(Optimizer.class);
    }
}
