package lanewise.bench.peers;

import java.util.function.Supplier;
import lanewise.bench.cases.Task;

/** A task of a library in Java: nothing to free, and one result. */
record JavaTask(Runnable operation, Supplier<double[]> output) implements Task {
    @Override
    public void run() {
        operation.run();
    }

    @Override
    public double[] result(int index) {
        return output.get();
    }
}
