#!/usr/bin/env python3
"""hive against transformers + PEFT, side by side: the table in NOTES.md.

    compare.py [--hive PROGRAM] [--work FOLDER] [--rounds 3] [--case NAME]... [--json FILE]

For every case, in every round, one step of each program on the same base, the same tokens and the same
number of threads, in turn (PEFT first in even rounds, hive first in odd ones). Printed are the medians,
and the median and spread of the paired ratios. Whole-process peak memory is what the system counted for
each program. The machine's peak is measured in every round.

The losses must agree: exactly where there is no dropout (to 1e-4), to 3 % where the masks differ.

A Python environment with torch (gigabytes), transformers and peft is made in FOLDER when there is none.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PACKAGES = ["torch", "transformers", "peft", "accelerate", "safetensors", "gguf", "numpy"]
GGUF_BASE = "smollm2-135m-instruct-q4_1"

# name, base, method, dropout, tokens per record, share masked, least ratio, ratio aimed at
CASES = [
    ("smollm2-256", "smollm2", "dora", 0.1, 256, 0.0, 2.5, 3.2),
    ("smollm2-800", "smollm2", "dora", 0.1, 800, 0.0, 2.5, 3.2),
    ("smollm2-256-masked", "smollm2", "dora", 0.1, 256, 0.7, 2.9, 4.0),
    ("smollm2-800-masked", "smollm2", "dora", 0.1, 800, 0.7, 2.9, 4.0),
    ("qwen3-256", "qwen3-0.6b", "dora", 0.1, 256, 0.0, 2.1, 2.8),
    ("qwen3-256-masked", "qwen3-0.6b", "dora", 0.1, 256, 0.7, 2.6, 3.4),
    ("smollm2-256-lora", "smollm2", "lora", 0.0, 256, 0.0, 1.25, 1.6),
]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hive", type=Path, default=ROOT / "target/release/hive")
    parser.add_argument("--work", type=Path, default=ROOT / "target/bench", help="bases, tokens and the environment")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--accum", type=int, default=4, help="micro-batches of two records in a step")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--case", action="append", choices=[case[0] for case in CASES], help="only this one; repeatable")
    parser.add_argument("--json", type=Path, help="write every measurement here")
    return parser.parse_args()


def output(command, **more):
    """What a program printed last; its complaints when it failed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def environment(work):
    python = work / "venv/bin/python"
    works = [python, "-c", "import torch, peft, transformers, gguf"]
    if not python.exists() or subprocess.run(works, capture_output=True).returncode != 0:
        print("installing torch, transformers and peft", file=sys.stderr)
        venv.create(work / "venv", with_pip=True)
        output([python, "-m", "pip", "install", "-q", *PACKAGES])
    return python


def prepared(args, python, case):
    """The case's base and tokens, made when missing."""
    _, base, _, _, seq, masked, *_ = case
    folder = args.work / base
    if not (folder / "model.safetensors").exists():
        gguf = []
        if base == "smollm2":
            output([args.hive, "model", "pull", GGUF_BASE])
            gguf = ["--gguf", output([args.hive, "model", "path", GGUF_BASE])]
        output([python, HERE / "peft_step.py", "export", base, folder, *gguf])
    tokens = args.work / f"{base}-{seq}-{masked}-{args.accum}.safetensors"
    if not tokens.exists():
        output(
            [python, HERE / "peft_step.py", "tokens", tokens, "--base", folder]
            + ["--seq", seq, "--masked", masked, "--accum", args.accum]
        )
    return folder, tokens


def peft(args, python, case, base, tokens):
    _, _, method, dropout, *_ = case
    command = [python, HERE / "peft_step.py", "train", base, tokens, "--threads", args.threads]
    return json.loads(output([*command, "--method", method, "--dropout", dropout]))


def hive(args, case, base, tokens):
    _, _, method, dropout, seq, *_ = case
    command = [args.hive, "bench", "train", "--base", base, "--batch-file", tokens, "--json", "--steps", 2]
    command += ["--method", method, "--dropout", dropout, "--batch", 2, "--seq", seq]
    return json.loads(output(command, env={**os.environ, "HIVE_THREADS": str(args.threads)}))


def check(case, theirs, ours):
    name, _, _, dropout, *_ = case
    apart = abs(ours["losses"][0] / theirs["loss"] - 1)
    if apart > (0.03 if dropout else 1e-4):
        sys.exit(f"{name}: the losses differ: {theirs['loss']} and {ours['losses'][0]}")
    if ours["trainable"] != theirs["trainable"]:
        sys.exit(f"{name}: trainable parameters differ: {theirs['trainable']} and {ours['trainable']}")


def main():
    args = parse()
    args.work.mkdir(parents=True, exist_ok=True)
    python = environment(args.work)
    cases = [case for case in CASES if not args.case or case[0] in args.case]
    places = {case[0]: prepared(args, python, case) for case in cases}
    found = {case[0]: [] for case in cases}
    peaks = []
    for turn in range(args.rounds):
        machine = json.loads(output([args.hive, "bench", "machine", "--json"]))
        peaks.append(machine["multiply_add_gflop_per_s"])
        for case in cases:
            runs = [lambda: peft(args, python, case, *places[case[0]]), lambda: hive(args, case, *places[case[0]])]
            if turn % 2:
                ours, theirs = runs[1](), runs[0]()
            else:
                theirs, ours = runs[0](), runs[1]()
            check(case, theirs, ours)
            found[case[0]].append({"peft": theirs, "hive": ours, "peak_gflop_per_s": peaks[-1]})
            print(
                f"round {turn + 1}, {case[0]}: PEFT {theirs['tokens_per_s']} tokens/s in {theirs['peak_rss_mb']} MB, "
                f"hive {ours['tokens_per_s']} in {ours['peak_rss_mb']}",
                file=sys.stderr,
            )
            if args.json:
                args.json.write_text(json.dumps(found, indent=1))
    print(f"multiply-add peak {statistics.median(peaks):.0f} GFLOP/s, {args.threads} threads, {args.rounds} rounds\n")
    print("| case | PEFT tokens/s | hive tokens/s | ratio (spread) | at least | aim | PEFT MB | hive MB | share | of the peak |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, *_, least, aim in cases:
        rows = found[name]
        of = lambda who, what: statistics.median(row[who][what] for row in rows)
        ratios = [row["hive"]["tokens_per_s"] / row["peft"]["tokens_per_s"] for row in rows]
        memory = statistics.median(row["hive"]["peak_rss_mb"] / row["peft"]["peak_rss_mb"] for row in rows)
        share = statistics.median(row["hive"]["useful_gflop_per_s"] / row["peak_gflop_per_s"] for row in rows)
        print(
            f"| {name} | {of('peft', 'tokens_per_s'):.1f} | {of('hive', 'tokens_per_s'):.1f} "
            f"| {statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f}) | {least}× | {aim}× "
            f"| {of('peft', 'peak_rss_mb'):.0f} | {of('hive', 'peak_rss_mb'):.0f} | {memory:.2f} | {share:.0%} |"
        )


if __name__ == "__main__":
    main()
