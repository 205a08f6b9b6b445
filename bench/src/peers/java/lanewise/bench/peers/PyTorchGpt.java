package lanewise.bench.peers;

import static lanewise.bench.peers.PyTorchOperator.none;
import static lanewise.bench.peers.PyTorchOperator.value;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lanewise.bench.cases.AdamWCase;
import lanewise.bench.cases.TrainingStepCase;
import lanewise.kernels.Kernels;
import lanewise.transformer.layers.Parameter;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * nanoGPT's model in eager PyTorch, with autograd. Autograd stops at each attention, whose two fused operators are called by
 * hand: so OpenBLAS can have all threads for the projections, but one below the threads of attention, without which it is
 * slower than on one thread.
 */
final class PyTorchGpt {
    private static final TensorOptional ABSENT = new TensorOptional();

    private final int threads;
    private final int width;
    private final long[] heads;
    private final long[] flat;
    private final long[] rows;
    private final double epsilon;
    private final Tensor tokens;
    private final Tensor positions;
    private final Tensor targets;
    private final Map<String, Tensor> weights = new HashMap<>();
    private final List<Tensor> decayed = new ArrayList<>();
    private final List<Tensor> others = new ArrayList<>();
    private final TensorVector all;
    private final PyTorchAdamW decayedAdamW;
    private final PyTorchAdamW othersAdamW;
    private final Attention[] layers;
    private final Tensor loss = torch.zeros();

    PyTorchGpt(TrainingStepCase step, int threads) {
        this.threads = threads;
        int batch = step.batch;
        int length = step.length;
        width = step.config.width();
        heads = new long[] {batch, length, step.config.heads(), step.config.headWidth()};
        flat = new long[] {batch, length, width};
        rows = new long[] {(long) batch * length, step.config.vocabulary()};
        epsilon = step.config.epsilon();
        tokens = PyTorchOperator.ids(step.tokens).view(batch, length);
        targets = PyTorchOperator.ids(step.targets);
        positions = torch.arange(new Scalar(length), new TensorOptions(torch.ScalarType.Long));
        try (Kernels kernels = Kernels.best()) {
            for (Parameter parameter : step.model(kernels).parameters()) {
                Tensor weight = PyTorchOperator.copy(parameter.value());
                if (parameter.name().startsWith("layer.") && parameter.value().rank() == 2) {
                    // torch.nn.Linear keeps outputs x inputs.
                    weight = weight.t().contiguous();
                }
                weight.set_requires_grad(true);
                weights.put(parameter.name(), weight);
                (parameter.decays() ? decayed : others).add(weight);
            }
        }
        List<Tensor> both = new ArrayList<>(decayed);
        both.addAll(others);
        all = new TensorVector(both.toArray(new Tensor[0]));
        decayedAdamW = new PyTorchAdamW(decayed, AdamWCase.SETTINGS.weightDecay());
        othersAdamW = new PyTorchAdamW(others, 0);
        layers = new Attention[step.config.layers()];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = new Attention();
        }
    }

    /** The loss of the latest step. */
    Tensor loss() {
        return loss;
    }

    void step() {
        forward().backward();
        for (int i = layers.length - 1; i >= 0; i--) {
            layers[i].backward();
        }
        torch.clip_grad_norm_(all, TrainingStepCase.CLIP);
        decayedAdamW.step(gradients(decayed));
        othersAdamW.step(gradients(others));
        for (long i = 0; i < all.size(); i++) {
            all.get(i).mutable_grad().reset();
        }
    }

    private Tensor forward() {
        Tensor x = torch.embedding(weights.get("embedding.token.weight"), tokens)
                .add(torch.embedding(weights.get("embedding.position.weight"), positions));
        for (int i = 0; i < layers.length; i++) {
            String layer = "layer." + i;
            Tensor qkv = linear(layer + ".attention.qkv", norm(layer + ".attention.norm", x));
            Tensor attended = layers[i].forward(x, qkv);
            x = layers[i].residual.add(linear(layer + ".attention.output", attended));
            Tensor hidden = torch.gelu(linear(layer + ".feedForward.in", norm(layer + ".feedForward.norm", x)));
            x = x.add(linear(layer + ".feedForward.out", hidden));
        }
        Tensor logits = torch.linear(norm("norm", x), weights.get("embedding.token.weight"));
        Tensor mean = torch.cross_entropy_loss(logits.view(rows), targets);
        loss.copy_(mean.detach());
        return mean;
    }

    private Tensor linear(String name, Tensor x) {
        return torch.linear(x, weights.get(name + ".weight"));
    }

    private Tensor norm(String name, Tensor x) {
        return torch.layer_norm(x, new long[] {width}, new TensorOptional(weights.get(name + ".gain")), ABSENT, epsilon, true);
    }

    private static IValue gradients(List<Tensor> parameters) {
        return PyTorchOperator.tensors(parameters.stream().map(Tensor::grad).toList());
    }

    /** Attention of one layer, where autograd ends and begins again: with the residual stream, and what attention returns. */
    private final class Attention {
        private final PyTorchOperator forward = new PyTorchOperator("_scaled_dot_product_flash_attention_for_cpu");
        private final PyTorchOperator backward = new PyTorchOperator("_scaled_dot_product_flash_attention_for_cpu_backward");
        private final IValue dropout = value(0.0);
        private final IValue causal = value(true);
        private final IValue none = none();
        private TensorVector ends;
        private final IValue[] inputs = new IValue[3];
        private Tensor residual;
        private Tensor attended;

        Tensor forward(Tensor x, Tensor qkv) {
            ends = new TensorVector(x, qkv);
            Tensor projected = qkv.detach();
            for (int i = 0; i < 3; i++) {
                inputs[i] = value(projected.narrow(2, (long) i * width, width).view(heads).transpose(1, 2));
            }
            PyTorchThreads.use(threads, 1);
            forward.run(inputs[0], inputs[1], inputs[2], dropout, causal, none, none);
            PyTorchThreads.use(threads, threads);
            attended = forward.returned(0).toTensor().transpose(1, 2).reshape(flat).requires_grad_(true);
            residual = x.detach().requires_grad_(true);
            return attended;
        }

        void backward() {
            IValue dAttended = value(attended.grad().view(heads).transpose(1, 2));
            PyTorchThreads.use(threads, 1);
            backward.run(dAttended, inputs[0], inputs[1], inputs[2], forward.returned(0), forward.returned(1), dropout, causal,
                    none, none);
            PyTorchThreads.use(threads, threads);
            TensorVector parts = new TensorVector(part(0), part(1), part(2));
            TensorVector gradients = new TensorVector(residual.grad(), torch.cat(parts, 2));
            forward.forget();
            backward.forget();
            torch.backward(ends, gradients, new BoolOptional(), false, new TensorVector());
        }

        private Tensor part(int index) {
            return backward.returned(index).toTensor().transpose(1, 2).reshape(flat);
        }
    }
}
