package lanewise.transformer.reports;

import java.util.Arrays;

/**
 * A line of a {@link Chart}: values over steps, or over what else its horizontal axis is.
 *
 * @param name   in the legend
 * @param style  how it is drawn
 * @param colour index of the palette's colour, 0 to 5; lines of one quantity share it
 * @param steps  ascending
 * @param values one per step; a value that is not finite leaves a gap
 */
public record Series(String name, Style style, int colour, double[] steps, double[] values) {
    /** Colours of the palette. */
    public static final int COLOURS = 6;

    /** How a line is drawn; not by colour alone, for readers who see few. */
    public enum Style {
        LINE,
        /** Thin and pale: the raw values behind a smoothed line. */
        FAINT,
        /** Dashed, every value marked. */
        POINTS,
        /** Marks without a line between them. */
        SCATTER
    }

    /** Checks the sizes. */
    public Series {
        if (steps.length != values.length) {
            throw new IllegalArgumentException(
                    "series \"" + name + "\" has " + steps.length + " steps and " + values.length + " values");
        }
    }

    /**
     * At most {@code limit} points: the means of equally many consecutive values, each at its bin's mean step. Values that
     * are not finite do not count, and a bin of nothing else stays a gap.
     */
    public Series binned(int limit) {
        int size = binSize(values.length, limit);
        if (size == 1) {
            return this;
        }
        int bins = (values.length + size - 1) / size;
        double[] binSteps = new double[bins];
        double[] binValues = new double[bins];
        for (int bin = 0; bin < bins; bin++) {
            int from = bin * size;
            int to = Math.min(from + size, values.length);
            binSteps[bin] = Math.rint(Arrays.stream(steps, from, to).average().orElse(Double.NaN));
            binValues[bin] = Arrays.stream(values, from, to).filter(Double::isFinite).average().orElse(Double.NaN);
        }
        return new Series(name, style, colour, binSteps, binValues);
    }

    /** Values that go into one of at most {@code limit} bins. */
    static int binSize(int values, int limit) {
        return Math.max(1, (values + limit - 1) / limit);
    }

    /**
     * An exponential moving average, corrected for its start as Adam's means are. Values that are not finite are passed
     * over.
     *
     * @param span values after which a value's weight has fallen to 1/e
     */
    public static double[] smooth(double[] values, double span) {
        double keep = Math.exp(-1 / span);
        double[] smoothed = new double[values.length];
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < values.length; i++) {
            if (Double.isFinite(values[i])) {
                sum = keep * sum + values[i];
                weight = keep * weight + 1;
            }
            smoothed[i] = weight == 0 ? Double.NaN : sum / weight;
        }
        return smoothed;
    }
}
