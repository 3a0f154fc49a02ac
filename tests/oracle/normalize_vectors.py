#!/usr/bin/env python3
"""Writes tests/golden/normalize/vectors.json: local response normalization computed from the
published formulas with numpy in float64, for every preset, mode and layout, with gradients.

Run by hand when cases are added (needs numpy); the output is committed and replayed by
normalize_golden_test. Inputs are multiples of 1/128, so that one set serves every type.

    python3 tests/oracle/normalize_vectors.py > tests/golden/normalize/vectors.json
"""

import itertools
import json

import numpy as np

# Window, divisor and defaults of each framework, from its own documentation; not from our sources.
#   preset: (even window as (lo, hi) of n, alpha divided, default alpha, beta, bias)
PRESETS = {
    "alexnet": (lambda n: (n // 2, n // 2), False, 1e-4, 0.75, 2.0),
    "caffe": (None, True, 1.0, 0.75, 1.0),
    "pytorch": (lambda n: (n // 2, n // 2 - 1), True, 1e-4, 0.75, 1.0),
    "onnx": (lambda n: (n // 2 - 1, n // 2), True, 1e-4, 0.75, 1.0),
    "tensorflow": (None, False, 1.0, 0.5, 1.0),
    "cudnn": (lambda n: (n // 2 - 1, n // 2), True, 1e-4, 0.75, 2.0),
    "onednn": (lambda n: (n // 2 - 1, n // 2 - 1), True, 1e-4, 0.75, 1.0),
    "openvino": (lambda n: (n // 2, n // 2), True, None, None, None),
}


def shifted_sum(values, axes, lo, hi):
    """Sum over [-lo, +hi] along each of `axes`, zero outside: by padding and adding slices."""
    for axis in axes:
        size = values.shape[axis]
        pads = [(0, 0)] * values.ndim
        pads[axis] = (lo, hi)
        padded = np.pad(values, pads)
        values = sum(np.take(padded, range(t, t + size), axis=axis) for t in range(lo + hi + 1))
    return values


def compute(case, x, dy):
    n, rank = case["size"], len(case["shape"])
    even, divided, alpha, beta, bias = PRESETS[case["preset"]]
    lo, hi = (n // 2, n // 2) if n % 2 else even(n)
    alpha, beta, bias = (case.get(k, v) for k, v in
                         (("alpha", alpha), ("beta", beta), ("bias", bias)))
    channel = rank - 1 if case["layout"] == "channels_last" else 1
    axes = [channel]
    if case["mode"] == "within_channel":
        axes = [a for a in range(1, rank) if a != channel]
    a = alpha / float(n) ** len(axes) if divided else alpha
    if case["relu"]:
        passed = x > 0
        x = np.where(passed, x, 0.0)
    s = bias + a * shifted_sum(x * x, axes, lo, hi)
    y = x * s ** -beta
    dx = dy * s ** -beta - 2 * a * beta * x * shifted_sum(dy * y / s, axes, hi, lo)
    if case["relu"]:
        dx = np.where(passed, dx, 0.0)
    return {"lo": lo, "hi": hi, "a": a, "beta": beta, "k": bias}, y, dx


def cases():
    modes = ("across_channels", "within_channel")
    layouts = ("channels_first", "channels_last")
    for preset, mode, layout in itertools.product(PRESETS, modes, layouts):
        odd_only = PRESETS[preset][0] is None
        for size in (3, 5) if odd_only else (4, 5):
            extra = {"alpha": 0.9, "beta": 0.6, "bias": 1.5} if preset == "openvino" else {}
            yield {"preset": preset, "mode": mode, "layout": layout, "size": size,
                   "shape": [1, 5, 2, 4] if layout == "channels_first" else [1, 2, 4, 5],
                   "relu": size == 5 and layout == "channels_last", **extra}
    for shape in ([3, 9], [2, 7, 5], [1, 4, 3, 2, 3]):
        for mode in modes:
            if mode == "within_channel" and len(shape) == 2:
                continue
            yield {"preset": "onnx", "mode": mode, "layout": "channels_first", "size": 3,
                   "shape": shape, "relu": False, "alpha": 0.7, "bias": 0.3}
    for size in (1, 9, 15, 33):  # up to far more than there are channels
        yield {"preset": "caffe", "mode": "across_channels", "layout": "channels_first",
               "size": size, "shape": [1, 8, 2, 2], "relu": False}
    for beta in (0.25, 0.5, 1.0, 2.0):
        yield {"preset": "pytorch", "mode": "across_channels", "layout": "channels_first",
               "size": 4, "shape": [1, 9, 2, 2], "relu": False, "alpha": 2.0, "beta": beta}
    yield {"preset": "tensorflow", "mode": "across_channels", "layout": "channels_last",
           "size": 11, "shape": [1, 1, 2, 7], "relu": False, "bias": 0.0}


def main():
    rng = np.random.default_rng(20)
    rows = []
    for case in cases():
        count = int(np.prod(case["shape"]))
        x = (rng.integers(-400, 400, count) / 128).reshape(case["shape"])
        dy = (rng.integers(-200, 200, count) / 128).reshape(case["shape"])
        resolved, y, dx = compute(case, x, dy)
        rows.append(json.dumps({**case, "resolved": resolved, "input": x.ravel().tolist(),
                                "output": y.ravel().tolist(),
                                "output_gradient": dy.ravel().tolist(),
                                "input_gradient": dx.ravel().tolist()}))
    print("[\n" + ",\n".join(rows) + "\n]")


if __name__ == "__main__":
    main()
