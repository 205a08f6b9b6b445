package lanewise.kernels;

/**
 * What a matrix product does to its result before it leaves the registers: {@code C = activation(product + bias)}.
 *
 * @param bias          [columns of C], added to every row; null for none
 * @param activation    applied after the bias
 * @param preActivation shape of C; receives product + bias, which {@link Activations#backward} needs; null when not wanted.
 *                      Must not overlap C
 */
public record Epilogue(Tensor bias, Activation activation, Tensor preActivation) {
    /** Leaves the product as it is. */
    public static final Epilogue NONE = new Epilogue(null, Activation.IDENTITY, null);

    /** Adds a bias to every row. */
    public static Epilogue bias(Tensor bias) {
        return new Epilogue(bias, Activation.IDENTITY, null);
    }
}
