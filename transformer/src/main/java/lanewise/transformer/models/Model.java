package lanewise.transformer.models;

import java.util.List;
import lanewise.transformer.layers.Parameter;

/**
 * A network with hand-written passes, and the loss it is trained on. What trainer and instruments see of it.
 *
 * @param <B> what it takes at a time
 */
public interface Model<B> {
    /** All trained tensors, in a fixed order. */
    List<Parameter> parameters();

    /**
     * Forward and backward pass of one batch: adds {@code gradientScale} times the gradient of the batch's loss to the
     * parameters' gradients. On a device it returns before that is done; {@link #loss} then waits.
     *
     * @param dropoutSeed names the dropout masks of this pass; a different one for each step and micro-batch
     */
    void differentiate(B batch, double gradientScale, long dropoutSeed);

    /**
     * The loss of the last {@link #differentiate}, for token models the mean over counted positions; not multiplied by
     * gradientScale.
     */
    double loss();

    /** {@link #differentiate}, and the {@link #loss}. */
    default double trainingLoss(B batch, double gradientScale, long dropoutSeed) {
        differentiate(batch, gradientScale, dropoutSeed);
        return loss();
    }

    /** Forward pass without dropout. */
    Evaluation evaluate(B batch);
}
