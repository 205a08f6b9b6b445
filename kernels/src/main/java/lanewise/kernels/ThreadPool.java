package lanewise.kernels;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Workers over daemon threads that spin for a short while between operations and then park: an operation of a tenth of
 * a millisecond can't wait for a thread to be woken.
 *
 * <p>One job runs at a time. Its state is one number, the job's serial in the upper half and the tasks left to claim in the
 * lower, so that a thread which wakes late can't claim a task of the wrong job, and starting a job allocates nothing.
 */
final class ThreadPool implements Workers {
    private static final long SPIN_NANOS = 50_000;

    private final Thread[] threads;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicLong claim = new AtomicLong();
    private final AtomicInteger unfinished = new AtomicInteger();
    private volatile boolean closed;
    private Task task;
    private int count;
    private volatile Thread caller;
    private volatile Throwable failure;

    /** Starts threads - 1 daemon threads. */
    ThreadPool(int threads) {
        this.threads = new Thread[threads - 1];
        for (int i = 0; i < this.threads.length; i++) {
            Thread thread = new Thread(this::serve, "lanewise-" + (i + 1));
            thread.setDaemon(true);
            this.threads[i] = thread;
            thread.start();
        }
    }

    @Override
    public int threads() {
        return threads.length + 1;
    }

    @Override
    public Scratch scratch() {
        return scratch.get();
    }

    @Override
    public void run(int count, Task task) {
        if (count <= 1 || threads.length == 0 || closed || !busy.compareAndSet(false, true)) {
            for (int i = 0; i < count; i++) {
                task.run(i);
            }
            return;
        }
        try {
            this.task = task;
            this.count = count;
            failure = null;
            caller = Thread.currentThread();
            unfinished.set(count);
            long serial = (claim.get() >>> 32) + 1;
            claim.set(serial << 32 | count);
            for (int i = 0; i < Math.min(threads.length, count - 1); i++) {
                LockSupport.unpark(threads[i]);
            }
            work(serial & 0xffffffffL);
            await();
            Throwable thrown = failure;
            if (thrown instanceof Error error) {
                throw error;
            }
            if (thrown != null) {
                throw (RuntimeException) thrown;
            }
        } finally {
            this.task = null;
            caller = null;
            busy.set(false);
        }
    }

    /** Claims and runs tasks of the job with this serial until none is left. */
    private void work(long serial) {
        while (true) {
            long state = claim.get();
            int left = (int) state;
            if (state >>> 32 != serial || left == 0) {
                return;
            }
            if (!claim.compareAndSet(state, state - 1)) {
                continue;
            }
            // The claimed task keeps the job alive, so these fields are those of its job.
            try {
                task.run(count - left);
            } catch (Throwable thrown) {
                failed(thrown);
            }
            if (unfinished.decrementAndGet() == 0) {
                LockSupport.unpark(caller);
            }
        }
    }

    private synchronized void failed(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
    }

    private void await() {
        long deadline = System.nanoTime() + SPIN_NANOS;
        while (unfinished.get() > 0) {
            if (System.nanoTime() < deadline) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
    }

    private void serve() {
        long seen = 0;
        while (!closed) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            long serial;
            while ((serial = claim.get() >>> 32) == seen && !closed) {
                if (System.nanoTime() < deadline) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            seen = serial;
            work(serial);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
