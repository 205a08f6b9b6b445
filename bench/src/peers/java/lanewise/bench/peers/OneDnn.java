package lanewise.bench.peers;

import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import lanewise.kernels.ElementType;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.presets.openblas_nolapack;

/**
 * oneDNN's primitives on plain row-major matrices, float32 (it has no float64 product). It takes its threads from OpenMP,
 * whose count belongs to the thread that calls: that of the task prepared last by it.
 */
public final class OneDnn implements Contender {
    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public String version() {
        dnnl_version_t version = dnnl.version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch() + "; "
                + dnnl.get_effective_cpu_isa();
    }

    @Override
    public Task matmul(MatmulCase matmul, int threads) {
        if (matmul.type != ElementType.FLOAT32) {
            return null;
        }
        Loader.load(dnnl.class);
        Pointer function = Loader.addressof("omp_set_num_threads");
        if (function == null) {
            throw new IllegalStateException("No omp_set_num_threads among the libraries that oneDNN has loaded");
        }
        new SetThreads(function).call(threads);
        return new Product(matmul);
    }

    /** A pointer to a C function that takes a count; its type is borrowed, since oneDNN's binding has none. */
    private static final class SetThreads extends openblas_nolapack.SetNumThreads {
        SetThreads(Pointer function) {
            put(function);
        }
    }

    private static final class Product implements Task {
        private final NativeMatrix a;
        private final NativeMatrix b;
        private final NativeMatrix c;
        private final engine cpu = new engine(engine.kind.cpu, 0);
        private final stream stream = new stream(cpu);
        private final matmul primitive;
        private final IntMemoryMap arguments = new IntMemoryMap();

        Product(MatmulCase o) {
            a = NativeMatrix.copyOf(o.a);
            b = NativeMatrix.copyOf(o.b);
            c = NativeMatrix.zeros(o.type, o.m, o.n);
            memory.desc descA = plain(o.m, o.k, o.transposeA);
            memory.desc descB = plain(o.k, o.n, o.transposeB);
            memory.desc descC = plain(o.m, o.n, false);
            primitive = new matmul(new matmul.primitive_desc(cpu, descA, descB, descC));
            arguments.put(dnnl.DNNL_ARG_SRC, new memory(descA, cpu, a.floats));
            arguments.put(dnnl.DNNL_ARG_WEIGHTS, new memory(descB, cpu, b.floats));
            arguments.put(dnnl.DNNL_ARG_DST, new memory(descC, cpu, c.floats));
        }

        /** A matrix, or the transpose of one, that lies row by row. */
        private static memory.desc plain(int rows, int columns, boolean transposed) {
            long[] strides = transposed ? new long[] {1, rows} : new long[] {columns, 1};
            return new memory.desc(new long[] {rows, columns}, memory.data_type.f32, strides);
        }

        @Override
        public void run() {
            primitive.execute(stream, arguments);
            stream._wait();
        }

        @Override
        public double[] result(int index) {
            return c.toArray();
        }

        @Override
        public void close() {
            arguments.close();
            primitive.close();
            stream.close();
            cpu.close();
            a.close();
            b.close();
            c.close();
        }
    }
}
