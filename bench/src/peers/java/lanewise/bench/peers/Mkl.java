package lanewise.bench.peers;

import lanewise.bench.cases.Contender;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.Task;
import org.bytedeco.mkl.global.mkl_rt;

/** MKL by its C interface. The number of threads is the whole process's: that of the task prepared last. */
public final class Mkl implements Contender {
    @Override
    public String name() {
        return "mkl";
    }

    @Override
    public String version() {
        byte[] text = new byte[256];
        mkl_rt.MKL_Get_Version_String(text, text.length);
        return new String(text).trim().replaceAll("\\s+", " ") + "; threading "
                + System.getenv().getOrDefault("MKL_THREADING_LAYER", "INTEL") + ", KMP_BLOCKTIME "
                + System.getenv().getOrDefault("KMP_BLOCKTIME", "200 (its default)");
    }

    @Override
    public Task matmul(MatmulCase matmul, int threads) {
        // Else MKL may choose fewer.
        mkl_rt.MKL_Set_Dynamic(0);
        mkl_rt.MKL_Set_Num_Threads(threads);
        return new CblasMatmul(matmul, mkl_rt::cblas_sgemm, mkl_rt::cblas_dgemm);
    }
}
