package lanewise.transformer.training;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.Kernels;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;
import lanewise.transformer.layers.Parameter;

/** Applies an optimizer to a model's parameters; owns the state that it keeps for each. */
public final class Updater {
    private final Kernels kernels;
    private final OptimizerConfig config;
    private final List<Parameter> parameters;
    private final AdamSettings decaying;
    private final AdamSettings plain;
    /** Velocity, or mean of gradients; one per parameter, empty for gradient descent. */
    private final List<Tensor> first = new ArrayList<>();
    /** Mean of squared gradients; one per parameter, empty but for Adam. */
    private final List<Tensor> second = new ArrayList<>();

    /** Takes memory for the state: two tensors per parameter for Adam, one for momentum, none for gradient descent. */
    public Updater(Kernels kernels, OptimizerConfig config, List<Parameter> parameters) {
        this.kernels = kernels;
        this.config = config;
        this.parameters = List.copyOf(parameters);
        boolean decoupled = config.method() == OptimizerConfig.Method.ADAMW;
        decaying = new AdamSettings(config.beta1(), config.beta2(), config.epsilon(), config.weightDecay(), decoupled);
        plain = new AdamSettings(config.beta1(), config.beta2(), config.epsilon(), 0, decoupled);
        for (Parameter parameter : parameters) {
            if (config.statePerParameter() > 0) {
                first.add(zerosLike(parameter.value()));
            }
            if (isAdam()) {
                second.add(zerosLike(parameter.value()));
            }
        }
    }

    /** Sets all gradients to zero. */
    public void zeroGradients() {
        for (Parameter parameter : parameters) {
            parameter.clearGradient();
        }
    }

    /** The Euclidean norm of all gradients together, accumulated in double. */
    public double gradientNorm() {
        List<Tensor> gradients = new ArrayList<>(parameters.size());
        for (Parameter parameter : parameters) {
            gradients.add(parameter.gradient());
        }
        return Math.sqrt(kernels.reduction().sumOfAllSquares(gradients));
    }

    /**
     * Changes every parameter once.
     *
     * @param step          1 for the first update
     * @param gradientScale multiplies the gradients as they are read
     */
    public void update(int step, double learningRate, double gradientScale) {
        Optimizer optimizer = kernels.optimizer();
        List<Optimizer.AdamTensors> withDecay = new ArrayList<>();
        List<Optimizer.AdamTensors> withoutDecay = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            Tensor value = parameter.value();
            Tensor gradient = parameter.gradient();
            Tensor copy = parameter.working() == value ? null : parameter.working();
            double decay = parameter.decays() ? config.weightDecay() : 0;
            switch (config.method()) {
                case ADAMW, ADAM -> (parameter.decays() ? withDecay : withoutDecay)
                        .add(new Optimizer.AdamTensors(value, gradient, first.get(i), second.get(i), copy));
                case MOMENTUM -> optimizer.momentum(learningRate, config.momentum(), decay, gradientScale, value,
                        gradient, first.get(i), copy);
                case GRADIENT_DESCENT -> optimizer.gradientDescent(learningRate, decay, gradientScale, value, gradient, copy);
            }
        }
        optimizer.adam(decaying, learningRate, step, gradientScale, withDecay);
        optimizer.adam(plain, learningRate, step, gradientScale, withoutDecay);
    }

    /** The state by name, such as "blocks.0.attention.query.weight.mean"; in a fixed order. */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (int i = 0; i < first.size(); i++) {
            state.put(parameters.get(i).name() + (isAdam() ? ".mean" : ".velocity"), first.get(i));
        }
        for (int i = 0; i < second.size(); i++) {
            state.put(parameters.get(i).name() + ".meanSquares", second.get(i));
        }
        return state;
    }

    private boolean isAdam() {
        return config.statePerParameter() == 2;
    }

    private Tensor zerosLike(Tensor tensor) {
        return kernels.zeros(tensor.type(), tensor.shape());
    }
}
