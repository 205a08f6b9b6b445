package lanewise.kernels.simd;

import lanewise.kernels.Attention;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Attention on vectors. */
final class AttentionF32 implements Attention {
    private final Workers workers;

    AttentionF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp) {
        if (shape.queryLength() <= AttentionRowsF32.MOST_QUERIES) {
            new AttentionRowsF32(workers, shape, query, key, value, output, logSumExp).run();
        } else {
            new AttentionForwardF32(workers, shape, query, key, value, output, logSumExp).run();
        }
    }

    @Override
    public void backward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp,
            Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue) {
        new AttentionBackwardF32(workers, shape, query, key, value, output, logSumExp, dOutput, dQuery, dKey, dValue).run();
    }
}
