package lanewise.bench.cases;

/** What a row's throughput counts. */
public enum Unit {
    /** 10^9 floating-point operations, a multiply-add counting as two. */
    GFLOP("GFLOP/s", "gflops"),
    /** 10^9 elements. */
    GELEMENT("Gelement/s", "gelements"),
    /** Tokens. */
    TOKEN("tokens/s", "tokens");

    /** Name of the throughput. */
    public final String perSecond;
    /** The counter in JMH's results. */
    public final String counter;

    Unit(String perSecond, String counter) {
        this.perSecond = perSecond;
        this.counter = counter;
    }
}
