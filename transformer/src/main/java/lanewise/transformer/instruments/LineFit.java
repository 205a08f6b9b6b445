package lanewise.transformer.instruments;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * A line through points by least squares: {@code y = intercept + slope x}. The rate of a linear convergence is minus the slope of
 * the loss's logarithm over steps; an exponent is the slope of logarithms over each other.
 *
 * @param slope      of the line
 * @param intercept  of the line
 * @param slopeError standard error of the slope, for errors of y that are independent and alike; NaN for two points. Losses along
 *                   one run are not independent: there it only says how straight the line is, and the spread over seeds counts
 * @param r2         share of the variance of y that the line explains; 1 where y does not vary
 * @param points     that it was fitted to
 */
public record LineFit(double slope, double intercept, double slopeError, double r2, int points) {
    /**
     * Fits.
     *
     * @throws IllegalArgumentException if there are fewer than two points, x does not vary, or a number is not finite
     */
    public static LineFit of(double[] x, double[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException("x has " + x.length + " points, and y " + y.length);
        }
        if (x.length < 2 || Arrays.stream(x).distinct().count() < 2) {
            throw new IllegalArgumentException("x is " + Arrays.toString(x) + "; expected at least two different numbers");
        }
        int n = x.length;
        double meanX = mean("x", x);
        double meanY = mean("y", y);
        // About the means, so that the slope does not lose digits to a large offset.
        DMatrixRMaj design = new DMatrixRMaj(n, 2);
        DMatrixRMaj values = new DMatrixRMaj(n, 1);
        for (int i = 0; i < n; i++) {
            design.set(i, 0, 1);
            design.set(i, 1, x[i] - meanX);
            values.set(i, 0, y[i] - meanY);
        }
        LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.leastSquares(n, 2);
        DMatrixRMaj solution = new DMatrixRMaj(2, 1);
        if (!solver.setA(design.copy())) {
            throw new IllegalArgumentException("x is " + Arrays.toString(x) + "; no line goes through it");
        }
        solver.solve(values.copy(), solution);
        double slope = solution.get(1, 0);
        DMatrixRMaj residual = values.copy();
        CommonOps_DDRM.multAdd(-1, design, solution, residual);
        double unexplained = CommonOps_DDRM.dot(residual, residual);
        double all = CommonOps_DDRM.dot(values, values);
        double spread = 0;
        for (double each : x) {
            spread += (each - meanX) * (each - meanX);
        }
        double error = n == 2 ? Double.NaN : Math.sqrt(unexplained / (n - 2) / spread);
        return new LineFit(slope, meanY + solution.get(0, 0) - slope * meanX, error, all == 0 ? 1 : 1 - unexplained / all, n);
    }

    private static double mean(String name, double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        if (!Double.isFinite(mean)) {
            throw new IllegalArgumentException(name + " is " + Arrays.toString(values) + "; expected finite numbers");
        }
        return mean;
    }

    /** Half the width of the slope's confidence interval, such as 0.95, by Student's distribution; NaN for two points. */
    public double slopeMargin(double confidence) {
        return points < 3 ? Double.NaN
                : slopeError * TDistribution.of(points - 2).inverseCumulativeProbability(0.5 + confidence / 2);
    }

    /** The line at a place. */
    public double at(double x) {
        return intercept + slope * x;
    }
}
