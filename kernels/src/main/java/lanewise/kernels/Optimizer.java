package lanewise.kernels;

import java.util.List;

/**
 * Updates of a parameter from its gradient, in one pass over memory. The gradient is multiplied by
 * {@code gradientScale} as it is read: that is where clipping by the global norm and the mean over accumulated
 * micro-batches enter without a pass of their own. All tensors have the parameter's shape and must not overlap.
 *
 * <p>Every update can write a copy besides: the new parameter, rounded to the type that a model computes in, without another pass on a
 * device.
 */
public interface Optimizer {
    /**
     * Gradient descent: {@code p -= learningRate (g + weightDecay p)}.
     *
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient);

    /**
     * The same, with a copy.
     *
     * @param copy of the parameter's type, or of one whose sums are of that; null for none
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    default void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter, Tensor gradient,
            Tensor copy) {
        gradientDescent(learningRate, weightDecay, gradientScale, parameter, gradient);
        if (copy != null) {
            copy.copyFrom(parameter);
        }
    }

    /**
     * Heavy-ball momentum: {@code v = momentum v + g + weightDecay p; p -= learningRate v}.
     *
     * @param velocity updated; zeros at the start
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    void momentum(double learningRate, double momentum, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor velocity);

    /**
     * The same, with a copy.
     *
     * @param copy of the parameter's type, or of one whose sums are of that; null for none
     * @throws IllegalArgumentException if shapes or element types do not fit
     */
    default void momentum(double learningRate, double momentum, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor velocity, Tensor copy) {
        momentum(learningRate, momentum, weightDecay, gradientScale, parameter, gradient, velocity);
        if (copy != null) {
            copy.copyFrom(parameter);
        }
    }

    /**
     * Adam (Kingma and Ba, arXiv 1412.6980), with decay decoupled from the gradient (AdamW; Loshchilov and Hutter,
     * arXiv 1711.05101) or added to it:
     * {@code m = beta1 m + (1-beta1) g; v = beta2 v + (1-beta2) g^2;
     * p -= learningRate (m / (1-beta1^step) / (sqrt(v / (1-beta2^step)) + epsilon) + weightDecay p)}.
     *
     * @param step        1 for the first update
     * @param mean        m, updated; zeros at the start
     * @param meanSquares v, updated; zeros at the start
     * @throws IllegalArgumentException if shapes or element types do not fit, or step is below 1
     */
    void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares);

    /**
     * The same, with a copy.
     *
     * @param copy of the parameter's type, or of one whose sums are of that; null for none
     * @throws IllegalArgumentException if shapes or element types do not fit, or step is below 1
     */
    default void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares, Tensor copy) {
        adam(settings, learningRate, step, gradientScale, parameter, gradient, mean, meanSquares);
        if (copy != null) {
            copy.copyFrom(parameter);
        }
    }

    /**
     * The tensors of a parameter under Adam.
     *
     * @param copy null for none
     */
    record AdamTensors(Tensor parameter, Tensor gradient, Tensor mean, Tensor meanSquares, Tensor copy) {
    }

    /**
     * Adam for many parameters of one type, each as by itself: on a device with one launch for all, which is faster where they are small.
     *
     * @throws IllegalArgumentException if shapes or element types do not fit, or step is below 1
     */
    default void adam(AdamSettings settings, double learningRate, int step, double gradientScale, List<AdamTensors> all) {
        for (AdamTensors one : all) {
            adam(settings, learningRate, step, gradientScale, one.parameter, one.gradient, one.mean, one.meanSquares, one.copy);
        }
    }
}
