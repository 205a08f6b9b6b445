package lanewise.bench.gpu;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** A row, prepared: its inputs are on the device, its outputs exist and hold NaN. */
interface GpuCase {
    /** Asks for the operation once; may return before it is done. */
    void run();

    /**
     * Compares what the first run left with a computation on the host in float64, at some places.
     *
     * @throws IllegalStateException if it is wrong, saying what
     */
    void check();

    /** Prepares a row. */
    static GpuCase open(Kernels kernels, GpuRow row, long seed) {
        return switch (row.operation()) {
            case "copy" -> new RowCases.Copy(kernels, row, seed);
            case "softmax" -> new RowCases.Softmax(kernels, row, seed);
            case "layer-norm" -> new RowCases.LayerNorm(kernels, row, seed);
            case "layer-norm-backward" -> new RowCases.LayerNormBackward(kernels, row, seed);
            case "cross-entropy" -> new RowCases.CrossEntropy(kernels, row, seed);
            case "adamw" -> new RowCases.AdamW(kernels, row, seed);
            case "matmul" -> new MatmulTask(kernels, row, seed);
            case "attention-forward", "attention-backward" -> new AttentionTask(kernels, row, seed);
            case "training-step" -> new StepTask(kernels, row);
            default -> throw new IllegalArgumentException("'" + row.name() + "' is no operation that is timed");
        };
    }

    /** How large the norm of the error may be. In float32 less than what tf32 leaves of it. */
    static double limit(GpuRow row) {
        return switch (row.type()) {
            case "bfloat16" -> 1e-2;
            case GpuRow.TF32 -> 2e-3;
            default -> 5e-5;
        };
    }

    /** An output that nobody has written. */
    static Tensor unwritten(Kernels kernels, ElementType type, int... shape) {
        Tensor tensor = kernels.zeros(type, shape);
        tensor.fill(Double.NaN);
        return tensor;
    }

    /** The type of statistics, and of the gradients of weights. */
    static ElementType wide(GpuRow row) {
        return row.elementType().accumulator();
    }
}
