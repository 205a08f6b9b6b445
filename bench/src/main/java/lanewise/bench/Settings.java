package lanewise.bench;

/**
 * How long a row is measured.
 *
 * @param forks        processes, one after the other
 * @param warmupRounds turns of every contender that do not count
 * @param rounds       turns of every contender that do
 * @param millis       of a turn; a run that takes longer is a turn by itself
 */
record Settings(int forks, int warmupRounds, int rounds, int millis) {
    static final Settings FULL = new Settings(3, 1, 3, 100);
    static final Settings QUICK = new Settings(1, 1, 4, 100);

    /** What a job may take, in seconds, from what the machine of the first report took. */
    double estimate(Job job) {
        if (job.family() == null) {
            return forks * 2.6;
        }
        int contenders = job.contenders().size();
        double start = (job.family() == Family.TRAINING_STEP ? 10 : 2.4) + (job.lineup() == Lineup.ALONE ? 0 : 0.6) + 0.3 * contenders;
        double turn = Math.max(millis * 1e-3, job.family() == Family.TRAINING_STEP ? 0.5 : 0.1);
        return forks * (start + contenders * (warmupRounds + rounds) * turn);
    }

    @Override
    public String toString() {
        return forks + (forks == 1 ? " fork, " : " forks, ") + warmupRounds + " + " + rounds + " turns of " + millis
                + " ms each per contender and fork";
    }
}
