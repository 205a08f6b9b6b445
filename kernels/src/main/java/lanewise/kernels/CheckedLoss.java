package lanewise.kernels;

import java.util.Map;

final class CheckedLoss extends Checked<Loss> implements Loss {
    CheckedLoss(Map<ElementType, Column> columns) {
        super(columns, Column::loss);
    }

    @Override
    public void crossEntropy(Tensor logits, int[] targets, int ignoredIndex, double gradientScale, Tensor losses,
            Tensor dLogits) {
        checkLosses(losses, "logits", logits);
        Check.present("targets", targets);
        if (targets.length != logits.rows()) {
            throw new IllegalArgumentException("targets has " + targets.length + " entries; expected " + logits.rows()
                    + ", one for each row of logits");
        }
        int classes = logits.columns();
        for (int i = 0; i < targets.length; i++) {
            if (targets[i] != ignoredIndex && (targets[i] < 0 || targets[i] >= classes)) {
                throw Check.outOfRange("targets", targets, i, classes, "classes (or the ignored index, "
                        + ignoredIndex + ")");
            }
        }
        checkGradient("dLogits", dLogits, "logits", logits, losses);
        of(logits).crossEntropy(logits, targets, ignoredIndex, gradientScale, losses, dLogits);
    }

    @Override
    public void squaredError(Tensor y, Tensor target, double gradientScale, Tensor losses, Tensor dY) {
        Check.like("target", target, "y", y);
        checkLosses(losses, "y", y);
        Check.apart("losses", losses, "target", target);
        checkGradient("dY", dY, "y", y, losses);
        Check.apart("dY", dY, "target", target);
        of(y).squaredError(y, target, gradientScale, losses, dY);
    }

    private static void checkLosses(Tensor losses, String inputName, Tensor input) {
        Check.sumType("losses", losses, inputName, input);
        Check.vector("losses", losses, input.rows(), "row", inputName);
        Check.apart("losses", losses, inputName, input);
    }

    private static void checkGradient(String name, Tensor gradient, String inputName, Tensor input, Tensor losses) {
        if (gradient != null) {
            Check.like(name, gradient, inputName, input);
            Check.sameOrApart(name, gradient, inputName, input);
            Check.apart(name, gradient, "losses", losses);
        }
    }
}
