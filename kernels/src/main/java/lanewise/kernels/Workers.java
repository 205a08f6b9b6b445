package lanewise.kernels;

/**
 * The threads of one {@link Kernels}: runs the numbered tasks of an operation, on the caller's thread and on others.
 * Tasks are claimed in any order, so a task must write only what no other task reads or writes.
 */
public interface Workers extends AutoCloseable {
    /** One piece of an operation. */
    @FunctionalInterface
    interface Task {
        void run(int index);
    }

    /** Threads that may run at once, the caller's included; at least 1. */
    int threads();

    /**
     * Runs tasks 0 to count - 1 and returns when all are done. Called from within a task, or while another caller is being
     * served, it may run them all on the calling thread. The first exception of a task is thrown again here.
     */
    void run(int count, Task task);

    /** Reusable arrays of the calling thread. */
    Scratch scratch();

    @Override
    void close();
}
