package lanewise.bench.peers;

import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import org.bytedeco.openblas.global.openblas_full;

/** OpenBLAS by its C interface. The number of threads is the whole process's: that of the task prepared last. */
public final class OpenBlas implements Contender {
    /** JavaCPP's property that puts another library, such as MKL, in the place of OpenBLAS. */
    private static final String REPLACED = "org.bytedeco.openblas.load";

    @Override
    public String name() {
        return "openblas";
    }

    @Override
    public String version() {
        if (System.getProperty(REPLACED) != null) {
            return "not OpenBLAS here, but " + System.getProperty(REPLACED);
        }
        String[] parallel = {"sequential", "own threads", "OpenMP"};
        return openblas_full.openblas_get_config().getString().trim() + "; core " + openblas_full.openblas_get_corename().getString()
                + "; " + parallel[openblas_full.openblas_get_parallel()];
    }

    @Override
    public Task matmul(MatmulCase matmul, int threads) {
        if (System.getProperty(REPLACED) != null) {
            return null;
        }
        openblas_full.openblas_set_num_threads(threads);
        return new CblasMatmul(matmul, openblas_full::cblas_sgemm, openblas_full::cblas_dgemm);
    }
}
