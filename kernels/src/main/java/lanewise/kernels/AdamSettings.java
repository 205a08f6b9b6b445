package lanewise.kernels;

/**
 * The constants of {@link Optimizer#adam}.
 *
 * @param beta1       decay of the mean of gradients, 0 to below 1
 * @param beta2       decay of the mean of their squares, 0 to below 1
 * @param epsilon     added to the root of the mean square; at least 0
 * @param weightDecay at least 0
 * @param decoupled   true is AdamW; false adds the decay to the gradient
 */
public record AdamSettings(double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled) {
    /** Checks the ranges. */
    public AdamSettings {
        if (!(beta1 >= 0 && beta1 < 1)) {
            throw new IllegalArgumentException("beta1 is " + beta1 + "; expected 0 to below 1");
        }
        if (!(beta2 >= 0 && beta2 < 1)) {
            throw new IllegalArgumentException("beta2 is " + beta2 + "; expected 0 to below 1");
        }
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + "; expected at least 0");
        }
        if (!(weightDecay >= 0)) {
            throw new IllegalArgumentException("weightDecay is " + weightDecay + "; expected at least 0");
        }
    }
}
