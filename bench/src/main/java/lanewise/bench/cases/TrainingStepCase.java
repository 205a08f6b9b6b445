package lanewise.bench.cases;

import java.util.Random;
import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Lanewise;
import lanewise.bench.contenders.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;

/**
 * A training step of a GPT as nanoGPT trains it (learned positions, exact GELU, tied head, no biases, no dropout): forward, mean
 * cross-entropy, backward, gradients clipped to norm 1, AdamW with the settings of {@link AdamWCase} (decay of matrices
 * only). Work: tokens. Result 0: the loss of the latest step, computed before its update. All steps see the same batch.
 */
public final class TrainingStepCase extends Case {
    public static final double CLIP = 1;

    public final GptConfig config;
    public final int batch;
    public final int length;
    /** batch · length tokens. */
    public final int[] tokens;
    public final int[] targets;

    /** Reads a row such as {@code "4x128 heads 4 vocabulary 65 batch 12x64"}: layers x width. */
    public TrainingStepCase(String row) {
        String[] parts = row.split("[x ]");
        batch = Integer.parseInt(parts[7]);
        length = Integer.parseInt(parts[8]);
        int vocabulary = Integer.parseInt(parts[5]);
        config = GptConfig.builder(vocabulary, length).layers(Integer.parseInt(parts[0])).width(Integer.parseInt(parts[1]))
                .heads(Integer.parseInt(parts[3])).dropout(0).build();
        Random random = new Random(1);
        tokens = random.ints((long) batch * length, 0, vocabulary).toArray();
        targets = random.ints((long) batch * length, 0, vocabulary).toArray();
    }

    /** A fresh model; the same weights at every call. Peers copy them, by {@link Parameter#name()}. */
    public Gpt model(Kernels kernels) {
        return new Gpt(config, kernels, ElementType.FLOAT32, 1);
    }

    /** The batch of every step. */
    public TokenBatch tokenBatch() {
        return new TokenBatch(batch, length, tokens, targets);
    }

    @Override
    public Task prepare(Contender contender, int threads) {
        return contender.trainingStep(this, threads);
    }

    @Override
    public double work() {
        return (double) batch * length;
    }

    @Override
    public Unit unit() {
        return Unit.TOKEN;
    }

    @Override
    public double bytes() {
        return 0;
    }

    /**
     * Compares the loss of this first step and of two more with those of Lanewise, whose gradients and optimizers are compared
     * with the definition in its own tests: the scalar kernels would take minutes.
     */
    @Override
    public void check(Task task) {
        try (Task lanewise = new Lanewise().trainingStep(this, 2)) {
            for (int step = 1; step <= 3; step++) {
                lanewise.run();
                if (step > 1) {
                    task.run();
                }
                double expected = lanewise.result(0)[0];
                near("loss of step " + step, 0, task.result(0)[0], expected, 1e-3 * expected);
            }
        }
    }
}
