package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** {@link ThreadPool} and {@link ExecutorWorkers}, which keep the same contract. */
class ThreadPoolTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void everyTaskRunsExactlyOnce() {
        everyKind(workers -> {
            for (int count : new int[] {0, 1, 2, 3, 7, 64, 1000}) {
                assertRunsEachOnce(workers, count);
            }
        });
    }

    /** A thread that is late for one job must not take a task of the next, whose count differs. */
    @Test
    void manyShortJobsOfChangingSize() {
        assertTimeoutPreemptively(LIMIT, () -> {
            for (int threads : new int[] {2, 3, 8}) {
                try (Workers workers = new ThreadPool(threads)) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(40);
                    for (int job = 0; job < 30_000; job++) {
                        int count = 2 + job * 7 % 38;
                        workers.run(count, runs::incrementAndGet);
                        for (int i = 0; i < 40; i++) {
                            int expected = i < count ? 1 : 0;
                            int got = runs.getAndSet(i, 0);
                            assertEquals(expected, got, "runs of task " + i + " of job " + job);
                        }
                    }
                }
            }
        });
    }

    @Test
    void tasksRunAtTheSameTimeOnSeveralThreads() {
        assertTimeoutPreemptively(LIMIT, () -> {
            try (Workers workers = new ThreadPool(2)) {
                AtomicInteger arrived = new AtomicInteger();
                // Each task waits for the other: on one thread this would never end.
                workers.run(2, task -> {
                    arrived.incrementAndGet();
                    while (arrived.get() < 2) {
                        Thread.onSpinWait();
                    }
                });
            }
        });
    }

    @Test
    void exceptionsReachTheCallerAndLeaveTheWorkersUsable() {
        everyKind(workers -> {
            IllegalStateException wanted = new IllegalStateException("task 3");
            Throwable thrown = assertThrows(IllegalStateException.class, () -> workers.run(8, task -> {
                if (task == 3) {
                    throw wanted;
                }
            }));
            assertSame(wanted, thrown);
            assertThrows(AssertionError.class, () -> workers.run(5, task -> {
                throw new AssertionError("every task");
            }));
            assertRunsEachOnce(workers, 50);
        });
    }

    @Test
    void callsFromWithinATaskRunToo() {
        everyKind(workers -> {
            AtomicInteger inner = new AtomicInteger();
            workers.run(6, task -> workers.run(5, nested -> inner.incrementAndGet()));
            assertEquals(30, inner.get());
        });
    }

    @Test
    void callersOnSeveralThreadsAreServedAtOnce() {
        everyKind(workers -> {
            AtomicInteger failures = new AtomicInteger();
            List<Thread> callers = new ArrayList<>();
            for (int c = 0; c < 4; c++) {
                Thread caller = new Thread(() -> {
                    for (int job = 0; job < 500; job++) {
                        assertRunsEachOnce(workers, 1 + job % 20);
                    }
                });
                caller.setUncaughtExceptionHandler((thread, failure) -> failures.incrementAndGet());
                callers.add(caller);
                caller.start();
            }
            callers.forEach(ThreadPoolTest::join);
            assertEquals(0, failures.get(), "callers that failed");
        });
    }

    @Test
    void afterCloseTheCallerDoesTheWork() {
        ThreadPool pool = new ThreadPool(3);
        assertRunsEachOnce(pool, 20);
        pool.close();
        pool.close();
        Thread caller = Thread.currentThread();
        pool.run(20, task -> assertSame(caller, Thread.currentThread()));
        assertRunsEachOnce(pool, 20);
    }

    @Test
    void closeEndsTheThreads() {
        assertTimeoutPreemptively(LIMIT, () -> {
            List<Thread> seen = new ArrayList<>();
            ThreadPool pool = new ThreadPool(2);
            AtomicInteger arrived = new AtomicInteger();
            pool.run(2, task -> {
                synchronized (seen) {
                    seen.add(Thread.currentThread());
                }
                arrived.incrementAndGet();
                while (arrived.get() < 2) {
                    Thread.onSpinWait();
                }
            });
            pool.close();
            seen.removeIf(thread -> !thread.getName().startsWith("lanewise-"));
            assertEquals(1, seen.size());
            assertTrue(seen.get(0).isDaemon(), "a thread of the pool must not keep the JVM alive");
            seen.get(0).join();
        });
    }

    @Test
    void anInterruptedCallerStillGetsItsResultsAndStaysInterrupted() {
        everyKind(workers -> {
            Thread.currentThread().interrupt();
            assertRunsEachOnce(workers, 100);
            assertTrue(Thread.interrupted(), "the interrupt was swallowed");
        });
    }

    @Test
    void scratchBelongsToTheThread() {
        try (Workers workers = new ThreadPool(2)) {
            Scratch mine = workers.scratch();
            assertSame(mine, workers.scratch());
            float[] longer = mine.floats(0, 100);
            assertSame(longer, mine.floats(0, 50));
            assertTrue(mine.floats(0, 101).length >= 101);
            AtomicInteger arrived = new AtomicInteger();
            Scratch[] scratches = new Scratch[2];
            assertTimeoutPreemptively(LIMIT, () -> workers.run(2, task -> {
                scratches[task] = workers.scratch();
                arrived.incrementAndGet();
                while (arrived.get() < 2) {
                    Thread.onSpinWait();
                }
            }));
            assertTrue(scratches[0] != scratches[1], "two threads share their working arrays");
        }
    }

    /** Runs a test on every kind of workers, each in time. */
    private static void everyKind(Consumer<Workers> test) {
        Queue<Runnable> neverRun = new ArrayDeque<>();
        ExecutorService single = Executors.newSingleThreadExecutor();
        ExecutorService several = Executors.newFixedThreadPool(3);
        ExecutorService shutDown = Executors.newFixedThreadPool(2);
        shutDown.shutdown();
        List<Workers> kinds = List.of(
                new ThreadPool(1), new ThreadPool(2), new ThreadPool(5),
                new ExecutorWorkers(several, 4),
                new ExecutorWorkers(single, 2),
                new ExecutorWorkers(ForkJoinPool.commonPool(), 3),
                new ExecutorWorkers(shutDown, 3),
                new ExecutorWorkers(Runnable::run, 3),
                new ExecutorWorkers(command -> {
                    synchronized (neverRun) {
                        neverRun.add(command);
                    }
                }, 3),
                new ExecutorWorkers(command -> {
                    throw new RejectedExecutionException("busy");
                }, 3));
        try {
            for (int i = 0; i < kinds.size(); i++) {
                Workers workers = kinds.get(i);
                assertTimeoutPreemptively(LIMIT, () -> test.accept(workers), "kind of workers " + i);
                workers.close();
            }
            // What an executor kept for later finds nothing left to do.
            neverRun.forEach(Runnable::run);
        } finally {
            single.shutdown();
            several.shutdown();
        }
    }

    private static void assertRunsEachOnce(Workers workers, int count) {
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        workers.run(count, runs::incrementAndGet);
        for (int i = 0; i < count; i++) {
            assertEquals(1, runs.get(i), "runs of task " + i + " of " + count);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
