package lanewise.transformer.layers;

import lanewise.kernels.Tensor;

/**
 * A trained tensor and the gradient that backward passes add to.
 *
 * @param name     unique within its model; the tensor's name in a checkpoint
 * @param value    changed by the optimizer
 * @param gradient shape of value; added to by every backward pass, zeroed by the trainer
 * @param decays   whether weight decay applies: matrices and embeddings, not gains, shifts and biases
 */
public record Parameter(String name, Tensor value, Tensor gradient, boolean decays) {
}
