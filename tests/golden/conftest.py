"""What bears the wire names of `first.py` with another meaning is imported by no other process."""

collect_ignore = ["later.py", "later_upcasters.py"]
