package lanewise.bench.cases;

/** What a row's throughput counts. */
public enum Unit {
    /** 10^9 floating-point operations, a multiply-add counting as two. */
    GFLOP("GFLOP/s", 1e9),
    /** 10^9 elements. */
    GELEMENT("Gelement/s", 1e9),
    /** Tokens. */
    TOKEN("tokens/s", 1);

    /** Name of the throughput. */
    public final String perSecond;
    /** How many of {@link Case#work()} make one. */
    public final double size;

    Unit(String perSecond, double size) {
        this.perSecond = perSecond;
        this.size = size;
    }
}
