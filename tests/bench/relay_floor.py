#!/usr/bin/env python3
"""Compares the media workers with a bare forwarder: CPU per packet, loss, latency.

    relay_floor.py BUILD/tests/bench [--rate 5000 50000] [--streams 500] [--rounds 5] [--threads 1]

Both run all the time; slices of two seconds go to each in turn, so that whatever else the machine
does hits both alike; where that is allowed they go before other programs. CPU is the kernel's own
account of every thread of the forwarder. What is printed are medians; the ratio is the median of the
ratios of each round.
"""
import argparse
import json
import pathlib
import statistics
import subprocess

from processes import go_first


def stream_list(forwarder, streams):
    """Lines of LEFT LEFT-PHONE RIGHT RIGHT-PHONE; even ports, so that RTCP has room."""
    lines = []
    for i in range(streams):
        left, right = 10000 + 4 * i, 10002 + 4 * i
        lines.append(f"{forwarder}:{left} 127.9.0.1:{left} {forwarder}:{right} 127.9.0.2:{right}\n")
    return "".join(lines)


def cpu_ns(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


class Forwarder:
    def __init__(self, name, program, address, streams, threads):
        self.name, self.streams, self.slices = name, stream_list(address, streams), []
        self.process = subprocess.Popen([program, "-t", str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(self.streams)
        self.process.stdin.close()
        assert self.process.stdout.readline() == "ready\n"

    def slice(self, rtpgen, rate, seconds):
        before = cpu_ns(self.process.pid)
        out = subprocess.run([rtpgen, "-r", str(rate), "-s", str(seconds)], input=self.streams,
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        result = json.loads(out)
        result["cpu_us"] = (cpu_ns(self.process.pid) - before) / 1000 / result["received"]
        return result

    def end(self):
        self.process.kill()
        self.process.wait()


def median(slices, *path):
    def value(result):
        for key in path:
            result = result[key]
        return result
    return statistics.median(value(s) for s in slices)


def compare(forwarders, rtpgen, rate, rounds, seconds):
    slices = {f.name: [] for f in forwarders}
    for f in forwarders:
        f.slice(rtpgen, rate, 1)  # warm
    for n in range(rounds):
        # Who goes first alternates: the second slice of a round is not always the lucky one.
        for f in forwarders if n % 2 == 0 else reversed(forwarders):
            slices[f.name].append(f.slice(rtpgen, rate, seconds))
    floor = slices[forwarders[0].name]
    for f in forwarders:
        own = slices[f.name]
        ratio = statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(own, floor))
        print(f"{rate:6} packets/s  {f.name:8} {median(own, 'cpu_us'):6.2f} us/packet  ratio {ratio:5.3f}"
              f"  lost {sum(s['lost'] for s in own)}"
              f"  p50 {median(own, 'latency_us', 'p50'):6.1f} us  p99 {median(own, 'latency_us', 'p99'):6.1f} us"
              f"  (generator late {median(own, 'late_us'):.0f} us)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--rate", type=int, nargs="+", default=[5000, 50000])
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    go_first()
    forwarders = []
    try:
        for name, program, address in (("floor", "floor", "127.9.1.1"), ("relay", "relayer", "127.9.1.2")):
            forwarders.append(Forwarder(name, args.bench / program, address, args.streams, args.threads))
        for rate in args.rate:
            compare(forwarders, args.bench / "rtpgen", rate, args.rounds, args.seconds)
    finally:
        for f in forwarders:
            f.end()


if __name__ == "__main__":
    main()
