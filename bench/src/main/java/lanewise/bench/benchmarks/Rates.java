package lanewise.bench.benchmarks;

import lanewise.bench.cases.Case;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is done per second, beside the runs; a counter that stays 0 does not apply to the row. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Rates {
    /** 10^9 floating-point operations, a multiply-add counting as two: {@link Case#operations()}. */
    public double gflops;
    /** 10^9 elements. */
    public double gelements;
    public double tokens;
    /** 10^9 bytes that must be read and written: {@link Case#bytes()}. */
    public double gbytes;

    @Setup(Level.Iteration)
    public void reset() {
        gflops = 0;
        gelements = 0;
        tokens = 0;
        gbytes = 0;
    }

    /** Counts one run of a case. */
    void add(Case operation) {
        switch (operation.unit()) {
            case GFLOP -> { }
            case GELEMENT -> gelements += 1e-9 * operation.work();
            case TOKEN -> tokens += operation.work();
        }
        gflops += 1e-9 * operation.operations();
        gbytes += 1e-9 * operation.bytes();
    }
}
