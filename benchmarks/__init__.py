"""The figures, each beside a peer's in the same run: `python -m benchmarks [NAME ...] [--quick]`.

A benchmark is one file with a `BENCHMARK`: two sides, each of which does the same job in a folder
of its own and says how long it took, how many rows it was asked to store and how durable it was.
Sides take turns (ours, peer, ours, peer, ...), each after a collection of garbage, and medians are
compared. What both sides do alike, and where they cannot, stands at the top of each file.
"""
