package lanewise.bench.peers;

import static lanewise.bench.peers.PyTorchOperator.copy;
import static lanewise.bench.peers.PyTorchOperator.ids;
import static lanewise.bench.peers.PyTorchOperator.none;
import static lanewise.bench.peers.PyTorchOperator.tensors;
import static lanewise.bench.peers.PyTorchOperator.value;

import java.util.List;
import java.util.function.IntFunction;
import lanewise.bench.cases.AdamWCase;
import lanewise.bench.cases.AttentionCase;
import lanewise.bench.cases.Contender;
import lanewise.bench.cases.CrossEntropyCase;
import lanewise.bench.cases.EmbeddingCase;
import lanewise.bench.cases.GeluCase;
import lanewise.bench.cases.LayerNormCase;
import lanewise.bench.cases.MatmulCase;
import lanewise.bench.cases.SoftmaxCase;
import lanewise.bench.cases.Task;
import lanewise.bench.cases.TrainingStepCase;
import lanewise.kernels.Activation;
import lanewise.kernels.AttentionShape;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * PyTorch's CPU build, with the BLAS of its process: MKL or OpenBLAS. Each operation is called in the form found fastest: with an output that exists
 * already, but for layer norm and attention, which would copy into it.
 */
public final class PyTorch implements Contender {
    private static final long MEAN = 1;
    private static final long IGNORED_CLASS = -100;

    @Override
    public String name() {
        return PyTorchThreads.mkl() ? "pytorch+mkl" : "pytorch+openblas";
    }

    @Override
    public String version() {
        String configuration = torch.show_config().getString();
        int version = configuration.indexOf("TORCH_VERSION=");
        String info = torch.get_parallel_info().getString();
        String backend = info.substring(info.indexOf("ATen parallel backend: ")).strip();
        return "PyTorch " + configuration.substring(version + 14, configuration.indexOf(',', version)) + " ("
                + PyTorchThreads.describeBlas() + "; " + backend + "; ATen CPU capability: "
                + torch.get_cpu_capability().getString() + "; operators and matrix products with the row's threads, "
                + "products inside attention with one each)";
    }

    private record Prepared(int threads, int blasThreads, Runnable operation, IntFunction<Tensor> results) implements Task {
        @Override
        public void run() {
            PyTorchThreads.use(threads, blasThreads);
            try (PointerScope scope = new PointerScope()) {
                operation.run();
            }
        }

        @Override
        public double[] result(int index) {
            try (PointerScope scope = new PointerScope()) {
                return PyTorchOperator.elements(results.apply(index));
            }
        }
    }

    /** One operator that writes into a tensor. */
    private static Task writing(int threads, Tensor out, PyTorchOperator operator) {
        return new Prepared(threads, threads, operator::run, index -> out);
    }

    private static Tensor empty(long... shape) {
        return torch.empty(shape);
    }

    private static IValue float32() {
        return new IValue(torch.ScalarType.Float);
    }

    @Override
    public Task matmul(MatmulCase o, int threads) {
        Tensor a = copy(o.a);
        Tensor b = copy(o.b);
        Tensor c = torch.empty(new long[] {o.m, o.n}, a.options(), null);
        return writing(threads, c, new PyTorchOperator("mm.out", value(o.transposeA ? a.t() : a),
                value(o.transposeB ? b.t() : b), value(c)));
    }

    @Override
    public Task attention(AttentionCase o, int threads) {
        AttentionShape shape = o.shape;
        IValue query = value(heads(copy(o.query), shape.queryLength(), shape, o.backward));
        IValue key = value(heads(copy(o.key), shape.keyLength(), shape, o.backward));
        IValue val = value(heads(copy(o.value), shape.keyLength(), shape, o.backward));
        IValue causal = value(shape.causal() && shape.queryLength() > 1);
        IValue dropout = value(0.0);
        IValue mask = none();
        IValue scale = value(shape.scale());
        PyTorchOperator forward = new PyTorchOperator("_scaled_dot_product_flash_attention_for_cpu", query, key, val, dropout,
                causal, mask, scale);
        PyTorchOperator backward = new PyTorchOperator("_scaled_dot_product_flash_attention_for_cpu_backward");
        IValue dOutput = value(heads(copy(o.dOutput), shape.queryLength(), shape, o.backward));
        Runnable operation = !o.backward ? forward::run : () -> {
            forward.run();
            backward.run(dOutput, query, key, val, forward.returned(0), forward.returned(1), dropout, causal, mask, scale);
        };
        // Two threads of the BLAS below two threads of attention would wait for each other.
        return new Prepared(threads, 1, operation, index -> (index == 0 ? forward.returned(0) : backward.returned(index - 1))
                .toTensor().transpose(1, 2));
    }

    /** A matrix as sequences x heads x positions x width: as the projection leaves it, or each head contiguous. */
    private static Tensor heads(Tensor matrix, int length, AttentionShape shape, boolean asProjected) {
        Tensor view = matrix.view(shape.batch(), length, shape.heads(), shape.headWidth()).transpose(1, 2);
        return asProjected ? view : view.contiguous();
    }

    @Override
    public Task softmax(SoftmaxCase o, int threads) {
        Tensor out = empty(o.rows, o.columns);
        IValue columns = value(1L);
        return writing(threads, out, o.backward
                ? new PyTorchOperator("_softmax_backward_data.out", value(copy(o.dy)), value(copy(o.y)), columns, float32(),
                        value(out))
                : new PyTorchOperator("_softmax.out", value(copy(o.x)), columns, value(false), value(out)));
    }

    @Override
    public Task layerNorm(LayerNormCase o, int threads) {
        IValue x = value(copy(o.x));
        IValue gain = value(copy(o.gain));
        IValue shift = value(copy(o.shift));
        IValue shape = PyTorchOperator.integers(o.columns);
        PyTorchOperator operator;
        if (o.backward) {
            IValue mean = value(copy(o.mean).view(o.rows, 1));
            IValue rstd = value(copy(o.rstd).view(o.rows, 1));
            operator = new PyTorchOperator("native_layer_norm_backward", value(copy(o.dy)), x, shape, mean, rstd, gain, shift,
                    PyTorchOperator.flags(true, true, true));
        } else {
            operator = new PyTorchOperator("native_layer_norm", x, shape, gain, shift, value(LayerNormCase.EPSILON));
        }
        return new Prepared(threads, threads, operator::run, index -> operator.returned(index).toTensor());
    }

    @Override
    public Task gelu(GeluCase o, int threads) {
        Tensor out = empty(o.rows, o.columns);
        IValue x = value(copy(o.x));
        IValue approximation = new IValue(o.function == Activation.GELU_TANH ? "tanh" : "none");
        return writing(threads, out, o.backward
                ? new PyTorchOperator("gelu_backward.grad_input", value(copy(o.dy)), x, approximation, value(out))
                : new PyTorchOperator("gelu.out", x, approximation, value(out)));
    }

    /** The four operators that cross_entropy_loss and its backward pass run. */
    @Override
    public Task crossEntropy(CrossEntropyCase o, int threads) {
        IValue columns = value(1L);
        IValue targets = value(ids(o.targets));
        IValue logProbabilities = value(empty(o.rows, o.columns));
        IValue dLogProbabilities = value(empty(o.rows, o.columns));
        Tensor loss = empty();
        Tensor gradient = empty(o.rows, o.columns);
        IValue count = value(empty());
        IValue weights = none();
        IValue mean = value(MEAN);
        IValue ignored = value(IGNORED_CLASS);
        PyTorchOperator logSoftmax = new PyTorchOperator("_log_softmax.out", value(copy(o.logits)), columns, value(false),
                logProbabilities);
        PyTorchOperator nll = new PyTorchOperator("nll_loss_forward.output", logProbabilities, targets, weights, mean, ignored,
                value(loss), count);
        PyTorchOperator nllBackward = new PyTorchOperator("nll_loss_backward.grad_input", value(torch.ones()),
                logProbabilities, targets, weights, mean, ignored, count, dLogProbabilities);
        PyTorchOperator logSoftmaxBackward = new PyTorchOperator("_log_softmax_backward_data.out", dLogProbabilities,
                logProbabilities, columns, float32(), value(gradient));
        return new Prepared(threads, threads, () -> {
            logSoftmax.run();
            nll.run();
            nllBackward.run();
            logSoftmaxBackward.run();
        }, index -> index == 0 ? loss : gradient);
    }

    /** The fused kernel of torch.optim.AdamW(fused=True). */
    @Override
    public Task adamW(AdamWCase o, int threads) {
        Tensor parameter = copy(o.parameter);
        PyTorchAdamW adamW = new PyTorchAdamW(List.of(parameter), AdamWCase.SETTINGS.weightDecay());
        IValue gradients = tensors(List.of(copy(o.gradient)));
        return new Prepared(threads, threads, () -> adamW.step(gradients),
                index -> index == 0 ? parameter : adamW.moment(index));
    }

    @Override
    public Task embedding(EmbeddingCase o, int threads) {
        IValue ids = value(ids(o.ids));
        if (o.backward) {
            PyTorchOperator operator = new PyTorchOperator("embedding_dense_backward", value(copy(o.dy)), ids,
                    value((long) o.vocabulary), value(-1L), value(false));
            return new Prepared(threads, threads, operator::run, index -> operator.returned(0).toTensor());
        }
        Tensor out = empty(o.rows, o.columns);
        return writing(threads, out, new PyTorchOperator("index_select.out", value(copy(o.table)), value(0L), ids, value(out)));
    }

    @Override
    public Task trainingStep(TrainingStepCase o, int threads) {
        PyTorchGpt gpt = new PyTorchGpt(o, threads);
        return new Prepared(threads, threads, gpt::step, index -> gpt.loss());
    }
}
