package lanewise.bench.plan;

/**
 * How long a row is measured.
 *
 * @param forks  processes, one after the other
 * @param rounds turns of every contender that count, after one that does not
 * @param millis of a turn; a run that takes longer is a turn by itself
 */
public record Settings(int forks, int rounds, int millis) {
    public static final Settings FULL = new Settings(3, 4, 40);
    public static final Settings QUICK = new Settings(1, 8, 40);
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
        boolean step = job.family() == Family.TRAINING_STEP;
        double start = (job.family() == Family.ATTENTION ? 3.8 : 2.3) + (longRuns ? 4 : 0)
                + (step ? 4 : 0) + (job.lineup() == Lineup.JVM ? 1.7 : step ? 2.5 : 0.75) * others;
        double turn = longRuns ? 0.45 : millis * 1e-3 + (job.threads() > 1 ? 0.035 : 0.015);
        return 0.3 + forks * (start + (1 + others) * (rounds(job) + 1) * turn);
    }

    @Override
    public String toString() {
        return forks + (forks == 1 ? " fork, " : " forks, ") + rounds + " turns of " + millis + " ms each per contender and fork";
    }
}
