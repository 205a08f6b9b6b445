package lanewise.bench.peers;

import static lanewise.bench.peers.PyTorchOperator.none;
import static lanewise.bench.peers.PyTorchOperator.tensors;
import static lanewise.bench.peers.PyTorchOperator.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import lanewise.bench.cases.AdamWCase;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The kernel that torch.optim.AdamW(fused=True) runs, over parameters with one decay. */
final class PyTorchAdamW {
    private final IValue parameters;
    private final IValue means;
    private final IValue meanSquares;
    private final Tensor firstMean;
    private final Tensor firstMeanSquare;
    private final IValue none = none();
    private final IValue noTensors = tensors(List.of());
    private final IValue no = value(false);
    private final IValue steps;
    private final IValue learningRate = value(AdamWCase.LEARNING_RATE);
    private final IValue beta1 = value(AdamWCase.SETTINGS.beta1());
    private final IValue beta2 = value(AdamWCase.SETTINGS.beta2());
    private final IValue epsilon = value(AdamWCase.SETTINGS.epsilon());
    private final IValue decay;
    private final PyTorchOperator countStep;
    private final PyTorchOperator update = new PyTorchOperator("_fused_adamw_");

    PyTorchAdamW(List<Tensor> parameters, double decay) {
        this.parameters = tensors(parameters);
        List<Tensor> meanTensors = zerosLike(parameters);
        List<Tensor> meanSquareTensors = zerosLike(parameters);
        means = tensors(meanTensors);
        meanSquares = tensors(meanSquareTensors);
        firstMean = meanTensors.get(0);
        firstMeanSquare = meanSquareTensors.get(0);
        Tensor step = torch.zeros();
        steps = tensors(Collections.nCopies(parameters.size(), step));
        countStep = new PyTorchOperator("add_.Tensor", value(step), value(torch.ones()), value(1L));
        this.decay = value(decay);
    }

    /** Updates all parameters from their gradients. */
    void step(IValue gradients) {
        countStep.run();
        update.run(parameters, gradients, means, meanSquares, noTensors, steps, learningRate, beta1, beta2, decay, epsilon, no,
                no, none, none);
    }

    /** Of the first parameter: its first or second moment. */
    Tensor moment(int order) {
        return order == 1 ? firstMean : firstMeanSquare;
    }

    private static List<Tensor> zerosLike(List<Tensor> tensors) {
        List<Tensor> zeros = new ArrayList<>();
        for (Tensor tensor : tensors) {
            zeros.add(torch.zeros_like(tensor));
        }
        return zeros;
    }
}
