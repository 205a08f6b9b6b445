package lanewise.transformer.studies;

import java.util.Arrays;
import java.util.List;

/** Curves of several seeds as one. */
final class Curves {
    private Curves() {
    }

    /** The median at every step; a curve that ended early, since its run diverged, counts as infinite, which leaves a gap. */
    static double[] median(List<double[]> curves) {
        int longest = curves.stream().mapToInt(curve -> curve.length).max().orElseThrow();
        double[] median = new double[longest];
        Arrays.setAll(median, i -> Spread.of(curves.stream().map(curve -> i < curve.length ? curve[i] : Double.POSITIVE_INFINITY)
                .toList()).median());
        return median;
    }
}
