package lanewise.transformer.instruments;

import java.util.ArrayList;
import java.util.List;
import lanewise.transformer.layers.Parameter;

/** How far a model's weights have moved from where they were: in lazy training hardly, with features that are learnt far. */
public final class Drift {
    private final List<Parameter> parameters;
    private final List<double[]> start = new ArrayList<>();

    /** Remembers the present values: memory for one more copy of the parameters, in double. */
    public Drift(List<Parameter> parameters) {
        this.parameters = List.copyOf(parameters);
        parameters.forEach(parameter -> start.add(parameter.value().toArray()));
    }

    /** {@code |theta - theta_0| / |theta_0|} over all parameters together; NaN if they all were 0. */
    public double relative() {
        double moved = 0;
        double norm = 0;
        for (int i = 0; i < start.size(); i++) {
            moved += squaredDistance(parameters.get(i).value().toArray(), start.get(i));
            norm += squaredDistance(start.get(i), null);
        }
        return Math.sqrt(moved / norm);
    }

    /** {@code |x - x_0| / |x_0|}; NaN if x_0 is 0. */
    static double relative(double[] x, double[] start) {
        if (x.length != start.length) {
            throw new IllegalArgumentException("there are " + x.length + " numbers, and were " + start.length + " at the start");
        }
        return Math.sqrt(squaredDistance(x, start) / squaredDistance(start, null));
    }

    private static double squaredDistance(double[] x, double[] from) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            double distance = from == null ? x[i] : x[i] - from[i];
            sum += distance * distance;
        }
        return sum;
    }
}
