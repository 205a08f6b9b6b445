package lanewise.transformer.layers;

import lanewise.kernels.Epilogue;
import lanewise.kernels.Matmul;
import lanewise.kernels.Tensor;

/**
 * A trained tensor and the gradient that backward passes add to.
 *
 * <p>A model that computes in bfloat16 sums up gradients and updates in float32, where small ones are not lost: layers multiply with a
 * rounded copy of the value, {@link #working}. In other types that is the value itself.
 *
 * <p>Clearing the gradient only marks it: a product of matrices that comes next overwrites it instead of adding to zeros,
 * which saves two passes over its memory. Whoever asks for the tensor sees zeros.
 */
public final class Parameter {
    private final String name;
    private final Tensor value;
    private final Tensor working;
    private final Tensor gradient;
    private final boolean decays;
    private boolean cleared;

    /** A parameter that layers use as it is. */
    public Parameter(String name, Tensor value, Tensor gradient, boolean decays) {
        this(name, value, value, gradient, decays);
    }

    /**
     * A parameter.
     *
     * @param name     unique within its model; the tensor's name in a checkpoint
     * @param value    changed by the optimizer
     * @param working  the value's copy in the type that layers compute in, or the value itself
     * @param gradient like value
     * @param decays   whether weight decay applies: to matrices and embeddings, not to gains, shifts and biases
     */
    public Parameter(String name, Tensor value, Tensor working, Tensor gradient, boolean decays) {
        this.name = name;
        this.value = value;
        this.working = working;
        this.gradient = gradient;
        this.decays = decays;
    }

    public String name() {
        return name;
    }

    /** What is trained and stored. Whoever changes it calls {@link #valueChanged} afterwards. */
    public Tensor value() {
        return value;
    }

    /** What layers compute with. */
    public Tensor working() {
        return working;
    }

    /** Brings {@link #working} up to date. */
    public void valueChanged() {
        if (working != value) {
            working.copyFrom(value);
        }
    }

    /**
     * Added to by every backward pass. After {@link #clearGradient} it is to be asked for again, not kept: asking writes the
     * zeros, so not by two threads at once.
     */
    public Tensor gradient() {
        if (cleared) {
            cleared = false;
            gradient.fill(0);
        }
        return gradient;
    }

    public boolean decays() {
        return decays;
    }

    /** Sets the gradient to zero. */
    public void clearGradient() {
        cleared = true;
    }

    /**
     * Adds {@code alpha A^T B} to the gradient of a matrix.
     *
     * @param a [r, rows of the matrix]
     * @param b [r, columns of the matrix]
     * @throws IllegalArgumentException if a shape differs
     */
    public void addToGradient(Matmul matmul, double alpha, Tensor a, Tensor b) {
        matmul.multiply(true, false, alpha, a, b, cleared ? 0 : 1, gradient, Epilogue.NONE);
        cleared = false;
    }
}
