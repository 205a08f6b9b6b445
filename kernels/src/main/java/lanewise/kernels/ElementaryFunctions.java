package lanewise.kernels;

/**
 * The error that the elementary functions promise, in units in the last place of the exact result (ULP), over the whole
 * range of the type, and their special values. The tests enforce these constants.
 *
 * <table>
 * <caption>Special values</caption>
 * <tr><th>f</th><th>-inf</th><th>-0</th><th>+0</th><th>+inf</th><th>NaN</th></tr>
 * <tr><td>exp</td><td>0</td><td>1</td><td>1</td><td>+inf</td><td>NaN</td></tr>
 * <tr><td>log</td><td>NaN</td><td>-inf</td><td>-inf</td><td>+inf</td><td>NaN</td></tr>
 * <tr><td>tanh</td><td>-1</td><td>-0</td><td>+0</td><td>1</td><td>NaN</td></tr>
 * <tr><td>erf</td><td>-1</td><td>-0</td><td>+0</td><td>1</td><td>NaN</td></tr>
 * </table>
 */
public final class ElementaryFunctions {
    /** Largest error of {@link Elementwise#exp}, subnormal results included. */
    public static final double EXP_ULP = 1.5;
    /** Largest error of {@link Elementwise#log}. */
    public static final double LOG_ULP = 2;
    /** Largest error of {@link Elementwise#tanh}. */
    public static final double TANH_ULP = 3;
    /** Largest error of {@link Elementwise#erf}. */
    public static final double ERF_ULP = 3;

    private ElementaryFunctions() {
    }
}
