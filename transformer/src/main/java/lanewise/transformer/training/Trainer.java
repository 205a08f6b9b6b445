package lanewise.transformer.training;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.RandomStream;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.models.Model;

/**
 * Trains a model by steps of gradient descent in one of its forms. Knows nothing of what the model computes or what its
 * batches hold. What a step does is a pure function of the configuration, the parameters, the optimizer's state and
 * the step's number, so that a resumed run continues with the same bits.
 *
 * <pre>{@code
 * Trainer<TokenBatch> trainer = new Trainer<>(kernels, model, data, config, RunFolder.create(...), listeners);
 * TrainingResult result = trainer.run();
 * }</pre>
 *
 * @param <B> the batches
 */
public final class Trainer<B> {
    private static final int AVERAGED_LOSSES = 20;

    private final Model<B> model;
    private final DataSource<B> data;
    private final TrainingConfig config;
    private final RunFolder folder;
    private final List<TrainingListener> listeners;
    private final Updater updater;
    private final Deque<Double> lastLosses = new ArrayDeque<>();
    private volatile boolean stopRequested;
    private int step;
    private int savedStep = -1;
    private double bestLoss = Double.NaN;
    private double secondsBefore;
    private long started;
    private long tokens;
    private long stepNanos;

    /**
     * Prepares a run from the model's present parameters.
     *
     * @param folder    where checkpoints go; null to keep none
     * @param listeners called in this order
     */
    public Trainer(Kernels kernels, Model<B> model, DataSource<B> data, TrainingConfig config, RunFolder folder,
            List<TrainingListener> listeners) {
        this.model = model;
        this.data = data;
        this.config = config;
        this.folder = folder;
        this.listeners = List.copyOf(listeners);
        updater = new Updater(kernels, config.optimizer(), model.parameters());
    }

    /**
     * Continues from a checkpoint: loads parameters and optimizer state, and counts on from its step.
     *
     * @throws IOException if the checkpoint does not fit the model or is damaged; then neither can be used any more
     */
    public void resume(Checkpoint checkpoint) throws IOException {
        checkpoint.loadModel(model.parameters());
        checkpoint.loadOptimizer(updater);
        Checkpoint.State state = checkpoint.state();
        step = state.step();
        savedStep = folder != null && checkpoint.directory().equals(folder.latest()) ? step : -1;
        bestLoss = state.bestLoss() == null ? Double.NaN : state.bestLoss();
        secondsBefore = state.seconds();
    }

    /** Steps done so far. */
    public int step() {
        return step;
    }

    /**
     * Asks a run to save and return. A step or an evaluation in progress is abandoned at its next batch: the checkpoint is
     * that of the last whole step. May be called from any thread.
     */
    public void requestStop() {
        stopRequested = true;
    }

    /**
     * Does the remaining steps, evaluates, and saves.
     *
     * @throws DivergenceException if a loss or gradient is not finite; the parameters stay as they were before that step, and
     *                             the last checkpoint is kept
     * @throws IOException         if a checkpoint can't be written, or from a listener; the last checkpoint is kept
     */
    public TrainingResult run() throws IOException {
        started = System.nanoTime();
        Evaluation last = null;
        while (step < config.steps() && !stopRequested) {
            StepMetrics metrics = takeStep();
            if (metrics == null) {
                break;
            }
            last = metrics.heldOut();
            for (TrainingListener listener : listeners) {
                listener.step(metrics);
            }
            if (config.checkpointInterval() > 0 && step % config.checkpointInterval() == 0) {
                save();
            }
        }
        if (step >= config.steps() && last == null) {
            last = evaluate(true); // resumed after its last step
        }
        boolean finished = step >= config.steps() && (last != null || data.heldOut().isEmpty());
        save();
        double mean = lastLosses.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
        return new TrainingResult(step, finished, mean, finished ? last : null, tokens / (stepNanos * 1e-9), seconds(),
                folder == null ? null : folder.latest());
    }

    /** Null if it was stopped before the update. */
    private StepMetrics takeStep() {
        long begin = System.nanoTime();
        int next = step + 1;
        updater.zeroGradients();
        double loss = 0;
        long stepTokens = 0;
        for (int micro = 0; micro < config.accumulation(); micro++) {
            if (stopRequested) {
                return null;
            }
            long serial = (long) step * config.accumulation() + micro;
            B batch = data.trainingBatch(serial);
            long dropoutSeed = RandomStream.at(config.seed(), serial, 1).nextLong();
            if (micro > 0) {
                loss += model.loss();
            }
            model.differentiate(batch, 1.0 / config.accumulation(), dropoutSeed);
            stepTokens += data.tokens(batch);
        }
        // Asked for before the loss is waited for, so that a device has no pause between the two.
        double norm = updater.gradientNorm();
        loss = (loss + model.loss()) / config.accumulation();
        requireFinite("loss", loss, next);
        requireFinite("gradient norm", norm, next);
        double rate = config.schedule().at(step);
        updater.update(next, rate, clippingFactor(norm));
        step = next;

        long nanos = System.nanoTime() - begin;
        stepNanos += nanos;
        tokens += stepTokens;
        lastLosses.addLast(loss);
        if (lastLosses.size() > AVERAGED_LOSSES) {
            lastLosses.removeFirst();
        }
        Evaluation heldOut = evaluateIfDue();
        return new StepMetrics(step, loss, rate, norm, stepTokens / (nanos * 1e-9), seconds(), heldOut);
    }

    /** As PyTorch's clip_grad_norm_: the small constant keeps the scaled norm from exceeding the limit by rounding. */
    private double clippingFactor(double norm) {
        return config.clipping() > 0 ? Math.min(1, config.clipping() / (norm + 1e-6)) : 1;
    }

    private void requireFinite(String what, double value, int at) {
        if (!Double.isFinite(value)) {
            String kept = folder == null ? "No checkpoints are kept."
                    : folder.latest() == null ? "No checkpoint had been written yet."
                    : "The last good checkpoint is kept: " + folder.latest() + ".";
            throw new DivergenceException(at, "the " + what + " of step " + at + " is " + value
                    + "; training stopped before the parameters were changed. " + kept
                    + " A lower learning rate, a longer warm-up or clipping may help.");
        }
    }

    private Evaluation evaluateIfDue() {
        boolean atEnd = step == config.steps();
        boolean due = config.evaluationInterval() > 0 && step % config.evaluationInterval() == 0;
        return atEnd || due ? evaluate(atEnd) : null;
    }

    /** Null if there is nothing to evaluate on, or if it was stopped. */
    private Evaluation evaluate(boolean whole) {
        List<B> batches = data.heldOut();
        if (batches.isEmpty()) {
            return null;
        }
        int limit = config.evaluationBatches();
        int count = whole || limit == 0 ? batches.size() : Math.min(limit, batches.size());
        Evaluation total = Evaluation.NONE;
        for (int i = 0; i < count; i++) {
            if (stopRequested) {
                return null;
            }
            total = total.plus(model.evaluate(batches.get((int) ((long) i * batches.size() / count))));
        }
        if (!(bestLoss <= total.meanLoss())) {
            bestLoss = total.meanLoss();
        }
        return total;
    }

    private void save() throws IOException {
        if (folder == null || savedStep == step) {
            return;
        }
        folder.save(step, Double.isFinite(bestLoss) ? bestLoss : null, seconds(), model.parameters(), updater);
        savedStep = step;
        for (TrainingListener listener : listeners) {
            listener.saved(step, folder.latest());
        }
    }

    private double seconds() {
        return secondsBefore + (System.nanoTime() - started) * 1e-9;
    }
}
