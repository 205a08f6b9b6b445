package lanewise.transformer.studies;

import java.util.List;
import lanewise.transformer.reports.Series;

/**
 * A plot of a study, which also becomes a CSV file.
 *
 * @param name           of the file, without an ending: lower case and hyphens
 * @param title          what is shown
 * @param x              what the horizontal axis is, with its unit
 * @param xLogarithmic   whether it is logarithmic; x must then be positive
 * @param y              what the vertical axis is, with its unit
 * @param yLogarithmic   whether it is logarithmic; other than positive values then leave gaps
 * @param lines          what is drawn
 */
public record Plot(String name, String title, String x, boolean xLogarithmic, String y, boolean yLogarithmic, List<Line> lines) {
    /**
     * A line of a plot.
     *
     * @param name  in the legend
     * @param style how it is drawn
     * @param x     ascending
     * @param y     one for each x; a value that is not finite leaves a gap
     */
    public record Line(String name, Series.Style style, double[] x, double[] y) {
        /** Checks the sizes. */
        public Line {
            if (x.length != y.length) {
                throw new IllegalArgumentException("line \"" + name + "\" has " + x.length + " x and " + y.length + " y");
            }
        }

        /** Values at 0, 1, 2, ... */
        public static Line overSteps(String name, double[] values) {
            double[] steps = new double[values.length];
            for (int i = 0; i < steps.length; i++) {
                steps[i] = i;
            }
            return new Line(name, Series.Style.LINE, steps, values);
        }
    }

    /** Checks the name. */
    public Plot {
        if (!name.matches("[a-z0-9]+(-[a-z0-9]+)*")) {
            throw new IllegalArgumentException("name is \"" + name + "\"; expected lower-case words joined by hyphens");
        }
        lines = List.copyOf(lines);
    }
}
