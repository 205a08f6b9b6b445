package lanewise.bench.cases;

import java.util.SplittableRandom;
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

    /**
     * Floating-point operations of one run, a multiply-add counting as two; 0 where they are not the limit. The work itself, unless
     * that counts something else.
     */
    public double operations() {
        return unit() == Unit.GFLOP ? work() : 0;
    }

    /** Bytes that one run must read and write at least, each input and output once; 0 where arithmetic is the limit. */
    public abstract double bytes();

    /**
     * Compares the results of a run with the definition.
     *
     * @throws IllegalStateException if one is wrong, naming the first
     */
    public abstract void check(Task task);

    /** Elements with mean 0 and variance 1, nearly normal, the same in every process. */
    static Tensor random(long seed, ElementType type, int rows, int columns) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor tensor = Tensor.zeros(type, rows, columns);
        for (int i = 0; i < tensor.elements(); i++) {
            if (type == ElementType.FLOAT32) {
                tensor.floats()[i] = (float) normal(random.nextLong());
            } else {
                tensor.doubles()[i] = normal(random.nextLong());
            }
        }
        return tensor;
    }

    /** The sum of four numbers of 16 bits, each uniform: java.util.Random's would take longer than what is measured. */
    private static double normal(long bits) {
        long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
        return (sum - 2 * 65535.0) * (Math.sqrt(3) / 65536);
    }

    /** Throws unless |actual - expected| is within the tolerance. */
    static void near(String what, int index, double actual, double expected, double tolerance) {
        if (!(Math.abs(actual - expected) <= tolerance)) {
            throw new IllegalStateException(
                    what + ", element " + index + ", is " + actual + "; expected " + expected + " within " + tolerance);
        }
    }
}
