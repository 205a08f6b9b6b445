package lanewise.kernels;

/** Scalar functions applied to every element, as activations of a layer or as the epilogue of a product. */
public enum Activation {
    /** f(x) = x. */
    IDENTITY,
    /** f(x) = max(x, 0); the derivative at 0 is taken as 0; NaN stays NaN. */
    RELU,
    /** f(x) = 0 up to 0, x^2 / 2 up to 1, then x - 1/2: a rectifier with a continuous derivative; NaN stays NaN. */
    HUBER_RELU,
    /** f(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): Hendrycks and Gimpel's approximation, as GPT-2 uses it. */
    GELU_TANH,
    /**
     * f(x) = x/2 (1 + erf(x / sqrt(2))). The error in float32 is at most 16 2^-24 |f(x)| from x = -2 on and 2^-24 |x|
     * below, where f(x) goes to 0; that of f' is at most 8 2^-24. Subnormal results may be off by 2^-149 more. At negative
     * infinity the result is 0 or NaN, depending on the kernels.
     */
    GELU_ERF,
    /** f(x) = x / (1 + exp(-x)). */
    SILU,
    /** f(x) = tanh(x). */
    TANH,
    /** f(x) = log(1 + exp(x)), evaluated without overflow. */
    SOFTPLUS
}
