package lanewise.transformer.cli;

import java.io.PrintWriter;
import java.util.Locale;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.training.StepMetrics;
import lanewise.transformer.training.TrainingListener;

/**
 * Shows a run as it goes: a line for every evaluation, and in between a live bar on a terminal, or a line now and then
 * where the output is no terminal.
 */
final class Progress implements TrainingListener, AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 10;
    /** Share of the shown loss that comes from the last step; a single batch's loss jumps about. */
    private static final double NEWS = 0.1;

    private final int steps;
    private final int firstStep;
    private final long started = System.nanoTime();
    private final TerminalBar bar;
    private double loss = Double.NaN;
    private double lastLine;

    /**
     * @param columns   width of the terminal; 0 if the output is none
     * @param firstStep steps done before
     */
    Progress(PrintWriter out, int columns, int firstStep, int steps) {
        this.steps = steps;
        this.firstStep = firstStep;
        bar = new TerminalBar(out, columns, "training", firstStep, steps);
    }

    @Override
    public void step(StepMetrics metrics) {
        loss = Double.isNaN(loss) ? metrics.loss() : loss + NEWS * (metrics.loss() - loss);
        double seconds = (System.nanoTime() - started) * 1e-9;
        double left = seconds / (metrics.step() - firstStep) * (steps - metrics.step());
        String state = String.format(Locale.ROOT, "loss %.3f, %,.0f tokens/s, %s left", loss, metrics.tokensPerSecond(),
                TerminalBar.time(left));
        bar.message(state);
        bar.stepTo(metrics.step(), steps);
        if (metrics.heldOut() != null) {
            bar.line(String.format(Locale.ROOT, "step %5d: training loss %.4f, validation loss %.4f", metrics.step(), loss,
                    metrics.heldOut().meanLoss()));
        } else if (!bar.isLive() && seconds - lastLine >= SECONDS_BETWEEN_LINES) {
            lastLine = seconds;
            bar.line(String.format(Locale.ROOT, "step %5d of %d: %s", metrics.step(), steps, state));
        }
    }

    /** Prints a line that stays, above the bar if there is one. */
    void line(String text) {
        bar.line(text);
    }

    @Override
    public void close() {
        bar.close();
    }
}
