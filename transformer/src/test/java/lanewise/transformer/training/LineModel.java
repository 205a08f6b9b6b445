package lanewise.transformer.training;

import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.RandomStream;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.models.Model;

/** The smallest model that can be trained, which has nothing to do with tokens: y = a x + b, by least squares. */
final class LineModel implements Model<double[][]> {
    private final List<Parameter> parameters = new ArrayList<>();
    /** Serial number of the training pass that is to fail; what it then returns as a loss, or puts into a gradient. */
    int failAt = -1;
    double failingLoss = Double.NaN;
    double failingGradient;
    Runnable duringPass = () -> { };
    Runnable duringEvaluation = () -> { };
    int passes;
    private double loss;

    LineModel(ElementType type) {
        for (String name : List.of("slope", "shift")) {
            parameters.add(new Parameter(name, Tensor.zeros(type, 1), Tensor.zeros(type, 1), name.equals("slope")));
        }
    }

    /** Points near y = 3 x - 2, ten a batch. */
    static DataSource<double[][]> data() {
        return new DataSource<>() {
            @Override
            public double[][] trainingBatch(long serial) {
                double[][] points = new double[10][2];
                var random = RandomStream.at(1, serial);
                for (double[] point : points) {
                    point[0] = random.nextDouble(-1, 1);
                    point[1] = 3 * point[0] - 2 + random.nextDouble(-0.1, 0.1);
                }
                return points;
            }

            @Override
            public List<double[][]> heldOut() {
                return List.of(trainingBatch(-1), trainingBatch(-2), trainingBatch(-3));
            }

            @Override
            public long tokens(double[][] batch) {
                return batch.length;
            }
        };
    }

    double value(int index) {
        return parameters.get(index).value().get(0, 0);
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    @Override
    public void differentiate(double[][] batch, double gradientScale, long dropoutSeed) {
        duringPass.run();
        loss = 0;
        double[] gradient = new double[2];
        for (double[] point : batch) {
            double error = value(0) * point[0] + value(1) - point[1];
            loss += error * error / batch.length;
            gradient[0] += 2 * error * point[0] / batch.length;
            gradient[1] += 2 * error / batch.length;
        }
        if (passes++ == failAt) {
            loss = failingLoss;
            gradient[1] += failingGradient;
        }
        for (int i = 0; i < 2; i++) {
            Tensor sum = parameters.get(i).gradient();
            sum.set(0, 0, sum.get(0, 0) + gradientScale * gradient[i]);
        }
    }

    @Override
    public double loss() {
        return loss;
    }

    @Override
    public Evaluation evaluate(double[][] batch) {
        duringEvaluation.run();
        double loss = 0;
        for (double[] point : batch) {
            loss += Math.pow(value(0) * point[0] + value(1) - point[1], 2);
        }
        return new Evaluation(loss, batch.length, 0);
    }
}
