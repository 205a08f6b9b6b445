package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Loss;
import lanewise.kernels.Tensor;

/** Row by row, with the gradient in the same pass. */
final class CudaLoss implements Loss {
    private final Device device;
    private final ElementType type;

    CudaLoss(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    @Override
    public void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses, Tensor dLogits) {
        RowSplit split = RowSplit.of(device, type, logits, 1);
        try (Operands operands = new Operands(device)) {
            split.kernel(device, "loss", "crossEntropy").with(operands.in(logits)).with(operands.ints(targets)).with(ignoredIndex)
                    .with(gradientScale).with(operands.out(losses).address()).with(operands.out(dLogits)).with(logits.rows())
                    .with(logits.columns()).with(split.held()).over(split.blocks());
        }
    }

    @Override
    public void squaredError(Tensor y, Tensor target, double gradientScale, Tensor losses, Tensor dY) {
        RowSplit split = RowSplit.of(device, type, y, 0);
        try (Operands operands = new Operands(device)) {
            split.kernel(device, "loss", "squaredError").with(operands.in(y)).with(operands.in(target)).with(gradientScale)
                    .with(operands.out(losses).address()).with(operands.out(dY)).with(y.rows()).with(y.columns()).over(split.blocks());
        }
    }
}
