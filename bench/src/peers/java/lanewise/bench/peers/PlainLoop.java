package lanewise.bench.peers;

import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.SoftmaxCase;
import lanewise.bench.contenders.Contender;
import lanewise.bench.contenders.Task;

/** What one writes in Java without a library: plain loops on one thread. */
public final class PlainLoop implements Contender {
    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String version() {
        return "plain Java loops, one thread";
    }
}
