package lanewise.bench.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import lanewise.bench.cases.Case;
import lanewise.bench.cases.Contender;
import lanewise.bench.cases.Task;
import lanewise.bench.cases.Unit;
import lanewise.bench.contenders.Contenders;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Times one operation by several contenders in one process, on the same inputs, in turns: an iteration belongs to one
 * contender and the next iteration to the next one, in every second round backwards, so that whatever else the machine does
 * meets all of them alike. The counter {@code contender} says whose iteration it was. Before, every contender's result is
 * compared with the definition; one that fails is left out, with the reason among the {@link Notes}, and so is one that has no
 * such operation.
 *
 * <p>JMH's own mean over the iterations of several contenders means nothing; its raw data per iteration does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 40, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 40, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public abstract class ContenderBenchmark {
    /** Lanewise runs at least so long before JMH's warm-up; */
    private static final long COMPILE_NANOS = 450_000_000;
    /** a training step, which is many methods, longer; */
    private static final long COMPILE_STEP_NANOS = 4_000_000_000L;
    /** others shorter: most are native; */
    private static final long OTHERS_NANOS = Long.getLong("lanewise.bench.compileMillis", 300) * 1_000_000;
    /** but their training steps have memory to find and threads to start, too. */
    private static final long OTHERS_STEP_NANOS = 2_000_000_000L;
    /**
     * Then all run until, in so much time, the compilers work for less than a tenth of it and no contender gets faster by more
     * than this, or till patience ends: a method may wait for its last compilation while no compiler works.
     */
    private static final long QUIET_NANOS = 150_000_000;
    private static final double FASTER = 0.97;
    private static final long LONGEST_NANOS = 8_000_000_000L;
    /** Longer than the threads of any contender spin when they have nothing to do. */
    private static final long PAUSE_NANOS = 25_000_000;
    /** In a row whose runs all take less, each turn begins with an untimed run, which fetches its data. */
    private static final long LONG_RUN_NANOS = 100_000_000;

    @Param({"1", "2"})
    public int threads;

    /** Names, separated by commas. */
    @Param("lanewise")
    public String contenders;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private record Prepared(int place, Task task) {
    }

    private final List<Prepared> prepared = new ArrayList<>();
    private Case operation;
    private boolean untimedRuns;
    private int iteration;
    private Prepared current;
    private Turn turn;
    private long runs;
    private long allocatedBefore;
    private long allocatedByCounting;

    /** The case of this benchmark's row. */
    public abstract Case open();

    /** Prepares, checks and compiles every contender. */
    @Setup(Level.Trial)
    public void prepare() {
        operation = open();
        String[] names = contenders.split(",");
        for (int place = 0; place < names.length; place++) {
            String outcome = prepare(place, names[place]);
            if (!outcome.equals(Notes.TIMED)) {
                Notes.write(names[place], outcome, null);
            }
        }
        if (prepared.isEmpty()) {
            throw new IllegalStateException("no contender of " + contenders + " can be timed");
        }
        untimedRuns = runUntilQuiet() < LONG_RUN_NANOS;
    }

    /** Returns what became of a contender. */
    private String prepare(int place, String name) {
        Task task = null;
        try {
            Contender contender = Contenders.find(name);
            if (contender == null) {
                return "is not on the class path";
            }
            task = operation.prepare(contender, threads);
            if (task == null) {
                return Notes.NO_SUCH_OPERATION;
            }
            task.run();
            operation.check(task);
            boolean step = operation.unit() == Unit.TOKEN;
            run(task, name.equals("lanewise") ? step ? COMPILE_STEP_NANOS : COMPILE_NANOS : step ? OTHERS_STEP_NANOS : OTHERS_NANOS);
            String version = contender.version();
            Notes.write(name, Notes.TIMED, version);
            prepared.add(new Prepared(place, task));
            return Notes.TIMED;
        } catch (Exception | LinkageError | OutOfMemoryError failure) {
            if (task != null) {
                task.close();
            }
            return failure.toString();
        }
    }

    /** Runs all contenders until they are compiled, and returns how long a run of the slowest took at the end. */
    private long runUntilQuiet() {
        long begin = System.nanoTime();
        Compilers compilers = new Compilers();
        double[] best = new double[prepared.size()];
        Arrays.fill(best, Double.POSITIVE_INFINITY);
        boolean restless;
        long slowest;
        do {
            long roundBegin = System.nanoTime();
            restless = false;
            slowest = 0;
            for (int i = 0; i < best.length; i++) {
                long nanos = run(prepared.get(i).task, QUIET_NANOS / best.length);
                slowest = Math.max(slowest, nanos);
                restless |= nanos < FASTER * best[i];
                best[i] = Math.min(best[i], nanos);
            }
            restless |= compilers.nanosSinceLast() > (System.nanoTime() - roundBegin) / 10;
        } while (restless && System.nanoTime() - begin < LONGEST_NANOS);
        return slowest;
    }

    /** Runs for a time, once at least, and returns how long a run took in the mean. */
    private static long run(Task task, long nanos) {
        long begin = System.nanoTime();
        long passed;
        long count = 0;
        do {
            task.run();
            count++;
            passed = System.nanoTime() - begin;
        } while (passed < nanos);
        return passed / count;
    }

    /** Whose turn an iteration is, among so many: 0 1 2, 2 1 0, 0 1 2 and so on. */
    static int turn(int iteration, int contenders) {
        int place = iteration % contenders;
        return iteration / contenders % 2 == 0 ? place : contenders - 1 - place;
    }

    /** Gives the next contender its turn; Lanewise by itself has the same pauses, so that its figures can be compared. */
    @Setup(Level.Iteration)
    public void next() {
        current = prepared.get(turn(iteration++, prepared.size()));
        if (threads > 1) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        if (untimedRuns) {
            current.task.run();
        }
        runs = 0;
        long first = allocated();
        allocatedBefore = allocated();
        allocatedByCounting = allocatedBefore - first;
    }

    /** Counts what was allocated, more exactly than JMH's profiler, which adds what JMH itself allocates: 7 KB. */
    @TearDown(Level.Iteration)
    public void count() {
        turn.contender = current.place;
        turn.allocated = (double) (allocated() - allocatedBefore - allocatedByCounting) / runs;
    }

    /** By all threads that live. */
    private static long allocated() {
        long sum = 0;
        for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    /** Frees the contenders. */
    @TearDown(Level.Trial)
    public void close() {
        prepared.forEach(each -> each.task.close());
    }

    @Benchmark
    public void run(Rates rates, Turn turn) {
        current.task.run();
        rates.add(operation);
        runs++;
        // JMH hands its counters to nobody else.
        this.turn = turn;
    }
}
