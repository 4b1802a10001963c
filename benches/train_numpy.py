#!/usr/bin/env python3
"""The training of `repro-audit train` as an ordinary program has it: NumPy, binary32, NumPy's own random numbers.

Prints the mean and the standard deviation of the accuracy over seeds, on the images of the test that `train` has, and the
seconds of a step. Needs NumPy. `train_numpy.py [SEEDS]`
"""

import gzip
import pathlib
import statistics
import sys
import time

import numpy as np

FILE = pathlib.Path(__file__).resolve().parent.parent / "assets" / "optical-digits.gz"
WIDTHS = [64, 128, 64, 10]
TEST, BATCH, EPOCHS, RATE, MOMENTUM, DROP = 360, 32, 20, 0.0625, 0.875, 0.2
SPLIT_SEED = 1797


def first_word(counter, seed):
    """The first word of Philox4x32-10 of (counter, 0, 0, 0)."""
    c, k, mask = [counter, 0, 0, 0], [seed & 0xFFFFFFFF, seed >> 32], 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & mask, (a >> 32) ^ c[3] ^ k[1], a & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c[0]


def data():
    """Images and labels of the training and of the test, split as `train` splits them."""
    rows = np.frombuffer(gzip.decompress(FILE.read_bytes()), dtype=np.uint8).reshape(-1, 65)
    order = [i for _, i in sorted((first_word(i, SPLIT_SEED), i) for i in range(len(rows)))]
    images, labels = rows[:, :64].astype(np.float32) / np.float32(16), rows[:, 64].astype(np.int64)
    test, train = order[:TEST], order[TEST:]
    return images[train], labels[train], images[test], labels[test]


def forward(weights, rows, masks):
    """What every layer gives: the images, the hidden layers, the logits."""
    layers = [rows]
    for at, (weight, bias) in enumerate(weights):
        sums = layers[-1] @ weight + bias
        if at + 1 < len(weights):
            sums = np.maximum(sums, 0)
            if masks is not None:
                sums = sums * masks[at]
        layers.append(sums)
    return layers


def step(weights, velocities, rows, labels, masks):
    layers = forward(weights, rows, masks)
    shares = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
    delta = shares / shares.sum(axis=1, keepdims=True)
    delta[np.arange(len(labels)), labels] -= 1
    for at in reversed(range(len(weights))):
        gradients = layers[at].T @ delta / len(labels), delta.mean(axis=0)
        if at > 0:
            delta = (delta @ weights[at][0].T) * masks[at - 1] * (layers[at] > 0)
        for place, gradient in enumerate(gradients):
            velocities[at][place][...] = velocities[at][place] * np.float32(MOMENTUM) + gradient
            weights[at][place][...] -= np.float32(RATE) * velocities[at][place]


def trained(seed, images, labels):
    """Weights after all epochs, and the seconds of a step."""
    draw = np.random.default_rng(seed)
    uniform = lambda inputs, *shape: draw.uniform(-(inputs**-0.5), inputs**-0.5, shape).astype(np.float32)
    weights = [[uniform(i, i, o), uniform(i, o)] for i, o in zip(WIDTHS, WIDTHS[1:])]
    velocities = [[np.zeros_like(part) for part in layer] for layer in weights]
    started, steps = time.perf_counter(), 0
    for _ in range(EPOCHS):
        order = draw.permutation(len(images))
        for first in range(0, len(images) - BATCH + 1, BATCH):
            batch = order[first : first + BATCH]
            masks = [
                (draw.random((BATCH, width)) >= DROP).astype(np.float32) / np.float32(1 - DROP) for width in WIDTHS[1:-1]
            ]
            step(weights, velocities, images[batch], labels[batch], masks)
            steps += 1
    return weights, (time.perf_counter() - started) / steps


def main():
    images, labels, test, truth = data()
    accuracies, seconds = [], []
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 10):
        weights, each = trained(seed, images, labels)
        accuracies.append(100 * float((forward(weights, test, None)[-1].argmax(axis=1) == truth).mean()))
        seconds.append(each)
    print(f"accuracy {statistics.mean(accuracies):.2f} ± {statistics.stdev(accuracies):.2f} %, {len(accuracies)} seeds")
    print(f"step {1e6 * statistics.median(seconds):.0f} us")


if __name__ == "__main__":
    main()
