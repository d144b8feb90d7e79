#!/usr/bin/env python3
"""Splits text-to-SQL records with SQLite databases (Spider's form) by database: most databases make training
records, the others a suite for `hive expert eval --suite`. No database is on both sides.

  python3 experts/sql/benches/spider_suite.py RECORDS.jsonl DATABASES/ OUT/ [--train 3000] [--suite 240]

RECORDS: JSON lines with question, schema, sql, db_id, exec (only `ok` is taken) and, where there is one, judge (only
`CORRECT` is taken for the suite). DATABASES: NAME.sqlite files. A database is held out when the sha256 of its name is a
multiple of five, so the split is the same everywhere; records are drawn with a fixed seed.
"""
import argparse
import hashlib
import json
import os
import random

SEED = 6
# Longest schema in characters: what fits into the context beside question and answer, with room.
TRAIN_SCHEMA, SUITE_SCHEMA = 1500, 2000


def held_out(database):
    return int(hashlib.sha256(database.encode()).hexdigest(), 16) % 5 == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("records")
    arguments.add_argument("databases")
    arguments.add_argument("out")
    arguments.add_argument("--train", type=int, default=3000)
    arguments.add_argument("--suite", type=int, default=240)
    given = arguments.parse_args()
    with open(given.records, encoding="utf8") as file:
        rows = [row for row in map(json.loads, file) if row.get("exec", "ok") == "ok"]
    train = [row for row in rows if not held_out(row["db_id"]) and len(row["schema"]) <= TRAIN_SCHEMA]
    suite = [row for row in rows if held_out(row["db_id"]) and len(row["schema"]) <= SUITE_SCHEMA]
    suite = [row for row in suite if row.get("judge", "CORRECT") == "CORRECT"]
    rng = random.Random(SEED)
    rng.shuffle(train)
    rng.shuffle(suite)
    os.makedirs(given.out, exist_ok=True)
    folder = os.path.abspath(given.databases)
    write = lambda name, lines: open(os.path.join(given.out, name), "w", encoding="utf8").writelines(
        json.dumps(line, ensure_ascii=False) + "\n" for line in lines
    )
    fields = ("id", "question", "schema", "sql", "dialect")
    write("train.jsonl", ({key: row[key] for key in fields} for row in train[: given.train]))
    write(
        "suite.jsonl",
        (
            {
                "id": row["id"],
                "question": row["question"],
                "schema": row["schema"],
                "gold": row["sql"],
                "dialect": row["dialect"],
                "database": os.path.join(folder, row["db_id"] + ".sqlite"),
            }
            for row in suite[: given.suite]
        ),
    )
    names = lambda rows: len({row["db_id"] for row in rows})
    print(f"{len(train)} records of {names(train)} databases, {given.train} taken to train on")
    print(f"{len(suite)} records of {names(suite)} other databases, {given.suite} taken as suite")


if __name__ == "__main__":
    main()
