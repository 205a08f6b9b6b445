package lanewise.kernels;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Workers on an executor that belongs to the caller. The calling thread takes part and can finish alone, so an executor
 * that is busy, or rejects, costs speed but never blocks. The executor is not closed.
 */
final class ExecutorWorkers implements Workers {
    private final Executor executor;
    private final int threads;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    ExecutorWorkers(Executor executor, int threads) {
        this.executor = executor;
        this.threads = threads;
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public Scratch scratch() {
        return scratch.get();
    }

    @Override
    public void run(int count, Task task) {
        Job job = new Job(count, task);
        for (int i = 1; i < Math.min(threads, count); i++) {
            try {
                executor.execute(job);
            } catch (RejectedExecutionException rejected) {
                break;
            }
        }
        job.run();
        job.await();
    }

    @Override
    public void close() {
        // Nothing here is ours to close.
    }

    private static final class Job implements Runnable {
        private final int count;
        private final Task task;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger unfinished;
        private volatile Throwable failure;

        Job(int count, Task task) {
            this.count = count;
            this.task = task;
            unfinished = new AtomicInteger(count);
        }

        @Override
        public void run() {
            int index;
            while ((index = next.getAndIncrement()) < count) {
                try {
                    task.run(index);
                } catch (Throwable thrown) {
                    failure = thrown;
                }
                if (unfinished.decrementAndGet() == 0) {
                    LockSupport.unpark(caller);
                }
            }
        }

        void await() {
            while (unfinished.get() > 0) {
                LockSupport.park(this);
            }
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure != null) {
                throw (RuntimeException) failure;
            }
        }
    }
}
