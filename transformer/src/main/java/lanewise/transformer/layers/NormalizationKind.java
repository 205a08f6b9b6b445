package lanewise.transformer.layers;

/** Which normalisation a model uses. */
public enum NormalizationKind {
    NONE,
    /** Mean 0 and variance 1 over a token's elements (Ba et al., arXiv 1607.06450). */
    LAYER,
    /** Mean square 1 over a token's elements (Zhang and Sennrich, arXiv 1910.07467). */
    RMS
}
