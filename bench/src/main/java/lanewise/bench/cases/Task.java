package lanewise.bench.cases;

/** One operation, prepared for one library: its inputs are where the library wants them, its outputs exist. */
public interface Task extends AutoCloseable {
    /** Does the operation once. Nothing is allocated, converted or checked in here that the library doesn't need. */
    void run();

    /** A copy of a result of the latest run, row by row, in the order that the case states. */
    double[] result(int index);

    /** Frees what isn't the garbage collector's. */
    @Override
    default void close() {}
}
