package lanewise.bench.plan;

/**
 * How long a row is measured.
 *
 * @param forks  processes, one after the other
 * @param rounds turns of every contender that count, after a short one that does not
 * @param millis of a turn; a run that takes longer is a turn by itself
 */
public record Settings(int forks, int rounds, int millis) {
    public static final Settings FULL = new Settings(3, 4, 40);
    public static final Settings QUICK = new Settings(1, 8, 40);
    /** Of the turn that does not count: every contender has run before, to be checked and compiled. */
    public static final int WARMUP_MILLIS = 10;
    /** Of runs that take some tenths of a second: each averages over much. */
    private static final int MOST_LONG_RUNS = 3;

    /** Turns of a job that count. */
    public int rounds(Job job) {
        return hasLongRuns(job) ? Math.min(rounds, MOST_LONG_RUNS) : rounds;
    }

    /** A training step, and a large vocabulary or long sequences; they also take seconds to prepare and to check. */
    private static boolean hasLongRuns(Job job) {
        return job.family() == Family.TRAINING_STEP || job.family() == Family.ATTENTION && job.row().contains(" 4096 ")
                || job.family().isMatmul() && job.row().contains("50257");
    }

    /** What a job may take, in seconds, from what the machine of the first report took. */
    public double estimate(Job job) {
        if (job.family() == null) {
            return 0.4 + forks * 1.3;
        }
        int others = job.contenders().size() - 1;
        boolean longRuns = hasLongRuns(job);
        double start = (job.family() == Family.ATTENTION ? 3.0 : 1.5) + (longRuns ? 4 : 0)
                + (job.family() == Family.TRAINING_STEP ? 4 : 0) + (job.lineup() == Lineup.JVM ? 1.7 : 0.5) * others;
        double turn = longRuns ? 0.45 : millis * 1e-3 + (job.threads() > 1 && others > 0 ? 0.035 : 0.015);
        return 0.3 + forks * (start + (1 + others) * (rounds(job) + 0.5) * turn);
    }

    @Override
    public String toString() {
        return forks + (forks == 1 ? " fork, " : " forks, ") + rounds + " turns of " + millis + " ms each per contender and fork";
    }
}
