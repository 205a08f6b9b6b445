package lanewise.transformer.studies;

/** How well a claim is known that a study tests. Reports show it beside every verdict, so that ours never passes for a paper's. */
public enum Label {
    READ("read in the paper"),
    SECOND_HAND("read on a page about the paper, not in it"),
    REMEMBERED("remembered of the paper, confirmed by no page"),
    DERIVED("derived here; not the paper's words or constants"),
    INFERRED("read between the lines of the paper"),
    CHOICE("our own choice");

    private final String words;

    Label(String words) {
        this.words = words;
    }

    /** In words, for a report. */
    public String words() {
        return words;
    }
}
