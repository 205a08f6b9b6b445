package lanewise.transformer.studies;

/**
 * What a study found about one claim. The verdict comes from the numbers, by a rule that the claim's text or the measured text names.
 *
 * @param claim    in words
 * @param label    how well the claim is known
 * @param measured the figures, with their spread over the seeds
 * @param verdict  what they say
 * @param note     why it can't be tested, or what to keep in mind; may be empty
 */
public record Finding(String claim, Label label, String measured, Verdict verdict, String note) {
    /** What became of a claim. */
    public enum Verdict {
        HOLDS("holds"),
        FAILS("does not hold"),
        NOT_TESTABLE("not testable here");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        /** In words, for a report. */
        public String words() {
            return words;
        }
    }

    /** A claim that was tested. */
    public static Finding of(String claim, Label label, String measured, boolean holds, String note) {
        return new Finding(claim, label, measured, holds ? Verdict.HOLDS : Verdict.FAILS, note);
    }

    /** A claim that could not be tested. */
    public static Finding untested(String claim, Label label, String why) {
        return new Finding(claim, label, "", Verdict.NOT_TESTABLE, why);
    }
}
