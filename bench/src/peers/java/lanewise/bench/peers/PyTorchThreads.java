package lanewise.bench.peers;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;

/** How many threads PyTorch and its BLAS use. The counts belong to the process, or to the thread that calls. */
final class PyTorchThreads {
    private static Thread caller;
    private static int operators;
    private static int blas;
    private static SetThreads setBlas;

    private PyTorchThreads() {}

    /** Whether PyTorch's BLAS is MKL rather than OpenBLAS. */
    static boolean mkl() {
        return "mkl_rt".equals(System.getProperty("org.bytedeco.openblas.load"));
    }

    /** The BLAS by name, with the settings that matter. */
    static String describeBlas() {
        return mkl() ? "MKL through org.bytedeco.openblas.load=mkl_rt"
                : "OpenBLAS, OPENBLAS_CORETYPE=" + System.getenv("OPENBLAS_CORETYPE");
    }

    /** Sets both counts, for calls from this thread. Cheap if nothing changes. */
    static synchronized void use(int operatorThreads, int blasThreads) {
        Thread current = Thread.currentThread();
        if (current != caller || operatorThreads != operators) {
            torch.set_num_threads(operatorThreads);
            caller = current;
            operators = operatorThreads;
            blas = 0;
        }
        if (blasThreads != blas) {
            if (setBlas == null) {
                Loader.load(openblas.class);
                setBlas = new SetThreads(Loader.addressof(mkl() ? "MKL_Set_Num_Threads" : "openblas_set_num_threads"));
                if (mkl()) {
                    // Else MKL may choose fewer.
                    new SetThreads(Loader.addressof("MKL_Set_Dynamic")).call(0);
                }
            }
            setBlas.call(blasThreads);
            blas = blasThreads;
        }
    }

    /** A pointer to a C function that takes a count. */
    private static final class SetThreads extends openblas_nolapack.SetNumThreads {
        SetThreads(Pointer function) {
            put(function);
        }
    }
}
