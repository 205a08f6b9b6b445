package lanewise.transformer.models;

/** How a model knows where in its sequence a token stands. */
public enum Positions {
    /** It does not: the output of an encoder without positions follows a permutation of its input. */
    NONE,
    /** A trained row per position, added to the embedding; sequences are at most as long as there are rows. */
    LEARNED,
    /** Queries and keys are rotated by angles that grow with the position (Su et al., arXiv 2104.09864; base 10000). */
    ROTARY
}
