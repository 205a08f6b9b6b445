package lanewise.transformer.layers;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * Memory for activations with one row per token, kept from step to step. It grows to the largest number of rows asked for
 * and hands out the same tensors as long as that number does not change, so that a training step allocates nothing.
 */
public final class RowBuffer {
    private final Kernels kernels;
    private final ElementType type;
    private final int[] partWidths;
    private final int columns;
    private final Tensor[] parts;
    private Tensor memory;
    private Tensor current;

    /** Without parts: one number per row, as a vector. */
    RowBuffer(Kernels kernels, ElementType type, int... partWidths) {
        this.kernels = kernels;
        this.type = type;
        this.partWidths = partWidths.clone();
        int sum = 0;
        for (int width : partWidths) {
            sum = Math.addExact(sum, width);
        }
        columns = sum;
        parts = new Tensor[partWidths.length];
    }

    /** A view of [rows, columns], or of [rows] for a buffer of numbers; its content is arbitrary at first. */
    public Tensor rows(int rows) {
        boolean numbers = partWidths.length == 0;
        int size = current == null ? -1 : numbers ? current.columns() : current.rows();
        if (rows != size) {
            int[] shape = numbers ? new int[] {rows} : new int[] {rows, columns};
            if (current == null || memory.elements() < (long) rows * (numbers ? 1 : columns)) {
                memory = kernels.zeros(type, shape);
            }
            current = new Tensor(memory.storage(), memory.offset(), numbers ? rows : columns, shape);
            int from = 0;
            for (int i = 0; i < parts.length; i++) {
                parts[i] = current.columnRange(from, from + partWidths[i]);
                from += partWidths[i];
            }
        }
        return current;
    }

    /** The view that {@link #rows} gave last; null before the first call. */
    public Tensor current() {
        return current;
    }

    /** The columns of one part of {@link #current}. */
    public Tensor part(int index) {
        return parts[index];
    }
}
