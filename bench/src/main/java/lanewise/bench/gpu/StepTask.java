package lanewise.bench.gpu;

import lanewise.bench.cases.TrainingStep;
import lanewise.bench.cases.TrainingStepCase;
import lanewise.kernels.Kernels;

/** A training step of a GPT, all on the same batch, whose loss so falls. */
final class StepTask implements GpuCase {
    private static final int STEPS_CHECKED = 20;

    private final TrainingStep step;
    private final double guess;

    StepTask(Kernels kernels, GpuRow row) {
        TrainingStepCase it = new TrainingStepCase(row.name().split(" ", 3)[2]);
        step = new TrainingStep(it, kernels, row.elementType());
        guess = Math.log(it.config.vocabulary());
    }

    @Override
    public void run() {
        step.run();
    }

    @Override
    public void check() {
        double first = step.loss.get(0, 0);
        if (!(Math.abs(first - guess) <= 0.1 * guess)) {
            throw new IllegalStateException("the first loss is " + first + "; expected that of guessing, about " + guess);
        }
        for (int i = 0; i < STEPS_CHECKED; i++) {
            step.run();
        }
        double later = step.loss.get(0, 0);
        if (!(later < first)) {
            throw new IllegalStateException("the loss was " + first + " and is " + later + " after " + STEPS_CHECKED + " more steps on the same batch");
        }
    }
}
