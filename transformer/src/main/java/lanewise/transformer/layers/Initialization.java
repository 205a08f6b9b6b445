package lanewise.transformer.layers;

/**
 * How weight matrices are drawn, independently and with mean 0, and parametrised.
 *
 * <p>In the raw parametrisation a layer computes {@code x W} with W drawn with the scheme's variance. In the standardised
 * one it computes {@code deviation x V} with V drawn with variance 1, so that gradient descent on V moves W by
 * the variance times what it would move it in the raw one; the function at the start is the same in law.
 *
 * @param scheme         the variance as a function of the layer's inputs
 * @param deviation      standard deviation of {@link Scheme#GAUSSIAN}; unused in the others
 * @param residualFactor multiplies the deviation of the matrices that write into a residual stream
 * @param standardised   which parametrisation
 */
public record Initialization(Scheme scheme, double deviation, double residualFactor, boolean standardised) {
    /** Variance of a weight that is one of {@code inputs} summed into an output. */
    public enum Scheme {
        /** 1 / inputs. */
        LECUN,
        /** 2 / inputs. */
        HE,
        /** 1: the layer's output is then scaled by an explicit multiplier. */
        NTK,
        /** The square of the given deviation. */
        GAUSSIAN
    }

    /** Checks the numbers. */
    public Initialization {
        if (!(deviation >= 0 && deviation < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("deviation is " + deviation + "; expected 0 or a positive number");
        }
        if (!(residualFactor >= 0 && residualFactor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "residualFactor is " + residualFactor + "; expected 0 or a positive number");
        }
    }

    public static Initialization lecun() {
        return new Initialization(Scheme.LECUN, 0, 1, false);
    }

    public static Initialization he() {
        return new Initialization(Scheme.HE, 0, 1, false);
    }

    public static Initialization ntk() {
        return new Initialization(Scheme.NTK, 0, 1, false);
    }

    /** Normal numbers with this standard deviation in every matrix. */
    public static Initialization gaussian(double deviation) {
        return new Initialization(Scheme.GAUSSIAN, deviation, 1, false);
    }

    /** GPT-2's: deviation 0.02, and 0.02 / sqrt(2 layers) for the matrices that write into the residual stream. */
    public static Initialization gpt2(int layers) {
        return new Initialization(Scheme.GAUSSIAN, 0.02, 1 / Math.sqrt(2.0 * layers), false);
    }

    /** The same law, standardised. */
    public Initialization inStandardForm() {
        return new Initialization(scheme, deviation, residualFactor, true);
    }

    /** For a matrix that writes into a residual stream. */
    public Initialization ofResidualProjection() {
        return new Initialization(scheme, deviation * residualFactor, residualFactor, standardised);
    }

    /** Standard deviation of the weight itself. */
    public double weightDeviation(int inputs) {
        return switch (scheme) {
            case LECUN -> Math.sqrt(1.0 / inputs);
            case HE -> Math.sqrt(2.0 / inputs);
            case NTK -> 1;
            case GAUSSIAN -> deviation;
        };
    }

    /** Standard deviation of the trained numbers. */
    double drawnDeviation(int inputs) {
        return standardised ? 1 : weightDeviation(inputs);
    }

    /** What the layer multiplies the trained numbers with. */
    double multiplier(int inputs) {
        return standardised ? weightDeviation(inputs) : 1;
    }
}
