#!/usr/bin/env python3
"""A remote engine for repro-audit (docs/remote.md): NumPy.  repro-audit gpu --engine 'python3 examples/remote_numpy.py'"""
import json
import sys

import numpy as np

TYPES = {"f32": np.float32, "f16": np.float16, "u32": np.uint32, "i32": np.int32, "mask": np.uint32}
source, sink = sys.stdin.buffer, sys.stdout.buffer


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


OPERATIONS = {
    "copy": lambda x: x,
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "matmul": lambda a, b: a @ b,
    "dot": lambda a, b: (a * b).sum(axis=-1, dtype=np.float32),
    "sum": lambda x: x.sum(axis=-1, dtype=np.float32),
    "max": lambda x: x.max(axis=-1),
    "softmax": softmax,
    **{name: getattr(np, name) for name in ("exp", "exp2", "log", "log2", "sin", "cos", "tanh", "sqrt")},
}


def send(line, blobs=()):
    sink.write(json.dumps(line).encode() + b"\n")
    for blob in blobs:
        sink.write(blob)
    sink.flush()


def answer(task, blobs):
    operation = OPERATIONS.get(task["operation"])
    if operation is None:
        return {"answer": "skipped", "reason": "no such operation"}, []
    try:
        dtype = TYPES[task["output"]["dtype"]]
        tensors = {
            name: np.frombuffer(blobs[t["blob"]], TYPES[t["dtype"]]).reshape(t["shape"])
            for name, t in task["inputs"].items()
        }
        results = {}
        for _ in range(task["repeats"]):
            bits = np.ascontiguousarray(operation(**tensors), dtype).reshape(task["output"]["shape"]).tobytes()
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
