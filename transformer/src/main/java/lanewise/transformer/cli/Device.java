package lanewise.transformer.cli;

import lanewise.kernels.Kernels;

/** What computes. */
enum Device {
    /** The processor, by the fastest kernels that it can use. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA;

    /** @throws IllegalStateException if there is no such device; says why */
    Kernels open(Kernels.Builder builder) {
        if (this == CPU) {
            return builder.build();
        }
        try {
            return builder.implementation("cuda").build();
        } catch (IllegalStateException unusable) {
            String reason = unusable.getMessage().lines().filter(line -> line.startsWith("not cuda: ")).findFirst()
                    .map(line -> line.substring("not cuda: ".length())).orElse(unusable.getMessage());
            throw new IllegalStateException("--device cuda can't be used: " + reason, unusable);
        }
    }
}
