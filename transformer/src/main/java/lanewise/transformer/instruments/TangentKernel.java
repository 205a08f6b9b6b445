package lanewise.transformer.instruments;

import java.util.List;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.Model;

/**
 * The empirical neural tangent kernel (Jacot, Gabriel and Hongler, arXiv 1806.07572): inner products of gradients with respect to
 * all trained numbers. Gradient descent on {@code 1/2 sum (f - y)^2} changes the outputs by {@code -step K (f - y)} to first order,
 * so it is stable for steps below 2 / largest eigenvalue and converges at a rate of step times the smallest.
 *
 * <p>Computing it takes memory for one gradient of each output, and overwrites the gradients in the model's parameters; a
 * trainer clears those at its next step.
 */
public final class TangentKernel {
    private TangentKernel() {
    }

    /**
     * Of every output of every sample.
     *
     * @param samples each a batch of its own; the outputs of one stand together, row by row
     * @return [outputs, outputs], symmetric
     * @throws IllegalArgumentException if there is no sample, or a gradient is not finite
     */
    public static Tensor ofOutputs(Kernels kernels, Encoder model, List<ExampleBatch> samples) {
        requireSome(samples);
        Tensor first = model.forward(samples.get(0), true, 0);
        int perSample = first.elements();
        Tensor gradients = kernels.zeros(model.type(), samples.size() * perSample, trainedNumbers(model));
        int row = 0;
        for (ExampleBatch sample : samples) {
            for (int i = 0; i < perSample; i++) {
                Tensor output = model.forward(sample, true, 0);
                if (output.elements() != perSample) {
                    throw new IllegalArgumentException("samples differ in size: " + output.elements() + " outputs after samples of "
                            + perSample);
                }
                Tensor dOutput = kernels.zeros(model.type(), output.shape());
                dOutput.set(i / output.columns(), i % output.columns(), 1);
                clear(model);
                model.backward(dOutput);
                collect(model, gradients.rowRange(row, row + 1));
                row++;
            }
        }
        return products(kernels, gradients);
    }

    /**
     * Of every batch's loss: what one step on one batch does to the loss of another. For any model.
     *
     * @return [batches, batches], symmetric
     * @throws IllegalArgumentException if there is no batch, or a gradient is not finite
     */
    public static <B> Tensor ofLosses(Kernels kernels, Model<B> model, List<B> batches) {
        requireSome(batches);
        Tensor gradients = kernels.zeros(model.parameters().get(0).value().type(), batches.size(), trainedNumbers(model));
        for (int row = 0; row < batches.size(); row++) {
            clear(model);
            model.trainingLoss(batches.get(row), 1, 0);
            collect(model, gradients.rowRange(row, row + 1));
        }
        return products(kernels, gradients);
    }

    /** {@code |K - K_0| / |K_0|} in Frobenius' norm: how far a kernel has moved. */
    public static double drift(Tensor kernel, Tensor start) {
        return Drift.relative(kernel.toArray(), start.toArray());
    }

    private static void requireSome(List<?> samples) {
        if (samples.isEmpty()) {
            throw new IllegalArgumentException("samples is empty; expected at least one");
        }
    }

    private static int trainedNumbers(Model<?> model) {
        long count = model.parameters().stream().mapToLong(parameter -> parameter.value().elements()).sum();
        return Math.toIntExact(count);
    }

    private static void clear(Model<?> model) {
        model.parameters().forEach(Parameter::clearGradient);
    }

    private static void collect(Model<?> model, Tensor row) {
        int at = 0;
        for (Parameter parameter : model.parameters()) {
            Tensor gradient = parameter.gradient();
            int count = gradient.elements();
            row.columnRange(at, at + count).copyFrom(gradient.isContiguous() ? gradient.reshape(1, count)
                    : Tensor.wrap(gradient.toArray(), 1, count));
            at += count;
        }
    }

    private static Tensor products(Kernels kernels, Tensor gradients) {
        Tensor products = kernels.zeros(gradients.type(), gradients.rows(), gradients.rows());
        kernels.matmul().multiply(false, true, 1, gradients, gradients, 0, products, Epilogue.NONE);
        return products;
    }
}
