#!/usr/bin/env python3
"""A remote engine for repro-audit (docs/remote.md): NumPy.  repro-audit gpu --engine 'python3 examples/remote_numpy.py'"""
import json
import sys

import numpy as np

TYPES = {"f32": np.float32, "f16": np.float16, "u32": np.uint32, "i32": np.int32, "mask": np.uint32}
# An operation and NumPy's name for it, where that is another one.
NAMES = """abs ceil floor trunc sign degrees radians exp exp2 log log2 sqrt sin cos tan sinh cosh tanh fmod maximum minimum matmul add
sub:subtract mul:multiply div:divide pow:power round:rint atan2:arctan2 asin:arcsin acos:arccos atan:arctan asinh:arcsinh
acosh:arccosh atanh:arctanh"""
FUNCTIONS = {name.split(":")[0]: name.split(":")[-1] for name in NAMES.split()}
source, sink = sys.stdin.buffer, sys.stdout.buffer


def rows(reduce, x):
    return reduce(x, axis=-1, keepdims=True)


def layer_norm(x, gain, bias, eps):
    return (x - rows(np.mean, x)) / np.sqrt(rows(np.var, x) + x.dtype.type(eps)) * gain + bias


OPERATIONS = {
    "copy": lambda x: x,
    "dot": lambda a, b: rows(np.sum, a * b),
    "sum": lambda x: rows(np.sum, x),
    "max": lambda x: rows(np.max, x),
    "mean_variance": lambda x: np.concatenate([rows(np.mean, x), rows(np.var, x)], axis=-1),
    "softmax": lambda x: np.exp(x - rows(np.max, x)) / rows(np.sum, np.exp(x - rows(np.max, x))),
    "logsumexp": lambda x: rows(np.max, x) + np.log(rows(np.sum, np.exp(x - rows(np.max, x)))),
    "layer_norm": layer_norm,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "softplus": lambda x: np.maximum(x, 0) + np.log(1 + np.exp(-np.abs(x))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(0.79788456 * (x + 0.044715 * x * x * x))),
    "gelu_sigmoid": lambda x: x / (1 + np.exp(-1.702 * x)),
}


def operation(name, tensors, attributes):
    if name in FUNCTIONS:  # NumPy's own take their operands by place: x, or a and b.
        return getattr(np, FUNCTIONS[name])(*(tensors[key] for key in sorted(tensors)))
    return OPERATIONS[name](**tensors, **attributes)


def send(line, blobs=()):
    sink.write(json.dumps(line).encode() + b"\n" + b"".join(blobs))
    sink.flush()


def answer(task, blobs):
    name, output = task["operation"], task["output"]
    if name not in FUNCTIONS and name not in OPERATIONS:
        return {"answer": "skipped", "reason": "no such operation"}, []
    try:
        read = lambda t: np.frombuffer(blobs[t["blob"]], TYPES[t["dtype"]]).reshape(t["shape"])
        tensors = {key: read(tensor) for key, tensor in task["inputs"].items()}
        results = {}
        for _ in range(task["repeats"]):
            result = operation(name, tensors, task["attributes"])
            bits = np.ascontiguousarray(result, TYPES[output["dtype"]]).reshape(output["shape"]).tobytes()
            results[bits] = results.get(bits, 0) + 1
    except (KeyError, TypeError, ValueError) as error:
        return {"answer": "failed", "reason": str(error)}, []
    return {"answer": "ran", "results": [{"bytes": len(b), "runs": n} for b, n in results.items()]}, list(results)


np.seterr(all="ignore")
send({"protocol": 1, "engine": "NumPy", "version": np.__version__})
for text in source:
    task = json.loads(text)
    blobs = {blob["blob"]: source.read(blob["bytes"]) for blob in task["blobs"]}
    send(*answer(task, blobs))
