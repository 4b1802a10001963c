"""JAX's random bits and uniform values against `repro-audit rng streams`, word by word. Run by ci/jax-stream."""

import csv
import subprocess
import sys

import jax
import numpy

SHAPES = [(1,), (2,), (5,), (7, 3), (101, 100), (2, 3, 5, 7), (1000, 1000)]
SEEDS = [0, 1, 42, 2**31, 2**32 - 1]
# A larger seed has a key of its own only with 64-bit types.
WIDE = [2**32, 2**40 + 9, 2**63 - 1]


def ours(program, framework, seed, shape, kind):
    """The words that the program gives."""
    command = [program, "rng", "streams", "--framework", framework, "--seed", str(seed), "--kind", kind, "--x64"]
    command += ["--shape", ",".join(map(str, shape)), "--show", "0", "--format", "csv"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    words = [int(row["word"], 16) for row in csv.DictReader(text.splitlines())]
    return numpy.array(words, dtype=numpy.uint32).reshape(shape)


def theirs(seed, shape, kind):
    """The words that JAX gives."""
    key = jax.random.key(seed)
    if kind == "bits":
        return numpy.asarray(jax.random.bits(key, shape, dtype="uint32"))
    return numpy.asarray(jax.random.uniform(key, shape, dtype="float32")).view(numpy.uint32)


def main():
    program = sys.argv[1]
    compared = words = wrong = 0
    for wide, seeds in ((False, SEEDS), (True, WIDE)):
        jax.config.update("jax_enable_x64", wide)
        for framework, partitionable in (("jax", True), ("jax-original", False)):
            jax.config.update("jax_threefry_partitionable", partitionable)
            for seed in seeds:
                # The largest shape once a layout and width, for the sake of time.
                for shape in SHAPES if seed == seeds[-1] else SHAPES[:-1]:
                    for kind in ("bits", "uniform"):
                        left, right = ours(program, framework, seed, shape, kind), theirs(seed, shape, kind)
                        compared += 1
                        words += left.size
                        if not numpy.array_equal(left, right):
                            wrong += 1
                            print(f"{framework} seed {seed} shape {shape} {kind}: {(left != right).sum()} differ")
    print(f"JAX {jax.__version__}: {compared} streams, {words} words, {wrong} differ")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
