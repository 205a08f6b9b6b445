package lanewise.transformer.reports;

import java.util.List;

/**
 * A plot over training steps.
 *
 * @param title       what is plotted
 * @param note        the unit, or how to read it; may be empty
 * @param logarithmic whether the vertical axis is; values must then be positive
 * @param series      its lines
 */
public record Chart(String title, String note, boolean logarithmic, List<Series> series) {
}
