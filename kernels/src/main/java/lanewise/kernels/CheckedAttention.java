package lanewise.kernels;

import java.util.Map;

final class CheckedAttention extends Checked<Attention> implements Attention {
    CheckedAttention(Map<ElementType, Column> columns) {
        super(columns, Column::attention);
    }

    @Override
    public void forward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp) {
        inputs(shape, query, key, value);
        Check.like("output", output, "query", query);
        if (logSumExp != null) {
            logSumExp(shape, query, logSumExp);
        }
        apartFromInputs("output", output, query, key, value);
        apartFromInputs("logSumExp", logSumExp, query, key, value);
        Check.apart("logSumExp", logSumExp, "output", output);
        of(query).forward(shape, query, key, value, output, logSumExp);
    }

    @Override
    public void backward(AttentionShape shape, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp, Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue) {
        inputs(shape, query, key, value);
        Check.like("output", output, "query", query);
        logSumExp(shape, query, logSumExp);
        Check.like("dOutput", dOutput, "query", query);
        Check.like("dQuery", dQuery, "query", query);
        Check.like("dKey", dKey, "key", key);
        Check.like("dValue", dValue, "value", value);
        gradient("dQuery", dQuery, query, key, value, output, logSumExp, dOutput);
        gradient("dKey", dKey, query, key, value, output, logSumExp, dOutput);
        gradient("dValue", dValue, query, key, value, output, logSumExp, dOutput);
        Check.apart("dKey", dKey, "dQuery", dQuery);
        Check.apart("dValue", dValue, "dQuery", dQuery);
        Check.apart("dValue", dValue, "dKey", dKey);
        of(query).backward(shape, query, key, value, output, logSumExp, dOutput, dQuery, dKey, dValue);
    }

    private static void inputs(AttentionShape shape, Tensor query, Tensor key, Tensor value) {
        Check.present("shape", shape);
        Check.sameType("key", key, "query", query);
        Check.matrix("query", query, (long) shape.batch() * shape.queryLength(),
                (long) shape.heads() * shape.headWidth(), "[batch queryLength, heads headWidth]");
        Check.matrix("key", key, (long) shape.batch() * shape.keyLength(),
                (long) shape.keyHeads() * shape.headWidth(), "[batch keyLength, keyHeads headWidth]");
        Check.like("value", value, "key", key);
    }

    private static void logSumExp(AttentionShape shape, Tensor query, Tensor logSumExp) {
        Check.sumType("logSumExp", logSumExp, "query", query);
        Check.matrix("logSumExp", logSumExp, (long) shape.batch() * shape.heads(), shape.queryLength(),
                "[batch heads, queryLength]");
    }

    private static void apartFromInputs(String name, Tensor result, Tensor query, Tensor key, Tensor value) {
        Check.apart(name, result, "query", query);
        Check.apart(name, result, "key", key);
        Check.apart(name, result, "value", value);
    }

    private static void gradient(String name, Tensor gradient, Tensor query, Tensor key, Tensor value, Tensor output,
            Tensor logSumExp, Tensor dOutput) {
        apartFromInputs(name, gradient, query, key, value);
        Check.apart(name, gradient, "output", output);
        Check.apart(name, gradient, "logSumExp", logSumExp);
        Check.apart(name, gradient, "dOutput", dOutput);
    }
}
