package lanewise.transformer.studies;

import java.util.List;
import java.util.Map;

/**
 * What a study found.
 *
 * @param model    the model's equations, one a line
 * @param settings sizes, data, seeds and steps, in words, with a label where they are not the paper's
 * @param findings the verdicts
 * @param plots    the figures
 */
public record StudyResult(List<String> model, Map<String, String> settings, List<Finding> findings, List<Plot> plots) {
}
