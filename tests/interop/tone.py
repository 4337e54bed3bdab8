"""Finding a tone in what an exchange recorded (16-bit signed linear, 8 kHz)."""
import array
import math
import os

RATE = 8000
# A quarter of a second: every multiple of 4 Hz fits in whole periods.
WINDOW = RATE // 4
AUDIBLE = 300.0
# Of two tones at once each has half; a tone with a gap in it has the share that is left.
PURE = 0.6


def share(samples, frequency):
    """How much of the energy of the samples lies at one frequency, 0 to 1 (Goertzel)."""
    energy = sum(s * s for s in samples)
    if energy < AUDIBLE * AUDIBLE * len(samples):
        return 0.0
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    older = old = 0.0
    for sample in samples:
        older, old = old, sample + factor * old - older
    power = old * old + older * older - factor * old * older
    return 2 * power / (len(samples) * energy)


def heard(path, frequency):
    """True if the recording has a quarter of a second of that tone and little else in it."""
    if not os.path.exists(path):
        return False
    samples = array.array('h')
    with open(path, 'rb') as recording:
        samples.frombytes(recording.read()[:1 << 22])
    return any(share(samples[at:at + WINDOW], frequency) > PURE
               for at in range(0, len(samples) - WINDOW + 1, WINDOW // 2))
