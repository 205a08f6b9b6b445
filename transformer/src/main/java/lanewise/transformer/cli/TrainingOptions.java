package lanewise.transformer.cli;

import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Schedule;
import lanewise.transformer.training.TrainingConfig;
import picocli.CommandLine.Option;

/** How the model is trained. */
final class TrainingOptions {
    @Option(names = "--steps", paramLabel = "N", description = "Updates of the weights (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--batch", paramLabel = "N", description = "Sequences per batch (default: ${DEFAULT-VALUE}).")
    int batch;

    @Option(names = "--accumulation", paramLabel = "N", description = "Batches per step; their mean gradient makes the update (default: ${DEFAULT-VALUE}).")
    int accumulation;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Highest learning rate (default: ${DEFAULT-VALUE}).")
    double learningRate;

    @Option(names = "--minimum-learning-rate", paramLabel = "X",
            description = "Learning rate at the end, unless constant (default: ${DEFAULT-VALUE}).")
    double minimumLearningRate;

    @Option(names = "--schedule", paramLabel = "KIND",
            description = "How the learning rate falls to its minimum: constant (not at all), cosine or linear (default: ${DEFAULT-VALUE}).")
    Schedule.Shape schedule;

    @Option(names = "--warm-up", paramLabel = "N",
            description = "Steps in which the learning rate rises at the beginning (default: 100, but at most a tenth of the steps).")
    int warmUp;

    @Option(names = "--optimizer", paramLabel = "KIND",
            description = "adamw, adam, momentum or sgd (gradient descent) (default: ${DEFAULT-VALUE}).")
    OptimizerConfig.Method optimizer;

    @Option(names = "--beta1", paramLabel = "X", description = "Adam: decay of the mean gradient per step, 0 to below 1 (default: ${DEFAULT-VALUE}).")
    double beta1;

    @Option(names = "--beta2", paramLabel = "X", description = "Adam: decay of the mean squared gradient per step, 0 to below 1 (default: ${DEFAULT-VALUE}).")
    double beta2;

    @Option(names = "--momentum", paramLabel = "X", description = "Momentum: share of the velocity kept per step, 0 to below 1 (default: ${DEFAULT-VALUE}).")
    double momentum;

    @Option(names = "--weight-decay", paramLabel = "X",
            description = "Decay of matrices and embeddings per step and learning rate (default: ${DEFAULT-VALUE}).")
    double weightDecay;

    @Option(names = "--clip", paramLabel = "X", description = "Largest norm of the gradient; 0 for no limit (default: ${DEFAULT-VALUE}).")
    double clip;

    @Option(names = "--evaluate-every", paramLabel = "N",
            description = "Steps between evaluations on held-out data; 0 for only one, at the end (default: ${DEFAULT-VALUE}).")
    int evaluateEvery;

    @Option(names = "--evaluation-batches", paramLabel = "N",
            description = "Held-out batches in an evaluation between steps; 0 for all. The one at the end always takes all (default: ${DEFAULT-VALUE}).")
    int evaluationBatches;

    @Option(names = "--checkpoint-every", paramLabel = "N",
            description = "Steps between checkpoints; 0 for only one, at the end (default: ${DEFAULT-VALUE}).")
    int checkpointEvery;

    /** @param warmUpGiven whether the user chose the warm-up; otherwise short runs get a shorter one */
    TrainingConfig config(boolean warmUpGiven, long seed) {
        if (steps < 1) {
            throw new IllegalArgumentException("steps is " + steps + "; expected at least 1");
        }
        Schedule rates = new Schedule(schedule, learningRate, Math.min(minimumLearningRate, learningRate),
                warmUpGiven ? warmUp : Math.min(warmUp, steps / 10), steps);
        OptimizerConfig rule = new OptimizerConfig(optimizer, beta1, beta2, 1e-8, momentum, weightDecay);
        return new TrainingConfig(steps, batch, accumulation, rates, rule, clip, evaluateEvery, evaluationBatches,
                checkpointEvery, seed);
    }
}
