package lanewise.transformer.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.models.Model;

/**
 * A task with a right answer: sums of two numbers as characters, such as {@code 27+58=580;}. Both numbers have a fixed
 * width; the sum has one digit more and is written from its last digit to its first, the order in which carries arise. Each
 * sequence is one problem, and only its answer (with the closing semicolon) counts in the loss.
 *
 * <p>About a tenth of the problems is held out, chosen by a hash of the two numbers that ignores their order: neither
 * 27+58 nor 58+27 is trained on when one of them is held out.
 */
public final class AdditionData implements DataSource<TokenBatch> {
    private static final int HELD_OUT_ONE_IN = 10;
    /** Up to two digits all held-out problems are evaluated, above that a sample of this size. */
    private static final int LARGEST_SAMPLE = 1000;

    private record Problem(long left, long right) {
    }

    private final CharTokenizer tokenizer = CharTokenizer.of("0123456789+=;");
    private final int digits;
    private final int batch;
    private final long seed;
    private final long limit;
    private final List<Problem> heldOut;

    /**
     * Problems of a width.
     *
     * @param digits digits of each number, 1 to 9
     * @param batch  problems per batch, 1 to 2^24
     * @throws IllegalArgumentException if either is out of range
     */
    public AdditionData(int digits, int batch, long seed) {
        if (digits < 1 || digits > 9) {
            throw new IllegalArgumentException("digits is " + digits + "; expected 1 to 9");
        }
        if (batch < 1 || batch > 1 << 24) {
            throw new IllegalArgumentException("batch is " + batch + "; expected 1 to " + (1 << 24));
        }
        this.digits = digits;
        this.batch = batch;
        this.seed = seed;
        limit = Math.round(Math.pow(10, digits));
        heldOut = digits <= 2 ? allHeldOut() : someHeldOut();
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Tokens per sequence: a whole problem but its last character, which is only ever a target. */
    public int context() {
        return 3 * digits + 3;
    }

    /** Number of held-out problems. */
    public int heldOutProblems() {
        return heldOut.size();
    }

    /** Whether a problem, in either order, is kept from training. */
    public boolean isHeldOut(long left, long right) {
        long key = Math.min(left, right) * limit + Math.max(left, right);
        return Long.remainderUnsigned(new SplittableRandom(key).nextLong(), HELD_OUT_ONE_IN) == 0;
    }

    @Override
    public TokenBatch trainingBatch(long serial) {
        SplittableRandom random = RandomStream.at(seed, serial);
        List<Problem> problems = new ArrayList<>(batch);
        while (problems.size() < batch) {
            Problem problem = new Problem(random.nextLong(limit), random.nextLong(limit));
            if (!isHeldOut(problem.left, problem.right)) {
                problems.add(problem);
            }
        }
        return pack(problems);
    }

    @Override
    public List<TokenBatch> heldOut() {
        List<TokenBatch> batches = new ArrayList<>();
        for (int i = 0; i < heldOut.size(); i += batch) {
            batches.add(pack(heldOut.subList(i, Math.min(i + batch, heldOut.size()))));
        }
        return batches;
    }

    @Override
    public long tokens(TokenBatch batch) {
        return batch.tokens().length;
    }

    /**
     * The share of held-out problems that a model answers exactly. Every position of an answer must be the most probable
     * one given the right characters before it, which is the case exactly if greedy generation gives the right answer.
     */
    public double exactAccuracy(Model<TokenBatch> model) {
        int right = 0;
        for (Problem problem : heldOut) {
            Evaluation evaluation = model.evaluate(pack(List.of(problem)));
            if (evaluation.correct() == evaluation.counted()) {
                right++;
            }
        }
        return (double) right / heldOut.size();
    }

    /**
     * A problem with a model's answer, readable: {@code 27 + 58 = 85}, or with the right answer added where the model is
     * wrong.
     *
     * @param generate continues a prompt's tokens by a number of most probable tokens; returns only the new ones
     * @throws IllegalArgumentException if a number is negative or has too many digits
     */
    public String solve(long left, long right, BiFunction<int[], Integer, int[]> generate) {
        if (left < 0 || right < 0 || left >= limit || right >= limit) {
            throw new IllegalArgumentException(
                    left + " + " + right + " is no problem of " + digits + (digits == 1 ? " digit" : " digits"));
        }
        String[] sides = format(new Problem(left, right)).split("=");
        String given = tokenizer.decode(generate.apply(tokenizer.encode(sides[0] + "="), sides[1].length()));
        String line = left + " + " + right + " = " + readable(given);
        return given.equals(sides[1]) ? line : line + "   wrong: it is " + (left + right);
    }

    /**
     * Held-out problems with a model's answers, as {@link #solve} gives them.
     *
     * @param count number of problems, evenly spaced over the held-out ones
     */
    public List<String> samples(int count, BiFunction<int[], Integer, int[]> generate) {
        List<String> lines = new ArrayList<>();
        int shown = Math.min(count, heldOut.size());
        for (int i = 0; i < shown; i++) {
            Problem problem = heldOut.get((int) ((long) i * heldOut.size() / shown));
            lines.add(solve(problem.left, problem.right, generate));
        }
        return lines;
    }

    private static String readable(String answer) {
        String sum = new StringBuilder(answer.replace(";", "")).reverse().toString();
        return sum.replaceFirst("^0+(?=\\d)", "");
    }

    private String format(Problem problem) {
        String sum = padded(problem.left + problem.right, digits + 1);
        return padded(problem.left, digits) + "+" + padded(problem.right, digits) + "="
                + new StringBuilder(sum).reverse() + ";";
    }

    private static String padded(long number, int width) {
        String text = Long.toString(number);
        return "0".repeat(width - text.length()) + text;
    }

    private TokenBatch pack(List<Problem> problems) {
        int length = context();
        int answer = 2 * digits + 1; // the position of "=", whose target is the first digit of the answer
        int[] tokens = new int[problems.size() * length];
        int[] targets = new int[tokens.length];
        Arrays.fill(targets, TokenBatch.IGNORED);
        for (int b = 0; b < problems.size(); b++) {
            int[] whole = tokenizer.encode(format(problems.get(b)));
            System.arraycopy(whole, 0, tokens, b * length, length);
            System.arraycopy(whole, answer + 1, targets, b * length + answer, length - answer);
        }
        return new TokenBatch(problems.size(), length, tokens, targets);
    }

    private List<Problem> allHeldOut() {
        List<Problem> problems = new ArrayList<>();
        for (long left = 0; left < limit; left++) {
            for (long right = 0; right < limit; right++) {
                if (isHeldOut(left, right)) {
                    problems.add(new Problem(left, right));
                }
            }
        }
        return problems;
    }

    /** The same problems for every run, whatever its seed. */
    private List<Problem> someHeldOut() {
        SplittableRandom random = RandomStream.at(digits);
        List<Problem> problems = new ArrayList<>();
        while (problems.size() < LARGEST_SAMPLE) {
            Problem problem = new Problem(random.nextLong(limit), random.nextLong(limit));
            if (isHeldOut(problem.left, problem.right)) {
                problems.add(problem);
            }
        }
        return problems;
    }
}
