package lanewise.bench.cases;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Updater;

/** A model of Lanewise and its optimizer, which do one training step after the other on a case's batch. */
public final class TrainingStep implements Runnable {
    /** Of the latest step, computed before its update. */
    public final Tensor loss = Tensor.zeros(ElementType.FLOAT64, 1);
    private final TrainingStepCase o;
    private final Gpt model;
    private final Updater updater;
    private int steps;

    public TrainingStep(TrainingStepCase step, Kernels kernels) {
        this(step, kernels, ElementType.FLOAT32);
    }

    /** @param type of the activations */
    public TrainingStep(TrainingStepCase step, Kernels kernels, ElementType type) {
        o = step;
        model = step.model(kernels, type);
        updater = new Updater(kernels, OptimizerConfig.adamW(AdamWCase.SETTINGS.beta1(), AdamWCase.SETTINGS.beta2(),
                AdamWCase.SETTINGS.weightDecay()), model.parameters());
    }

    @Override
    public void run() {
        updater.zeroGradients();
        model.differentiate(o.tokenBatch(), 1, 0);
        double norm = updater.gradientNorm();
        loss.doubles()[0] = model.loss();
        updater.update(++steps, AdamWCase.LEARNING_RATE, Math.min(1, TrainingStepCase.CLIP / (norm + 1e-6)));
    }
}
