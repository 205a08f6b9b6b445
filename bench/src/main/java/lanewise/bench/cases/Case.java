package lanewise.bench.cases;

import java.util.Random;
import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * A row of the report: an operation at one size, the inputs that every contender gets, and what the results must be. Tensors
 * of a case are inputs: nobody writes to them. They are contiguous unless the case says otherwise, so that
 * {@link Tensor#floats()} is the whole matrix.
 */
public abstract class Case {
    /** Prepares this case for a contender; null if it has no such operation. */
    public abstract Task prepare(Contender contender, int threads);

    /** What one run does, in {@link #unit()}. */
    public abstract double work();

    /** What {@link #work()} counts. */
    public abstract Unit unit();

    /** Bytes that one run must read and write at least, each input and output once; 0 where arithmetic is the limit. */
    public abstract double bytes();

    /**
     * Compares the results of a run with the definition.
     *
     * @throws IllegalStateException if one is wrong, naming the first
     */
    public abstract void check(Task task);

    /** Normally distributed elements, the same in every process. */
    static Tensor random(long seed, ElementType type, int rows, int columns) {
        Random random = new Random(seed);
        Tensor tensor = Tensor.zeros(type, rows, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                tensor.set(i, j, random.nextGaussian());
            }
        }
        return tensor;
    }

    /** Throws unless |actual - expected| is within the tolerance. */
    static void near(String what, int index, double actual, double expected, double tolerance) {
        if (!(Math.abs(actual - expected) <= tolerance)) {
            throw new IllegalStateException(
                    what + ", element " + index + ", is " + actual + "; expected " + expected + " within " + tolerance);
        }
    }
}
