package lanewise.transformer.models;

/**
 * The result of a forward pass over held-out data; those of several batches add up.
 *
 * @param lossSum sum of the losses of all counted positions (or examples)
 * @param counted positions (or examples) that count
 * @param correct counted positions whose most probable class is the target; 0 where there are no classes
 */
public record Evaluation(double lossSum, long counted, long correct) {
    public static final Evaluation NONE = new Evaluation(0, 0, 0);

    public Evaluation plus(Evaluation other) {
        return new Evaluation(lossSum + other.lossSum, counted + other.counted, correct + other.correct);
    }

    public double meanLoss() {
        return lossSum / counted;
    }

    /** Share of counted positions that are right, 0 to 1. */
    public double accuracy() {
        return (double) correct / counted;
    }
}
