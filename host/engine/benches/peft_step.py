#!/usr/bin/env python3
"""One optimizer step of transformers + PEFT on the CPU, timed: the other side of `hive bench train`.

    peft_step.py export smollm2 BASE --gguf FILE   the base model as a Hugging Face folder, f32
    peft_step.py export qwen3-0.6b BASE            the same with random weights of that shape
    peft_step.py tokens TOKENS --base BASE --seq 256 --batch 2 --accum 4 [--masked 0.7]
    peft_step.py train BASE TOKENS --method dora --dropout 0.1

`hive bench train --base BASE --batch-file TOKENS` then works on the same weights and the same tokens.

What is timed, and how: f32; one step, that is micro-batches of `batch` records one after the other,
each forward and backward over all its tokens, then one AdamW update. The first micro-batch and the first
update warm up and do not count: `step_s` is the number of micro-batches times the median of the others,
plus the second update. (A whole step to warm up and three to time would take ten minutes on the larger
base, and say the same.) `loss` is the mean over the step's records, before the update.

Prints one JSON line. Needs torch, transformers, peft, safetensors, numpy and, for --gguf, gguf.
"""

import argparse
import json
import os
import resource
import statistics
import time
from pathlib import Path


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)

    export = commands.add_parser("export", help="write a base model as a Hugging Face folder")
    export.add_argument("kind", choices=["smollm2", "qwen3-0.6b"])
    export.add_argument("base", type=Path)
    export.add_argument("--gguf", type=Path, help="weights to dequantise, for smollm2")

    tokens = commands.add_parser("tokens", help="write random records as a batch file")
    tokens.add_argument("file", type=Path)
    tokens.add_argument("--base", type=Path, required=True)
    tokens.add_argument("--seq", type=int, default=256, help="tokens per record")
    tokens.add_argument("--batch", type=int, default=2, help="records per micro-batch")
    tokens.add_argument("--accum", type=int, default=4, help="micro-batches per step")
    tokens.add_argument("--masked", type=float, default=0.0, help="share of each record without loss, from its start")

    train = commands.add_parser("train", help="time a step")
    train.add_argument("base", type=Path)
    train.add_argument("file", type=Path)
    train.add_argument("--method", choices=["dora", "lora"], default="dora")
    train.add_argument("--dropout", type=float, default=0.0)
    train.add_argument("--rank", type=int, default=12)
    train.add_argument("--alpha", type=int, default=24)
    train.add_argument("--targets", default="q_proj,k_proj,v_proj,o_proj,up_proj,down_proj")
    train.add_argument("--lr", type=float, default=2e-4)
    train.add_argument("--batch", type=int, default=2, help="records per micro-batch")
    train.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def export(args):
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

    if args.kind == "smollm2":
        if args.gguf is None:
            raise SystemExit("smollm2 needs --gguf FILE: `hive model path smollm2-135m-instruct-q4_1` names one")
        stored = AutoModelForCausalLM.from_pretrained(args.gguf.parent, gguf_file=args.gguf.name, dtype=torch.float32)
        # transformers will not save what it read from a GGUF file, although it is plain f32 by now.
        if hasattr(stored.config, "quantization_config"):
            del stored.config.quantization_config
        model = type(stored)(stored.config)
        model.load_state_dict(stored.state_dict())
    else:
        torch.manual_seed(0)
        config = Qwen3Config(
            vocab_size=151936,
            hidden_size=1024,
            intermediate_size=3072,
            num_hidden_layers=28,
            num_attention_heads=16,
            num_key_value_heads=8,
            head_dim=128,
            rms_norm_eps=1e-6,
            max_position_embeddings=40960,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        )
        model = Qwen3ForCausalLM(config)
    model.save_pretrained(args.base, max_shard_size="100GB")


def tokens(args):
    import numpy
    from safetensors.numpy import save_file

    vocab = json.loads((args.base / "config.json").read_text())["vocab_size"]
    shape = (args.batch * args.accum, args.seq)
    ids = numpy.random.RandomState(0).randint(0, vocab, size=shape).astype(numpy.int64)
    labels = ids.copy()
    labels[:, : int(args.masked * args.seq)] = -100
    save_file({"input_ids": ids, "labels": labels, "attention_mask": numpy.ones_like(ids)}, args.file)


def train(args):
    # Before torch is imported: it reads this once.
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import peft
    import torch
    import transformers
    from safetensors.torch import load_file

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
    model.config.use_cache = False
    model = peft.get_peft_model(
        model,
        peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=args.rank,
            lora_alpha=args.alpha,
            lora_dropout=args.dropout,
            use_dora=args.method == "dora",
            target_modules=args.targets.split(","),
            bias="none",
        ),
    )
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=args.lr, weight_decay=0.0)

    data = load_file(args.file)
    ids, labels = data["input_ids"], data["labels"]
    records, seq = ids.shape
    accum = records // args.batch

    if accum < 2:
        raise SystemExit(f"{args.file} has {accum} micro-batch of {args.batch} records; at least 2 are needed")

    losses, micros, updates = [], [], []
    for i in range(accum):
        rows = slice(i * args.batch, (i + 1) * args.batch)
        begin = time.perf_counter()
        loss = model(input_ids=ids[rows], labels=labels[rows]).loss
        (loss / accum).backward()
        micros.append(time.perf_counter() - begin)
        losses.append(loss.item())
    for _ in range(2):
        begin = time.perf_counter()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        updates.append(time.perf_counter() - begin)
    step_s = accum * statistics.median(micros[1:]) + updates[1]
    print(
        json.dumps(
            {
                "tokens_per_s": round(records * seq / step_s, 2),
                "step_s": round(step_s, 4),
                "micros_s": [round(s, 3) for s in micros],
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "loss": statistics.mean(losses),
                "trainable": sum(p.numel() for p in trained),
                "threads": torch.get_num_threads(),
                "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    arguments = parse()
    {"export": export, "tokens": tokens, "train": train}[arguments.command](arguments)
