package lanewise.bench;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows a run as it goes: a line for every row that is done, and on a terminal a live bar below. */
final class Progress implements AutoCloseable {
    private static final int PARTS = 1000;

    private final PrintWriter out;
    private final double estimate;
    private final long begun = System.nanoTime();
    private final ProgressBar bar;
    private double estimateDone;
    private String shown = "";

    /**
     * @param columns  width of the terminal; 0 if the output is none
     * @param estimate seconds that the run may take
     */
    Progress(PrintWriter out, int columns, double estimate) {
        this.out = out;
        this.estimate = estimate;
        bar = columns == 0 ? null : new ProgressBarBuilder().setTaskName("bench").setInitialMax(PARTS)
                .startsFrom(0, Duration.ZERO).setStyle(ProgressBarStyle.ASCII).hideEta().setUpdateIntervalMillis(500)
                .setConsumer(new DelegatingProgressBarConsumer(this::draw, columns - 1)).build();
    }

    /** A job begins. */
    void begin(String name) {
        if (bar != null) {
            bar.setExtraMessage(" " + left() + " left; " + name);
        }
    }

    /** A job that was estimated to take so long has ended, with this to tell. */
    void end(String line, double estimated) {
        estimateDone += estimated;
        line(String.format(Locale.ROOT, "%s (%s left)", line, left()));
        if (bar != null) {
            bar.stepTo(Math.round(PARTS * estimateDone / estimate));
        }
    }

    /** The estimate of what is left, as wrong as that of what is done was. */
    private String left() {
        double seconds = (System.nanoTime() - begun) * 1e-9;
        double factor = estimateDone == 0 ? 1 : seconds / estimateDone;
        return time(factor * (estimate - estimateDone));
    }

    /** Prints a line that stays, above the bar. */
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
            bar.close();
            draw("");
        }
    }
}
