# SPDX-License-Identifier: GPL-2.0-only
"""`make bench-check`: faults seeded into converted drivers, for `check` to find.

    bench_check.py --list [VERSION|TREE] [--own] [--each N]

--list prints each fault, one a line, and how many there are of each kind: in the own corpus, and
in every real driver that corpus/kernel.toml calls converted. --own leaves the real drivers out;
--each is how many faults of a kind a file of a real driver gets (2).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from kernel.seed_faults import KINDS
from kernel.seed_subjects import folders, own, real

from netmem_migrate.kernel_fetch import pick


def main() -> int:
    """Print the faults. Without --list there is nobody to judge them: exit code 4."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("kernel", nargs="?", help="version or tree; the newest one by default")
    parser.add_argument("--list", action="store_true", help="print the faults")
    parser.add_argument("--own", action="store_true", help="only the own corpus")
    parser.add_argument("--each", type=int, default=2, help="faults of a kind and file (2)")
    args = parser.parse_args()
    if not args.list:
        print("netmem_migrate.check is not there yet, so nothing can find the faults; "
              "--list prints them", file=sys.stderr)
        return 4

    counts: dict[str, Counter[str]] = {"own": Counter(), "real": Counter()}
    subjects = [("own", subject) for subject in own()]
    if not args.own:
        root = pick(args.kernel).root
        subjects += [("real", real(folder, root)) for folder in folders(root)]
    for group, subject in subjects:
        for fault in subject.faults(1 if group == "own" else args.each):
            counts[group][fault.kind] += 1
            print(f"{fault.kind}: {subject.name}: {fault.path}:{fault.line}: {fault.was}")
    print(f"{'fault':38} {'own':>5} {'real':>5}")
    for kind in KINDS:
        print(f"{kind:38} {counts['own'][kind]:5} {counts['real'][kind]:5}")
    print(f"{'all':38} {counts['own'].total():5} {counts['real'].total():5}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
