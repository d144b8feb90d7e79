#!/usr/bin/env python3
"""Whether others read what hive writes, and compute the same.

    interop.py [--hive PROGRAM] [--work FOLDER] [--adapter FOLDER] [--base ID]

1. PEFT loads the adapter as it is, on the base in Hugging Face's form; transformers loads the merged
   model. The logits of both must equal hive's to 1e-4, at every position of some prompts.
2. llama.cpp loads the merged model as GGUF (f32), and writes the same greedy text as hive.

Without --adapter a DoRA adapter with random values is made, so that nothing depends on a training. A Python
environment with torch (gigabytes), transformers, peft and xllamacpp is made in FOLDER when there is none.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["torch", "transformers", "peft", "safetensors", "numpy", "xllamacpp"]
TOLERANCE = 1e-4
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hive", type=Path, default=ROOT / "target/release/hive")
    parser.add_argument("--work", type=Path, default=ROOT / "target/interop", help="environment and models")
    parser.add_argument("--adapter", type=Path, help="a PEFT folder for the base; one is made unless given")
    parser.add_argument("--base", default="smollm2-135m-instruct-q4_1")
    return parser.parse_args()


def run(*command):
    """Standard output of a program that must succeed."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def in_environment(args):
    """Goes on in an environment that has the packages."""
    try:
        import peft, torch, transformers, xllamacpp  # noqa: E401,F401
    except ImportError:
        folder = args.work / "venv"
        python = folder / "bin/python"
        if os.environ.get("HIVE_INTEROP"):
            sys.exit(f"the environment in {folder} lacks one of {PACKAGES}: remove it")
        if not python.exists():
            print(f"making an environment in {folder}", file=sys.stderr)
            venv.create(folder, with_pip=True)
        run(python, "-m", "pip", "install", "--quiet", *PACKAGES)
        os.execve(python, [str(python), *sys.argv], {**os.environ, "HIVE_INTEROP": "1"})


def write_adapter(folder, config, scale, base=None):
    """A PEFT folder with random values of this size; zero gives the base itself. DoRA on the folder
    `base`, whose row norms the magnitudes are near; else LoRA."""
    import torch
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    dora = base is not None
    weights = load_file(base / "model.safetensors") if dora else {}
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim") or hidden // config["num_attention_heads"]
    q, kv = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    shapes = {
        "q_proj": ("self_attn", q, hidden), "k_proj": ("self_attn", kv, hidden), "v_proj": ("self_attn", kv, hidden),
        "o_proj": ("self_attn", hidden, q), "up_proj": ("mlp", inner, hidden), "down_proj": ("mlp", hidden, inner),
    }
    rank, tensors = 4, {}
    for layer in range(config["num_hidden_layers"]):
        for name in TARGETS:
            block, out, into = shapes[name]
            stem = f"base_model.model.model.layers.{layer}.{block}.{name}"
            tensors[f"{stem}.lora_A.weight"] = torch.randn(rank, into) / into**0.5
            tensors[f"{stem}.lora_B.weight"] = scale * torch.randn(out, rank)
            if dora:
                norms = weights[f"model.layers.{layer}.{block}.{name}.weight"].norm(dim=1)
                tensors[f"{stem}.lora_magnitude_vector"] = norms * (0.95 + 0.1 * torch.rand(out))
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    text = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "base", "r": rank, "lora_alpha": 8,
        "lora_dropout": 0.0, "use_dora": dora, "target_modules": TARGETS, "bias": "none", "fan_in_fan_out": False,
        "inference_mode": True, "init_lora_weights": True, "use_rslora": False, "rank_pattern": {}, "alpha_pattern": {},
    }
    (folder / "adapter_config.json").write_text(json.dumps(text))


def base_folder(args):
    """The base in Hugging Face's form, f32: merged with an adapter that does nothing."""
    folder = args.work / "base"
    if not (folder / "config.json").exists():
        nothing = args.work / "nothing"
        write_adapter(nothing, SMOLLM2, scale=0.0)
        run(args.hive, "adapter", "merge", "--base", args.base, "--adapter", nothing, "--out", folder, "--dtype", "f32")
    return folder


# At least 40 tokens each.
TEXTS = [
    "The river rises in the mountains, crosses two plains and a gorge, and reaches the sea after more than a thousand "
    "kilometres, at a delta where storks breed and ships wait for the tide before they go on to the harbour.",
    "SELECT customer_id, COUNT(*) AS orders, SUM(amount) FROM orders WHERE placed_at >= '2024-01-01' GROUP BY "
    "customer_id HAVING COUNT(*) > 3 ORDER BY orders DESC LIMIT 10; -- the ten customers who ordered most often",
]

# The shape of the default base. Another base is given as a folder, which has its own `config.json`.
SMOLLM2 = {
    "hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3,
    "num_hidden_layers": 30,
}


def logits_of_hive(args, adapter, ids):
    """Logits that hive computes: with the adapter, and merged, f32 [rows, tokens, vocabulary]."""
    import torch
    from safetensors.torch import load_file, save_file

    save_file({"input_ids": ids}, args.work / "ids.safetensors")
    out = args.work / "logits.safetensors"
    run(args.hive, "adapter", "probe", "--base", args.base, "--adapter", adapter, "--ids", args.work / "ids.safetensors",
        "--out", out, "--all", "--force")
    read = load_file(out)
    return {name: tensor.to(torch.float32) for name, tensor in read.items()}


def main():
    args = parse()
    in_environment(args)
    import torch
    import xllamacpp
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    args.work.mkdir(parents=True, exist_ok=True)
    base = base_folder(args) if args.base == "smollm2-135m-instruct-q4_1" else Path(args.base)
    config = json.loads((base / "config.json").read_text())
    adapter = args.adapter
    if adapter is None:
        adapter = args.work / "adapter"
        write_adapter(adapter, config, scale=0.01, base=base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = torch.tensor([tokenizer(text).input_ids[:40] for text in TEXTS], dtype=torch.int64)
    ours = logits_of_hive(args, adapter, ids)
    failed = []

    def compare(what, got, expected):
        far = (got - expected).abs().max().item()
        print(f"{what}: greatest difference {far:.2e} (allowed {TOLERANCE:.0e})")
        if not far <= TOLERANCE:
            failed.append(what)

    with torch.no_grad():
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        compare("transformers, base", model(ids).logits, ours["base_logits"])
        adapted = PeftModel.from_pretrained(model, adapter).eval()
        compare("PEFT, adapter as it is", adapted(ids).logits, ours["adapted_logits"])
        del model, adapted
        merged = args.work / "merged"
        run(args.hive, "adapter", "merge", "--base", args.base, "--adapter", adapter, "--out", merged, "--dtype", "f32", "--force")
        model = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
        compare("transformers, merged", model(ids).logits, ours["merged_logits"])
        tokenizer = AutoTokenizer.from_pretrained(merged)
        question = [{"role": "user", "content": "Name three rivers of Europe, and how long they are."}]
        prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
        prompt_ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
        written = model.generate(prompt_ids, max_new_tokens=24, do_sample=False)[0][prompt_ids.shape[1] :]
    gguf = args.work / "merged.gguf"
    run(args.hive, "adapter", "merge", "--base", args.base, "--adapter", adapter, "--out", gguf, "--gguf", "--dtype", "f32", "--force")
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = 512
    params.n_parallel = 1
    server = xllamacpp.Server(params)
    answer = server.handle_completions({"prompt": prompt_ids[0].tolist(), "max_tokens": 24, "temperature": 0.0})
    theirs = answer["choices"][0]["text"] if "choices" in answer else answer["content"]
    text = tokenizer.decode(written, skip_special_tokens=True)
    print(f"llama.cpp writes {theirs!r}\ntransformers     {text!r}")
    if theirs.strip() != text.strip():
        failed.append("llama.cpp, merged GGUF")
    if failed:
        sys.exit(f"not the same: {', '.join(failed)}")
    print("all the same")


if __name__ == "__main__":
    main()
