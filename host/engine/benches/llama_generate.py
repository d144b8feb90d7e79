#!/usr/bin/env python3
"""How fast llama.cpp reads a prompt and writes a text: the other side of `hive bench generate`.

    llama_generate.py MODEL.gguf [--prompt 256] [--tokens 64] [--times 3] [--threads 2]

Prints one JSON line: medians of what llama.cpp itself measured, without the first time. Needs xllamacpp.
"""

import argparse
import json
import statistics

import xllamacpp


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--prompt", type=int, default=256, help="tokens of the prompt")
    parser.add_argument("--tokens", type=int, default=64, help="tokens to write")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    params = xllamacpp.CommonParams()
    params.model.path = args.model
    params.n_ctx = args.prompt + args.tokens + 16
    params.n_parallel = 1
    params.cpuparams.n_threads = args.threads
    params.cpuparams_batch.n_threads = args.threads
    server = xllamacpp.Server(params)
    reading, writing = [], []
    for time in range(args.times + 1):
        # Token ids, so that the length is known; another first token each time, so that nothing is cached.
        prompt = [1000 + time] + [(i * 7919) % 40000 + 100 for i in range(args.prompt - 1)]
        answer = server.handle_completions(
            {"prompt": prompt, "max_tokens": args.tokens, "temperature": 0.0, "ignore_eos": True, "cache_prompt": False}
        )
        timings = answer["timings"]
        if time > 0:
            reading.append(timings["prompt_per_second"])
            writing.append(timings["predicted_per_second"])
    print(
        json.dumps(
            {
                "prompt_tokens_per_s": round(statistics.median(reading)),
                "tokens_per_s": round(statistics.median(writing), 1),
                "threads": args.threads,
                "version": xllamacpp.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
