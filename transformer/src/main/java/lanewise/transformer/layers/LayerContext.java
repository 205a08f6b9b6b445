package lanewise.transformer.layers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * What the layers of one model share: the kernels, the element type, the source of the initial weights, and buffers for
 * values that do not outlive one call. It collects the parameters in the order in which the layers are built.
 *
 * <p>Initial weights are drawn in double and then rounded, each parameter from a generator of its own that is split off in
 * this order: they depend on the seed, the order and the shapes, not on the element type or the number of threads.
 */
public final class LayerContext {
    private final Kernels kernels;
    private final ElementType type;
    private final SplittableRandom random;
    private final List<Parameter> parameters = new ArrayList<>();
    private final Map<String, RowBuffer> shared = new HashMap<>();

    public LayerContext(Kernels kernels, ElementType type, long seed) {
        this.kernels = kernels;
        this.type = type;
        random = new SplittableRandom(seed);
    }

    public Kernels kernels() {
        return kernels;
    }

    /** What layers compute in: the type of activations and of {@link Parameter#working}. */
    public ElementType type() {
        return type;
    }

    /** All parameters made so far; an unmodifiable view. */
    public List<Parameter> parameters() {
        return Collections.unmodifiableList(parameters);
    }

    /** A matrix or table of independent normal numbers with mean 0; weight decay applies to it. */
    public Parameter gaussian(String name, double deviation, int rows, int columns) {
        Parameter parameter = add(name, true, rows, columns);
        SplittableRandom own = random.split();
        double[] row = new double[columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                row[c] = deviation * own.nextGaussian();
            }
            parameter.value().rowRange(r, r + 1).copyFrom(row);
        }
        parameter.valueChanged();
        return parameter;
    }

    /** A vector of equal numbers: a gain, a shift or a bias; weight decay does not apply to it. */
    public Parameter constant(String name, double value, int size) {
        Parameter parameter = add(name, false, size);
        parameter.value().fill(value);
        parameter.valueChanged();
        return parameter;
    }

    /** A buffer of one layer's own, for what its backward pass needs; its columns are those of all parts side by side. */
    public RowBuffer buffer(int... partWidths) {
        return new RowBuffer(kernels, type, partWidths);
    }

    /** A buffer of one number per row: a loss or a statistic, in the type that sums are taken in. */
    public RowBuffer numberPerRow() {
        return new RowBuffer(kernels, type.accumulator());
    }

    /**
     * The buffer that all layers with the same purpose and widths share; its content is lost when another of them runs.
     */
    public RowBuffer shared(String purpose, int... partWidths) {
        return shared.computeIfAbsent(purpose + Arrays.toString(partWidths), key -> buffer(partWidths));
    }

    private Parameter add(String name, boolean decays, int... shape) {
        for (Parameter other : parameters) {
            if (other.name().equals(name)) {
                throw new IllegalArgumentException("two parameters are called " + name);
            }
        }
        Tensor value = kernels.zeros(type.accumulator(), shape);
        Tensor working = value.type() == type ? value : kernels.zeros(type, shape);
        Parameter parameter = new Parameter(name, value, working, kernels.zeros(value.type(), shape), decays);
        parameters.add(parameter);
        return parameter;
    }
}
