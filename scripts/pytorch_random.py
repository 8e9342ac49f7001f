"""Random choices, computed again: Xoshiro256++ and what `rand` 0.10 makes of its bits.

Training draws flips, windows, noise and augmentation from a generator that is seeded for every batch; an attack
draws its restarts from one that is seeded for every picture. With the same numbers here, PyTorch can repeat both
from their seeds. The algorithms are those of `rand` 0.10.3 and `rand_distr` 0.6 (files named below); if a new version
of either changes them, the comparison fails, as it should: the same seed would no longer give the same training.
"""
import math

MASK = 2**64 - 1


def _normal_table(levels=256, r=3.654152885361008796, area=0.00492867323399):
    """The x of Doornik's ziggurat (2005), as `rand_distr`'s ziggurat_tables.py computes them, and their densities."""
    density = lambda x: math.exp(-x * x / 2)
    x = [area / density(r), r]
    for _ in range(2, levels):
        x.append(math.sqrt(-2 * math.log(area / x[-1] + density(x[-1]))))
    x.append(0.0)
    return x, [density(value) for value in x]


class Generator:
    """`Xoshiro256PlusPlus::seed_from_u64(seed)` (rand/src/rngs/xoshiro256plusplus.rs)."""

    X, DENSITY = _normal_table()

    def __init__(self, seed):
        self.state = []
        for _ in range(4):  # SplitMix64
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))

    def bits64(self):
        s = self.state
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)
        return result

    def bits32(self):
        return self.bits64() >> 32

    def boolean(self):
        """`random_bool(0.5)` (rand/src/distr/bernoulli.rs)."""
        return self.bits64() < 2**63

    def integer(self, count):
        """`random_range(0..count)` of an integer of 32 bits, or of a small `usize` (uniform_int.rs, Canon's method)."""
        result, low = divmod(self.bits32() * count, 2**32)
        if low > 2**32 - count:
            result += low + (self.bits32() * count >> 32) >= 2**32
        return result

    def uniform(self, low, high):
        """`random_range(low..high)` or `(low..=high)` of an `f32`, up to its rounding (uniform_float.rs)."""
        return low + (high - low) * (self.bits32() >> 9) / 2**23

    def unit(self):
        """`random::<f64>()` (float.rs): 53 bits, in [0, 1)."""
        return (self.bits64() >> 11) / 2**53

    def normal(self):
        """`sample(StandardNormal)` (rand_distr/src/normal.rs and utils.rs: the ziggurat)."""
        open01 = lambda: ((self.bits64() >> 12) + 0.5) / 2**52
        while True:
            bits = self.bits64()
            i, u = bits & 0xFF, (bits >> 12) / 2**51 - 1
            x = u * self.X[i]
            if abs(x) < self.X[i + 1]:
                return x
            if i == 0:
                r = self.X[1]
                while True:
                    x, y = math.log(open01()) / r, math.log(open01())
                    if -2 * y >= x * x:
                        return x - r if u < 0 else r - x
            upper, lower = self.DENSITY[i], self.DENSITY[i + 1]
            if lower + (upper - lower) * self.unit() < math.exp(-x * x / 2):
                return x
