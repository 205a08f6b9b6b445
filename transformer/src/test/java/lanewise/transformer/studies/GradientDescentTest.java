package lanewise.transformer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.TestKernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.instruments.Spectrum;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.studies.GradientDescent.Path;
import lanewise.transformer.studies.ResidualTask.Residuals;
import lanewise.transformer.studies.ResidualTask.Targets;
import org.ejml.data.DMatrixRMaj;
import org.ejml.simple.SimpleMatrix;
import org.ejml.simple.SimpleSVD;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Descent whose path is known in closed form. */
class GradientDescentTest {
    private static final ResidualTask TASK = new ResidualTask(2, 3, 8, 10, 2, 1);
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** With only W_U trained, the error along each left singular vector of G shrinks by 1 - step sigma^2 a step, exactly. */
    @Test
    void theOutputMatrixAloneConvergesGeometrically() {
        Encoder model = TASK.model(kernels, Residuals.BOTH, 1);
        ExampleBatch data = TASK.data(kernels, Targets.RANDOM, 1);
        model.forward(data, false, 0);
        SimpleMatrix features = matrix(model.features());
        SimpleMatrix error = matrix(model.output()).minus(matrix(data.targets()));
        SimpleSVD<SimpleMatrix> svd = features.svd();
        double largest = Spectrum.singularValues(model.features()).largest();
        assertEquals(svd.getSingleValue(0), largest, 1e-12);
        double step = 1 / (largest * largest);
        List<Parameter> output = model.parameters().stream().filter(parameter -> parameter.name().equals("output.weight")).toList();
        Path path = GradientDescent.run(kernels, model, output, data, step, 60, null);
        SimpleMatrix along = svd.getU().transpose().mult(error);
        for (int t = 0; t <= 60; t++) {
            double expected = 0;
            for (int k = 0; k < along.getNumRows(); k++) {
                double factor = Math.pow(1 - step * svd.getSingleValue(k) * svd.getSingleValue(k), t);
                for (int c = 0; c < along.getNumCols(); c++) {
                    expected += 0.5 * factor * factor * along.get(k, c) * along.get(k, c);
                }
            }
            double difference = Math.abs(expected - path.losses()[t]);
            assertTrue(difference <= 1e-11 * expected + 1e-14 * path.first(), "loss " + t + " is " + path.losses()[t] + "; expected " + expected);
        }
    }

    private static SimpleMatrix matrix(Tensor tensor) {
        return SimpleMatrix.wrap(DMatrixRMaj.wrap(tensor.rows(), tensor.columns(), tensor.toArray()));
    }

    @Test
    void divergenceIsAResult() {
        Encoder model = TASK.model(kernels, Residuals.BOTH, 2);
        Path path = GradientDescent.run(kernels, model, model.parameters(), TASK.data(kernels, Targets.RANDOM, 2), 10, 100, null);
        assertTrue(path.diverged());
        assertEquals(Double.POSITIVE_INFINITY, path.last());
        assertTrue(path.losses().length < 100);
        for (double loss : path.losses()) {
            assertTrue(Double.isFinite(loss));
        }
        assertEquals(Double.NaN, ResidualStudy.tailRate(path));
    }

    @Test
    void theRateOfAPureExponentialIsFound() {
        double[] losses = new double[400];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = 3 * Math.exp(-0.05 * i);
        }
        assertEquals(0.05, ResidualStudy.tailRate(new Path(losses, false)), 1e-9);
    }

    @Test
    void inputsHaveTheConditionNumberThatIsAskedFor() {
        for (double condition : new double[] {1, 2, 20}) {
            Spectrum spectrum = Spectrum.singularValues(TASK.inputs(3, condition));
            assertEquals(condition, spectrum.condition(), 1e-12 * condition);
            assertEquals(2, spectrum.largest(), 1e-12);
        }
    }

    @Test
    void aTeachersTargetsAreItsOutputs() {
        ExampleBatch data = TASK.data(kernels, Targets.TEACHER, 4);
        Encoder teacher = TASK.model(kernels, Residuals.BOTH, ~4L);
        Tensor output = teacher.forward(data, false, 0);
        for (int r = 0; r < output.rows(); r++) {
            assertEquals(output.get(r, 0), data.targets().get(r, 0));
        }
        Encoder student = TASK.model(kernels, Residuals.BOTH, 4);
        assertTrue(student.trainingLoss(data, 1, 0) > 0.01);
    }
}
