package lanewise.transformer.training;

/** Training stopped because a loss or gradient was not finite. The parameters are those before the step. */
public final class DivergenceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int step;

    DivergenceException(int step, String message) {
        super(message);
        this.step = step;
    }

    /** The step that could not be done. */
    public int step() {
        return step;
    }
}
