/** Vectorised deep-learning kernels for the JVM. */
module lanewise.kernels {
    // On the module path this resolves the Vector API without any flag. On the class path the module system does not
    // read this file, and the SIMD provider declines when the API is missing.
    requires jdk.incubator.vector;
    // Nothing of jcuda: it is found on the class path at run time, which this module then reads (lanewise.kernels.cuda.Jcuda).

    exports lanewise.kernels;

    uses lanewise.kernels.KernelProvider;

    provides lanewise.kernels.KernelProvider with
            lanewise.kernels.cuda.CudaProvider,
            lanewise.kernels.simd.SimdProvider,
            lanewise.kernels.scalar.ScalarProvider;
}
