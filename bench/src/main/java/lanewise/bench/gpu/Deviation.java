package lanewise.bench.gpu;

import java.util.Locale;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** How far results are from what they should be: the norm of the differences by the norm of what is expected. */
final class Deviation {
    private final String what;
    private double differences;
    private double squares;

    Deviation(String what) {
        this.what = what;
    }

    void add(double actual, double expected) {
        differences += (actual - expected) * (actual - expected);
        squares += expected * expected;
    }

    /** Adds all elements of two tensors of the same shape. */
    void add(Tensor actual, Tensor expected) {
        double[] values = actual.toArray();
        double[] wanted = expected.toArray();
        for (int i = 0; i < wanted.length; i++) {
            add(values[i], wanted[i]);
        }
    }

    /** @throws IllegalStateException if it is more than the limit, or anything is NaN */
    void check(double limit) {
        double deviation = Math.sqrt(differences / squares);
        if (!(deviation <= limit)) {
            throw new IllegalStateException(String.format(Locale.ROOT, "%s is wrong: the norm of its error is %.3g of its own; expected at most %.3g",
                    what, deviation, limit));
        }
    }

    /** @throws IllegalStateException if an element of the whole tensor is NaN or infinite: poisoned and never written, say */
    static void checkWritten(Kernels kernels, String what, Tensor tensor) {
        if (!Double.isFinite(kernels.reduction().sumOfSquares(tensor))) {
            throw new IllegalStateException(what + " is not finite everywhere; some of it may not have been written");
        }
    }
}
