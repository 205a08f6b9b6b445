package lanewise.bench.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Names the contender of an iteration in JMH's result, so that a reader needs no rule to tell them apart, and what it allocated. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Turn {
    /** Place in the benchmark's parameter {@code contenders}, from 0. */
    public double contender;
    /** Bytes that all threads allocated, divided by the runs. */
    public double allocated;
}
