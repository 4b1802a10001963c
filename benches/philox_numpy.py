"""The speed of NumPy's Philox on one thread, in 32-bit words a second: the best of several fills of 64 MiB.

NumPy has Philox4x64-10: a 64-bit word counts as two. Run by benches/philox.rs with PHILOX_NUMPY=python.
"""

import time

import numpy

WORDS = 1 << 24
bits = numpy.random.Philox(key=7)
generator = numpy.random.Generator(bits)
# Two ways to words; the faster one counts.
FILLS = (lambda: bits.random_raw(WORDS // 2), lambda: generator.bytes(4 * WORDS))
best = float("inf")
for fill in FILLS:
    for _ in range(10):
        start = time.perf_counter()
        fill()
        best = min(best, time.perf_counter() - start)
print(WORDS / best)
