package lanewise.transformer.layers;

import lanewise.kernels.Activation;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * {@code y = multiplier x W + b}, with W [inputs, outputs] and b [outputs] or none. Its multiplier is that of the
 * {@link Initialization}'s parametrisation times the one given.
 */
public final class Linear {
    private final Kernels kernels;
    private final Parameter weight;
    private final Parameter bias;
    private final double multiplier;
    private final Epilogue plain;
    private Epilogue activated = Epilogue.NONE;
    private Tensor input;

    /** Named {@code name.weight} and {@code name.bias}; the bias starts at 0. */
    public Linear(LayerContext context, String name, int inputs, int outputs, boolean bias,
            Initialization initialization, double multiplier) {
        kernels = context.kernels();
        weight = context.gaussian(name + ".weight", initialization.drawnDeviation(inputs), inputs, outputs);
        this.bias = bias ? context.constant(name + ".bias", 0, outputs) : null;
        this.multiplier = initialization.multiplier(inputs) * multiplier;
        plain = bias ? Epilogue.bias(this.bias.working()) : Epilogue.NONE;
    }

    public Linear(LayerContext context, String name, int inputs, int outputs, boolean bias,
            Initialization initialization) {
        this(context, name, inputs, outputs, bias, initialization, 1);
    }

    public Parameter weight() {
        return weight;
    }

    /** Null without a bias. */
    public Parameter bias() {
        return bias;
    }

    /** What {@code x W} is multiplied with. */
    public double multiplier() {
        return multiplier;
    }

    /**
     * The output.
     *
     * @param x          [rows, inputs]; kept, not copied: it must not change before the backward pass
     * @param accumulate whether y is added to instead of overwritten
     * @param y          [rows, outputs]
     */
    public void forward(Tensor x, boolean accumulate, Tensor y) {
        input = x;
        kernels.matmul().multiply(false, false, multiplier, x, weight.working(), accumulate ? 1 : 0, y, plain);
    }

    /**
     * The output, through an activation.
     *
     * @param x             [rows, inputs]; kept, not copied
     * @param preActivation shape of y; receives the activation's input, or null if that is not wanted
     * @param y             [rows, outputs]; overwritten
     */
    public void forward(Tensor x, Activation activation, Tensor preActivation, Tensor y) {
        input = x;
        if (activated.activation() != activation || activated.preActivation() != preActivation
                || activated == Epilogue.NONE) {
            activated = new Epilogue(plain.bias(), activation, preActivation);
        }
        kernels.matmul().multiply(false, false, multiplier, x, weight.working(), 0, y, activated);
    }

    /**
     * Adds to the gradients of W and b, and gives that of x.
     *
     * @param dy         [rows, outputs]; that of {@code multiplier x W + b}, so before any activation
     * @param accumulate whether dx is added to instead of overwritten
     * @param dx         shape of x; null when it is not needed; must not overlap dy
     */
    public void backward(Tensor dy, boolean accumulate, Tensor dx) {
        weight.addToGradient(kernels.matmul(), multiplier, input, dy);
        if (bias != null) {
            kernels.reduction().sumRepeated(dy, bias.gradient());
        }
        if (dx != null) {
            kernels.matmul().multiply(false, true, multiplier, dy, weight.working(), accumulate ? 1 : 0, dx,
                    Epilogue.NONE);
        }
    }
}
