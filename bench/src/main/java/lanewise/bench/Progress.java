package lanewise.bench;

import java.io.PrintWriter;
import java.util.Locale;
import lanewise.transformer.reports.TerminalBar;

/** Shows a run as it goes: a line for every row that is done, and on a terminal a live bar below. */
final class Progress implements AutoCloseable {
    private static final int PARTS = 1000;

    private final double estimate;
    private final long begun = System.nanoTime();
    private final TerminalBar bar;
    private double estimateDone;

    /**
     * @param columns  width of the terminal; 0 if the output is none
     * @param estimate seconds that the run may take
     */
    Progress(PrintWriter out, int columns, double estimate) {
        this.estimate = estimate;
        bar = new TerminalBar(out, columns, "bench", 0, PARTS);
    }

    /** A job begins. */
    void begin(String name) {
        bar.message(left() + " left; " + name);
    }

    /** A job that was estimated to take so long has ended, with this to tell. */
    void end(String line, double estimated) {
        estimateDone += estimated;
        bar.line(String.format(Locale.ROOT, "%s (%s left)", line, left()));
        bar.stepTo(Math.round(PARTS * estimateDone / estimate), PARTS);
    }

    /** The estimate of what is left, as wrong as that of what is done was. */
    private String left() {
        double seconds = (System.nanoTime() - begun) * 1e-9;
        double factor = estimateDone == 0 ? 1 : seconds / estimateDone;
        return TerminalBar.time(factor * (estimate - estimateDone));
    }

    @Override
    public void close() {
        bar.close();
    }
}
