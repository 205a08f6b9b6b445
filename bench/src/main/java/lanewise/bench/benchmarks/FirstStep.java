package lanewise.bench.benchmarks;

import lanewise.bench.cases.TrainingStep;
import lanewise.bench.cases.TrainingStepCase;
import lanewise.kernels.Kernels;

/** A fresh JVM's first training step: whoever starts this process measures how long it takes until it has said so. */
public final class FirstStep {
    private FirstStep() {
    }

    /** Does one step of the row that the argument names, and prints its loss. */
    public static void main(String[] row) {
        try (Kernels kernels = Kernels.builder().build()) {
            TrainingStep step = new TrainingStep(new TrainingStepCase(row[0]), kernels);
            step.run();
            System.out.println(step.loss.doubles()[0]);
        }
    }
}
