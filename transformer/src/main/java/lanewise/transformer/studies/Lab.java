package lanewise.transformer.studies;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lanewise.kernels.Kernels;

/**
 * What a study works with: its size, its seeds, and the cores. Every task has a core of its own, and kernels on one thread, unless
 * all share those of a device; their results do not depend on which, nor on the order.
 */
public final class Lab implements AutoCloseable {
    /** Told of tasks. */
    @FunctionalInterface
    public interface Listener {
        /** So many of the tasks planned up to now are done; more may follow. */
        void done(int tasks, int planned, String what);
    }

    private final boolean full;
    private final List<Long> seeds;
    private final Map<String, Path> folders;
    private final Listener listener;
    private final Kernels shared;
    private final ExecutorService executor;
    private int planned;
    private int done;

    /** A lab whose tasks have kernels of their own: see the other constructor. */
    public Lab(boolean full, List<Long> seeds, Map<String, Path> folders, int cores, Listener listener) {
        this(full, seeds, folders, cores, null, listener);
    }

    /**
     * @param full     whether sizes are the large ones
     * @param seeds    of the repetitions
     * @param folders  where real data is, by name, such as "mnist"; without those that the user has not named
     * @param cores    tasks at a time
     * @param shared   what all tasks compute with, which stays the caller's to close; null for kernels on one thread for each task
     * @param listener told from the tasks' threads, by one at a time
     */
    public Lab(boolean full, List<Long> seeds, Map<String, Path> folders, int cores, Kernels shared, Listener listener) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("seeds is empty; expected at least one");
        }
        this.full = full;
        this.seeds = List.copyOf(seeds);
        this.folders = Map.copyOf(folders);
        this.shared = shared;
        this.listener = listener;
        executor = Executors.newFixedThreadPool(cores, task -> {
            Thread thread = new Thread(task, "lanewise-study");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Whether the large sizes are wanted. */
    public boolean full() {
        return full;
    }

    /** Whether a device computes the large sizes, so that trainings on real data can have the papers' own, which take hours. */
    public boolean papersSizes() {
        return full && shared != null;
    }

    /** One of two, by size. */
    public int sized(int quick, int large) {
        return full ? large : quick;
    }

    public List<Long> seeds() {
        return seeds;
    }

    /** The folder of some data, if the user named one. */
    public Optional<Path> folder(String name) {
        return Optional.ofNullable(folders.get(name));
    }

    /** The results of a task for every seed, in the seeds' order. */
    public <T> List<T> forSeeds(String what, SeedTask<T> task) throws InterruptedException {
        return all(what, seeds, (kernels, seed) -> task.run(kernels, seed));
    }

    /**
     * The results of a task for every setting with every seed: a list for each setting, in the seeds' order. All are run in one go,
     * so that no core waits for the last seed of a setting.
     */
    public <S, T> List<List<T>> forSettings(String what, List<S> settings, SettingTask<S, T> task) throws InterruptedException {
        record Job<S>(S setting, long seed) {
        }

        List<Job<S>> jobs = new ArrayList<>();
        settings.forEach(setting -> seeds.forEach(seed -> jobs.add(new Job<>(setting, seed))));
        List<T> results = all(what, jobs, (kernels, job) -> task.run(kernels, job.setting, job.seed));
        List<List<T>> bySetting = new ArrayList<>();
        for (int at = 0; at < results.size(); at += seeds.size()) {
            bySetting.add(results.subList(at, at + seeds.size()));
        }
        return bySetting;
    }

    /** What is done with a setting and a seed. */
    @FunctionalInterface
    public interface SettingTask<S, T> {
        T run(Kernels kernels, S setting, long seed);
    }

    /** What is done with a seed. */
    @FunctionalInterface
    public interface SeedTask<T> {
        T run(Kernels kernels, long seed);
    }

    /** What is done with an item. */
    @FunctionalInterface
    public interface Task<I, T> {
        T run(Kernels kernels, I item);
    }

    /** The results of a task for every item, in the items' order. */
    public <I, T> List<T> all(String what, List<I> items, Task<I, T> task) throws InterruptedException {
        count(items.size(), 0, what);
        List<Future<T>> futures = new ArrayList<>();
        for (I item : items) {
            futures.add(executor.submit(() -> {
                try (Kernels own = shared == null ? Kernels.builder().threads(1).build() : null) {
                    return task.run(own == null ? shared : own, item);
                } finally {
                    count(0, 1, what);
                }
            }));
        }
        List<T> results = new ArrayList<>();
        try {
            for (Future<T> future : futures) {
                results.add(future.get());
            }
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (failure.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(failure.getCause());
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
        return results;
    }

    private synchronized void count(int more, int ended, String what) {
        planned += more;
        done += ended;
        listener.done(done, planned, what);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
