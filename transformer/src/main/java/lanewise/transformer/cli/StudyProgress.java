package lanewise.transformer.cli;

import java.io.PrintWriter;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.studies.Lab;

/** Shows a study as it goes: a line for every part that begins, and on a terminal a live bar. */
final class StudyProgress implements Lab.Listener, AutoCloseable {
    private final TerminalBar bar;
    private final long begun = System.nanoTime();
    private String part = "";

    StudyProgress(PrintWriter out, int columns) {
        bar = new TerminalBar(out, columns, "study", 0, 1);
    }

    @Override
    public void done(int tasks, int planned, String what) {
        if (!what.equals(part)) {
            part = what;
            if (!bar.isLive()) {
                bar.line(TerminalBar.time((System.nanoTime() - begun) * 1e-9) + " " + what);
            }
        }
        bar.message(what);
        bar.stepTo(tasks, planned);
    }

    @Override
    public void close() {
        bar.close();
    }
}
