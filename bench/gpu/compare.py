#!/usr/bin/env python3
"""Times the rows of rows.txt in PyTorch, as lanewise.bench.gpu.GpuTimings does in Lanewise.

    compare.py RESULTS.json ROWS.txt SECONDS [--device cpu]

The same shapes and layouts, both sides warmed up, and the median over batches of runs that last 20 ms at least, between two events of
the device. SECONDS is the time after which no further row is begun. The file is written anew after each row. --device cpu is for trying
this script where there is no GPU.
"""
import argparse
import json
import math
import os
import re
import statistics
import time

WARM_UP = 0.3
BATCH = 0.02
BATCHES = 15
LONGEST = 2.5


class Missing(Exception):
    """What PyTorch has no operation for."""


def write(path, results):
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
        file.write("\n")
    os.replace(temporary, path)


def batch_seconds(torch, device, run, count):
    """How long so many runs take, from event to event."""
    if device == "cpu":
        begin = time.perf_counter()
        for _ in range(count):
            run()
        return time.perf_counter() - begin
    first = torch.cuda.Event(enable_timing=True)
    last = torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    first.record()
    for _ in range(count):
        run()
    last.record()
    last.synchronize()
    return first.elapsed_time(last) / 1e3


def measure(torch, device, run):
    """Milliseconds of a run, in each batch."""
    count = 1
    warm = 0.0
    batch_seconds(torch, device, run, 1)
    taken = batch_seconds(torch, device, run, count)
    while warm < WARM_UP or taken < BATCH:
        if taken < BATCH:
            count *= 2
        taken = batch_seconds(torch, device, run, count)
        warm += taken
    samples = []
    begin = time.monotonic()
    while len(samples) < BATCHES and (len(samples) < 3 or time.monotonic() - begin < LONGEST):
        samples.append(batch_seconds(torch, device, run, count) / count * 1e3)
    return samples


def element_type(torch, name):
    return {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}[name]


def prepare(torch, device, name):
    """A function that does a row's operation once."""
    operation, kind, rest = name.split(" ", 2)
    sizes = [int(digits) for digits in re.findall(r"\d+", rest)]
    dtype = element_type(torch, kind)
    set_tf32(torch, kind == "tf32" or operation == "training-step")
    functional = torch.nn.functional

    def random(*shape):
        return torch.randn(*shape, device=device, dtype=torch.float32).to(dtype)

    if operation == "copy":
        x, y = random(*sizes), random(*sizes)
        return lambda: y.copy_(x)
    if operation == "matmul":
        m, n, k = sizes
        a, b = random(m, k), random(k, n)
        c = torch.empty(m, n, device=device, dtype=dtype)
        return lambda: torch.matmul(a, b, out=c)
    if operation in ("attention-forward", "attention-backward"):
        return attention(torch, random, operation.endswith("backward"), *sizes)
    if operation == "softmax":
        x = random(*sizes)
        y = torch.empty_like(x)
        return lambda: torch.softmax(x, dim=-1, out=y)
    if operation in ("layer-norm", "layer-norm-backward"):
        rows, columns = sizes
        x, gain, shift, dy = random(rows, columns), random(columns), random(columns), random(rows, columns)
        if operation == "layer-norm":
            return lambda: functional.layer_norm(x, (columns,), gain, shift, 1e-5)
        inputs = [each.requires_grad_() for each in (x, gain, shift)]
        y = functional.layer_norm(x, (columns,), gain, shift, 1e-5)
        return lambda: torch.autograd.grad(y, inputs, dy, retain_graph=True)
    if operation == "cross-entropy":
        rows, columns = sizes
        logits = random(rows, columns).requires_grad_()
        targets = torch.randint(0, columns, (rows,), device=device)
        return lambda: torch.autograd.grad(functional.cross_entropy(logits, targets), logits)
    if operation == "adamw":
        parameter = random(*sizes).requires_grad_()
        parameter.grad = random(*sizes)
        optimizer = torch.optim.AdamW([parameter], lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
        return optimizer.step
    if operation == "training-step":
        layers, width, heads, vocabulary, batch, length = sizes
        return training_step(torch, device, dtype, layers, width, heads, vocabulary, batch, length)
    raise Missing("PyTorch is asked for no such operation")


def set_tf32(torch, allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def attention(torch, random, backward, sequences, heads, length, width):
    """Query, key and value are columns of one matrix, as a projection leaves them."""
    columns = heads * width
    projection = random(sequences, length, 3 * columns)

    def split(matrix):
        return matrix.view(sequences, length, heads, width).transpose(1, 2)

    inputs = [split(part).requires_grad_(backward) for part in projection.detach().split(columns, dim=2)]
    attend = torch.nn.functional.scaled_dot_product_attention
    if not backward:
        return lambda: attend(*inputs, is_causal=True)
    d_output = split(random(sequences, length, columns))
    output = attend(*inputs, is_causal=True)
    return lambda: torch.autograd.grad(output, inputs, d_output, retain_graph=True)


def training_step(torch, device, dtype, layers, width, heads, vocabulary, batch, length):
    """Forward, mean cross-entropy, backward, gradients clipped to norm 1, AdamW: eager, with autocast where the type is bfloat16."""
    functional = torch.nn.functional

    def weight(*shape, deviation=0.02):
        return torch.nn.Parameter(torch.randn(*shape, device=device) * deviation)

    class Block:
        """Attention and a feed-forward network, each on the normalised input and added to it; no biases."""

        def __init__(self):
            self.attention_gain = torch.nn.Parameter(torch.ones(width, device=device))
            self.network_gain = torch.nn.Parameter(torch.ones(width, device=device))
            self.projection = weight(3 * width, width)
            self.joining = weight(width, width, deviation=0.02 / math.sqrt(2 * layers))
            self.widening = weight(4 * width, width)
            self.narrowing = weight(width, 4 * width, deviation=0.02 / math.sqrt(2 * layers))

        def __call__(self, x):
            normed = functional.layer_norm(x, (width,), self.attention_gain)
            parts = functional.linear(normed, self.projection).split(width, dim=2)
            query, key, value = (part.view(batch, length, heads, width // heads).transpose(1, 2) for part in parts)
            attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + functional.linear(attended.transpose(1, 2).reshape(batch, length, width), self.joining)
            normed = functional.layer_norm(x, (width,), self.network_gain)
            return x + functional.linear(functional.gelu(functional.linear(normed, self.widening)), self.narrowing)

    tokens_table = weight(vocabulary, width)
    positions_table = weight(length, width)
    last_gain = torch.nn.Parameter(torch.ones(width, device=device))
    blocks = [Block() for _ in range(layers)]
    parameters = [tokens_table, positions_table, last_gain] + [each for block in blocks for each in vars(block).values()]
    optimizer = torch.optim.AdamW(
        [{"params": [each for each in parameters if each.dim() > 1], "weight_decay": 0.1},
         {"params": [each for each in parameters if each.dim() == 1], "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.99), fused=True)
    tokens = torch.randint(0, vocabulary, (batch, length), device=device)
    targets = torch.randint(0, vocabulary, (batch * length,), device=device)

    def step():
        with torch.autocast(device_type=device, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            x = functional.embedding(tokens, tokens_table) + positions_table
            for block in blocks:
                x = block(x)
            logits = functional.linear(functional.layer_norm(x, (width,), last_gain), tokens_table)
            loss = functional.cross_entropy(logits.view(batch * length, vocabulary), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    first = step().item()
    if not abs(first - math.log(vocabulary)) < 0.1 * math.log(vocabulary):
        raise RuntimeError(f"the first loss is {first}; expected about that of guessing")
    return step


def time_row(torch, device, name):
    try:
        samples = measure(torch, device, prepare(torch, device, name))
        return {"milliseconds": statistics.median(samples), "low": min(samples), "high": max(samples), "batches": len(samples)}
    except Missing as reason:
        return {"failure": str(reason)}
    except Exception as failure:  # whatever it is, the next row may work
        return {"failure": f"{type(failure).__name__}: {failure}".splitlines()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results")
    parser.add_argument("rows")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    begin = time.monotonic()
    try:
        import torch
    except ImportError as missing:
        raise SystemExit(f"there is no PyTorch: {missing}")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no GPU")
    results = {"version": torch.__version__, "rows": {}}
    if arguments.device == "cuda":
        results["device"] = torch.cuda.get_device_name()
    with open(arguments.rows, encoding="utf-8") as file:
        names = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for name in names:
        if time.monotonic() - begin > arguments.seconds:
            print(f"No time is left for {name} and what follows")
            break
        results["rows"][name] = time_row(torch, arguments.device, name)
        write(arguments.results, results)
        print(f"{name:60s} {results['rows'][name].get('milliseconds', results['rows'][name].get('failure'))}", flush=True)
        if arguments.device == "cuda":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
