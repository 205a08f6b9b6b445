package lanewise.transformer.reports;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Lines that stay, and on a terminal a live bar below them. */
public final class TerminalBar implements AutoCloseable {
    private final PrintWriter out;
    private final ProgressBar bar;
    private String shown = "";

    /**
     * @param out     a terminal's, or another
     * @param columns width of the terminal; 0 if the output is none: then there is no bar
     * @param task    what stands before the bar
     * @param first   what is done already
     * @param last    where the bar is full; may change, see {@link #stepTo}
     */
    public TerminalBar(PrintWriter out, int columns, String task, long first, long last) {
        this.out = out;
        // The consumer is ours: the library's own would ask for the terminal in ways that print warnings on new JDKs.
        bar = columns == 0 ? null : new ProgressBarBuilder().setTaskName(task).setInitialMax(last).startsFrom(first, Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII).hideEta().setUpdateIntervalMillis(200)
                .setConsumer(new DelegatingProgressBarConsumer(this::draw, columns - 1)).build();
    }

    /** Whether there is a bar. */
    public boolean isLive() {
        return bar != null;
    }

    /** What stands behind the bar. */
    public void message(String text) {
        if (bar != null) {
            bar.setExtraMessage(" " + text);
        }
    }

    /** So much is done, of so much. */
    public void stepTo(long done, long last) {
        if (bar != null) {
            bar.maxHint(last);
            bar.stepTo(done);
        }
    }

    /** Prints a line that stays, above the bar if there is one. */
    public synchronized void line(String text) {
        String bar = shown;
        draw("");
        out.println(text);
        draw(bar);
    }

    /** Width of the terminal that standard error is, as the launcher found it; 0 if it is none. */
    public static int columns() {
        String columns = System.getProperty("lanewise.terminal");
        if (columns == null) {
            return 0;
        }
        return columns.matches("[1-9]\\d{0,4}") ? Math.max(40, Integer.parseInt(columns)) : 80;
    }

    /** Time as people write it, 1:05 or 2:00:00. */
    public static String time(double seconds) {
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
