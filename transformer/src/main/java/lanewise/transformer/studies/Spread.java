package lanewise.transformer.studies;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Figures of several seeds: the median, and the least and the greatest. */
record Spread(double median, double least, double greatest, int count) {
    /** Of finite numbers and infinities; NaN is refused, since it is no result. */
    static Spread of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("values is empty; expected at least one");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        if (Double.isNaN(sorted[sorted.length - 1])) {
            throw new IllegalArgumentException("values is " + Arrays.toString(values) + "; expected no NaN");
        }
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1], sorted.length);
    }

    static Spread of(Collection<Double> values) {
        return of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** "0.012 (0.011 to 0.015)". */
    @Override
    public String toString() {
        return count == 1 || Double.isInfinite(least) ? number(median) : number(median) + " (" + number(least) + " to " + number(greatest) + ")";
    }

    /** A setting as people write it: 2, 0.05, 1e-4. */
    static String plain(double value) {
        BigDecimal exact = BigDecimal.valueOf(value).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        return value == 0 ? "0" : exponent < -3 ? exact.movePointLeft(exponent).stripTrailingZeros().toPlainString() + "e" + exponent
                : exact.toPlainString();
    }

    /** Three digits, as people write them. */
    static String number(double value) {
        double size = Math.abs(value);
        if (Double.isInfinite(value)) {
            return value > 0 ? "infinite" : "minus infinite";
        }
        if (size != 0 && (size < 1e-3 || size >= 1e5)) {
            return String.format(Locale.ROOT, "%.1e", value).replaceFirst("e([+-])0?(\\d)", "e$1$2").replace("e+", "e");
        }
        return String.format(Locale.ROOT, size >= 100 || size == 0 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", value);
    }
}
