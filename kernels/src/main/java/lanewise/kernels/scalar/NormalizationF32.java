package lanewise.kernels.scalar;

import lanewise.kernels.Normalization;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Row by row; the gradients of gain and shift column by column. RMS norm is layer norm with a mean of 0. */
final class NormalizationF32 implements Normalization {
    private final Workers workers;

    NormalizationF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        forward(x, gain, shift, epsilon, y, mean, rstd);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor rstd) {
        forward(x, gain, null, epsilon, y, null, rstd);
    }

    @Override
    public void layerNormBackward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate,
            Tensor dx, Tensor dGain, Tensor dShift) {
        backward(x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
    }

    @Override
    public void rmsNormBackward(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain) {
        backward(x, gain, null, rstd, dy, accumulate, dx, dGain, null);
    }

    private void forward(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        float[] xArray = x.floats();
        float[] yArray = y.floats();
        int columns = x.columns();
        Split.rows(workers, x.rows(), 4L * columns, (first, end) -> {
            for (int r = first; r < end; r++) {
                int xAt = x.offset() + r * x.rowStride();
                int yAt = y.offset() + r * y.rowStride();
                double center = 0;
                if (mean != null) {
                    for (int j = 0; j < columns; j++) {
                        center += xArray[xAt + j];
                    }
                    center /= columns;
                    // The mean of what is left takes away the rounding errors of a long or large sum.
                    double rest = 0;
                    for (int j = 0; j < columns; j++) {
                        rest += xArray[xAt + j] - center;
                    }
                    center += rest / columns;
                    mean.floats()[mean.offset() + r] = (float) center;
                }
                double squares = 0;
                for (int j = 0; j < columns; j++) {
                    double deviation = xArray[xAt + j] - center;
                    squares += deviation * deviation;
                }
                double factor = 1 / Math.sqrt(squares / columns + epsilon);
                rstd.floats()[rstd.offset() + r] = (float) factor;
                for (int j = 0; j < columns; j++) {
                    double normal = (xArray[xAt + j] - center) * factor;
                    double added = shift == null ? 0 : shift.floats()[shift.offset() + j];
                    yArray[yAt + j] = (float) (normal * gain.floats()[gain.offset() + j] + added);
                }
            }
        });
    }

    private void backward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain, Tensor dShift) {
        // The columns first: dx may be dy.
        Split.rows(workers, x.columns(), 4L * x.rows(), (first, end) -> {
            for (int j = first; j < end; j++) {
                columnGradients(j, x, mean, rstd, dy, dGain, dShift);
            }
        });
        Split.rows(workers, x.rows(), 4L * x.columns(), (first, end) -> {
            for (int r = first; r < end; r++) {
                rowGradient(r, x, gain, mean, rstd, dy, accumulate, dx);
            }
        });
    }

    private static void columnGradients(int j, Tensor x, Tensor mean, Tensor rstd, Tensor dy, Tensor dGain,
            Tensor dShift) {
        float[] xArray = x.floats();
        float[] dyArray = dy.floats();
        double gainSum = 0;
        double shiftSum = 0;
        for (int r = 0; r < x.rows(); r++) {
            double center = mean == null ? 0 : mean.floats()[mean.offset() + r];
            double factor = rstd.floats()[rstd.offset() + r];
            double gradient = dyArray[dy.offset() + r * dy.rowStride() + j];
            gainSum += gradient * (xArray[x.offset() + r * x.rowStride() + j] - center) * factor;
            shiftSum += gradient;
        }
        dGain.floats()[dGain.offset() + j] += (float) gainSum;
        if (dShift != null) {
            dShift.floats()[dShift.offset() + j] += (float) shiftSum;
        }
    }

    private static void rowGradient(int r, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy,
            boolean accumulate, Tensor dx) {
        float[] xArray = x.floats();
        float[] dyArray = dy.floats();
        float[] dxArray = dx.floats();
        float[] gainArray = gain.floats();
        int columns = x.columns();
        int xAt = x.offset() + r * x.rowStride();
        int dyAt = dy.offset() + r * dy.rowStride();
        int dxAt = dx.offset() + r * dx.rowStride();
        double center = mean == null ? 0 : mean.floats()[mean.offset() + r];
        double factor = rstd.floats()[rstd.offset() + r];
        double sum = 0;
        double dot = 0;
        for (int j = 0; j < columns; j++) {
            double scaled = (double) dyArray[dyAt + j] * gainArray[gain.offset() + j];
            sum += scaled;
            dot += scaled * (xArray[xAt + j] - center) * factor;
        }
        double meanOfScaled = mean == null ? 0 : sum / columns;
        for (int j = 0; j < columns; j++) {
            double scaled = (double) dyArray[dyAt + j] * gainArray[gain.offset() + j];
            double normal = (xArray[xAt + j] - center) * factor;
            double gradient = factor * (scaled - meanOfScaled - normal * dot / columns);
            dxArray[dxAt + j] = (float) (accumulate ? dxArray[dxAt + j] + gradient : gradient);
        }
    }
}
