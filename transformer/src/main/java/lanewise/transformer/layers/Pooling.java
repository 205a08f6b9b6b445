package lanewise.transformer.layers;

/** How the rows of a sequence become one. */
public enum Pooling {
    /** They do not: every token has its own output. */
    NONE,
    /** Their mean. */
    MEAN,
    /** Their sum. */
    SUM
}
