package lanewise.transformer.training;

import java.util.Objects;
import lanewise.kernels.AdamSettings;

/**
 * An optimizer and its constants.
 *
 * @param method      the rule
 * @param beta1       for Adam: decay of the mean of gradients, 0 to below 1
 * @param beta2       for Adam: decay of the mean of their squares, 0 to below 1
 * @param epsilon     for Adam: added to the root of the mean square, at least 0
 * @param momentum    for momentum: share of the velocity that is kept, 0 to below 1
 * @param weightDecay at least 0; applies to matrices and embeddings only
 */
public record OptimizerConfig(Method method, double beta1, double beta2, double epsilon, double momentum,
        double weightDecay) {
    /** Update rules; {@link lanewise.kernels.Optimizer} gives their formulas. */
    public enum Method {
        /** Adam with decay decoupled from the gradient. */
        ADAMW,
        /** Adam with decay added to the gradient. */
        ADAM,
        /** Heavy-ball momentum. */
        MOMENTUM,
        /** Gradient descent. */
        GRADIENT_DESCENT
    }

    /** Checks the ranges. */
    public OptimizerConfig {
        Objects.requireNonNull(method, "method");
        new AdamSettings(beta1, beta2, epsilon, weightDecay, true);
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum is " + momentum + "; expected 0 to below 1");
        }
    }

    /** Numbers that it keeps for each parameter: two for Adam, one for momentum, none for gradient descent. */
    public int statePerParameter() {
        return switch (method) {
            case ADAMW, ADAM -> 2;
            case MOMENTUM -> 1;
            case GRADIENT_DESCENT -> 0;
        };
    }

    /** AdamW with epsilon 1e-8. */
    public static OptimizerConfig adamW(double beta1, double beta2, double weightDecay) {
        return new OptimizerConfig(Method.ADAMW, beta1, beta2, 1e-8, 0, weightDecay);
    }

    /** Gradient descent without decay. */
    public static OptimizerConfig gradientDescent() {
        return new OptimizerConfig(Method.GRADIENT_DESCENT, 0.9, 0.999, 1e-8, 0, 0);
    }
}
