package lanewise.transformer.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import lanewise.transformer.training.StepMetrics;
import lanewise.transformer.training.TrainingListener;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a run as it goes: a line for every evaluation, and in between a live bar on a terminal, or a line now and then
 * where the output is no terminal.
 */
final class Progress implements TrainingListener, AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 10;
    /** Share of the shown loss that comes from the last step; a single batch's loss jumps about. */
    private static final double NEWS = 0.1;

    private final PrintWriter out;
    private final int steps;
    private final int firstStep;
    private final long started = System.nanoTime();
    private final ProgressBar bar;
    private String shown = "";
    private double loss = Double.NaN;
    private double lastLine;

    /**
     * @param columns   width of the terminal; 0 if the output is none
     * @param firstStep steps done before
     */
    Progress(PrintWriter out, int columns, int firstStep, int steps) {
        this.out = out;
        this.steps = steps;
        this.firstStep = firstStep;
        // The consumer is ours: the library's own would ask for the terminal in ways that print warnings on new JDKs.
        bar = columns == 0 ? null : new ProgressBarBuilder().setTaskName("training").setInitialMax(steps)
                .startsFrom(firstStep, Duration.ZERO).setStyle(ProgressBarStyle.ASCII).hideEta()
                .setUpdateIntervalMillis(200).setConsumer(new DelegatingProgressBarConsumer(this::draw, columns - 1))
                .build();
    }

    /** Width of the terminal that standard error is, as the launcher found it; 0 if it is none. */
    static int terminalColumns() {
        String columns = System.getProperty("lanewise.terminal");
        if (columns == null) {
            return 0;
        }
        return columns.matches("[1-9]\\d{0,4}") ? Math.max(40, Integer.parseInt(columns)) : 80;
    }

    @Override
    public void step(StepMetrics metrics) {
        loss = Double.isNaN(loss) ? metrics.loss() : loss + NEWS * (metrics.loss() - loss);
        double seconds = (System.nanoTime() - started) * 1e-9;
        double left = seconds / (metrics.step() - firstStep) * (steps - metrics.step());
        String state = String.format(Locale.ROOT, "loss %.3f, %,.0f tokens/s, %s left", loss, metrics.tokensPerSecond(),
                time(left));
        if (bar != null) {
            bar.setExtraMessage(" " + state);
            bar.stepTo(metrics.step());
        }
        if (metrics.heldOut() != null) {
            line(String.format(Locale.ROOT, "step %5d: training loss %.4f, validation loss %.4f", metrics.step(), loss,
                    metrics.heldOut().meanLoss()));
        } else if (bar == null && seconds - lastLine >= SECONDS_BETWEEN_LINES) {
            lastLine = seconds;
            line(String.format(Locale.ROOT, "step %5d of %d: %s", metrics.step(), steps, state));
        }
    }

    /** Prints a line that stays, above the bar if there is one. */
    synchronized void line(String text) {
        String bar = shown;
        draw("");
        out.println(text);
        draw(bar);
    }

    /** Time as people write it, 1:05 or 2:00:00. */
    static String time(double seconds) {
        long all = Math.round(seconds);
        return all < 3600 ? String.format(Locale.ROOT, "%d:%02d", all / 60, all % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", all / 3600, all / 60 % 60, all % 60);
    }

    /** Replaces the bar. */
    private synchronized void draw(String text) {
        if (shown.isEmpty() && text.isEmpty()) {
            return;
        }
        out.print("\r" + text + " ".repeat(Math.max(0, shown.length() - text.length())));
        if (text.isEmpty()) {
            out.print("\r");
        }
        out.flush();
        shown = text;
    }

    @Override
    public void close() {
        if (bar != null) {
            // Waits for the bar's thread, which may be about to draw: the lock must be free.
            bar.close();
            draw("");
        }
    }
}
