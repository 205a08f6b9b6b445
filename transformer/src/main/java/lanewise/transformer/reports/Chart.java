package lanewise.transformer.reports;

import java.util.List;

/**
 * A plot.
 *
 * @param title       what is plotted
 * @param note        the unit of the values, or how to read it; may be empty
 * @param across      what the horizontal axis is
 * @param acrossLogs  whether the horizontal axis is logarithmic; its numbers must then be positive
 * @param logarithmic whether the vertical axis is; other than positive values then leave gaps
 * @param series      its lines
 */
public record Chart(String title, String note, String across, boolean acrossLogs, boolean logarithmic, List<Series> series) {
    /** Over training steps. */
    public Chart(String title, String note, boolean logarithmic, List<Series> series) {
        this(title, note, "step", false, logarithmic, series);
    }
}
