package lanewise.bench.cases;

import java.util.Random;
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
    private double[] expected;

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
        return model(kernels, ElementType.FLOAT32);
    }

    /** The same with activations in another type. */
    Gpt model(Kernels kernels, ElementType type) {
        return new Gpt(config, kernels, type, 1);
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

    /** The multiplications of the linear layers, 6 per weight and token in three passes, and of causal attention. */
    @Override
    public double operations() {
        double weights = config.parameterCount() - (double) config.context() * config.width();
        double seen = batch * length * (length + 1) / 2.0;
        return 6 * weights * batch * length + 14 * seen * config.layers() * config.width();
    }

    /**
     * Compares the losses of the first three steps with those of the contender that was checked first, and the first loss with that
     * of guessing, ln(vocabulary). The scalar kernels would take minutes for these models, so a small one stands for them: its
     * losses by the fastest kernels are compared with those by the definition.
     */
    @Override
    public void check(Task task) {
        double[] losses = losses(task);
        if (expected == null) {
            double guess = Math.log(config.vocabulary());
            near("loss of step 1", 0, losses[0], guess, 0.1 * guess);
            TrainingStepCase small = new TrainingStepCase("2x64 heads 2 vocabulary 65 batch 2x32");
            same(small.lossesBy("scalar"), small.lossesBy(null), 1e-4);
            expected = losses;
        }
        same(expected, losses, 1e-3);
    }

    /** Of the first three steps, with the kernels named so, such as the scalar ones, the definition; null for the fastest. */
    private double[] lossesBy(String implementation) {
        Kernels.Builder builder = Kernels.builder().threads(2);
        try (Kernels kernels = (implementation == null ? builder : builder.implementation(implementation)).build()) {
            TrainingStep step = new TrainingStep(this, kernels);
            double[] losses = new double[3];
            for (int i = 0; i < losses.length; i++) {
                step.run();
                losses[i] = step.loss.doubles()[0];
            }
            return losses;
        }
    }

    /** Of the latest step and two more. */
    private static double[] losses(Task task) {
        double[] losses = new double[3];
        for (int step = 0; step < losses.length; step++) {
            if (step > 0) {
                task.run();
            }
            losses[step] = task.result(0)[0];
        }
        return losses;
    }

    private static void same(double[] expected, double[] actual, double tolerance) {
        for (int step = 0; step < expected.length; step++) {
            near("loss of step " + (step + 1), 0, actual[step], expected[step], tolerance * expected[step]);
        }
    }
}
