#!/usr/bin/env python3
"""How far PyTorch's f32 is from f64 on the records of hive's own precision test.

    precision.py [--hive PROGRAM] [--work FOLDER] [--base ID]

Prints the loss of each record in f64, and how far f32 is from it, relative to it: with the loss in f32, as training has
it, and with the model's f32 logits summed in f64. Compare with what this prints of hive:

    HIVE_HOME=… cargo test --workspace --test it precision_of_training -- --ignored --nocapture
"""

import json

import interop

RECORDS = interop.ROOT / "host/engine/tests/it/precision_records.json"


def keep_f64(llama):
    """transformers computes norms and softmax in f32 whatever the model is in."""
    import torch

    def norm(self, hidden):
        variance = hidden.pow(2).mean(-1, keepdim=True)
        return self.weight * (hidden * torch.rsqrt(variance + self.variance_epsilon))

    softmax = torch.nn.functional.softmax
    llama.LlamaRMSNorm.forward = norm
    llama.nn.functional.softmax = lambda x, dim=None, dtype=None: softmax(x, dim=dim)


def examples(folder):
    """Token ids, and how many of them are the prompt's."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    for ask, answer in json.loads(RECORDS.read_text()):
        chat = [{"role": "user", "content": ask}]
        prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template([*chat, {"role": "assistant", "content": answer}], tokenize=False)
        encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
        ids, prompt = encode(whole.rstrip("\n")), encode(prompt)
        assert ids[: len(prompt)] == prompt
        yield ids, len(prompt)


def losses(folder, data, dtype, attention, summed):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention)
    with torch.no_grad():
        for ids, prompt in data:
            logits = model(torch.tensor([ids])).logits[0, prompt - 1 : -1].to(summed)
            yield torch.nn.functional.cross_entropy(logits, torch.tensor(ids[prompt:])).item()


def main():
    args = interop.parse()
    interop.in_environment(args)
    import torch
    import transformers.models.llama.modeling_llama as llama

    folder = interop.base_folder(args)
    data = list(examples(folder))
    keep_f64(llama)
    exact = list(losses(folder, data, torch.float64, "eager", torch.float64))
    print("f64:", *(f"{loss:.9f}" for loss in exact))
    for summed in torch.float32, torch.float64:
        for attention in "eager", "sdpa":
            found = losses(folder, data, torch.float32, attention, summed)
            off = [(got - loss) / loss for got, loss in zip(found, exact)]
            rms = (sum(o * o for o in off) / len(off)) ** 0.5
            print(f"loss in {summed}, {attention}:", *(f"{o:+.1e}" for o in off), f"root of the mean square {rms:.1e}")


if __name__ == "__main__":
    main()
