"""Proves examples.tsv: runs each example in PostgreSQL and compares it with the values of its own database.

    compare.py                                the column `postgres` against the values written in the file
    compare.py --measure                      the values are asked of MySQL and SQLite again, and must be those of the file
    compare.py --mariadb                      the values are asked of MariaDB: where it differs from MySQL
    compare.py --translator CMD               the PostgreSQL is what CMD makes of the example: one JSON object a line
                                              {"id", "schema", "sql", "dialect"} in, {"id", "sql" | "error"} out
    --name NAME, --database mysql|sqlite      only those; --differences: nothing but what is not the same

An outcome is `same`, `different`, `error` (PostgreSQL refuses a row or all where the other answers, so nothing differs in
silence) or `refused` (the translator says that it cannot). The exit status is 1 where anything is different.
"""
import argparse, csv, json, subprocess, sys
from databases import *

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--translator"); p.add_argument("--measure", action="store_true"); p.add_argument("--mariadb", action="store_true")
    p.add_argument("--examples", default=HERE + "/examples.tsv", help="another file of examples, as beyond_examples.tsv")
    p.add_argument("--name"); p.add_argument("--database"); p.add_argument("--differences", action="store_true")
    a = p.parse_args()
    rows = list(csv.DictReader(open(a.examples, encoding="utf8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [r for r in rows if (not a.name or r["name"] == a.name) and (not a.database or r["database"] == a.database)]
    tally = {}
    def tell(outcome, r, *more):
        tally[outcome] = tally.get(outcome, 0) + 1
        if not (a.differences and outcome == "same"):
            print(outcome, r["database"], r["expression"], *more, sep="\t")
    if a.mariadb:
        maria = MySql().mariadb()
        for r in rows:
            if r["database"] != "mysql": continue
            k = maria.cursor()
            try: k.execute(query(r["expression"], "mysql")); got = [v[0] if v[0] is None or isinstance(v[0], str) else v[0].decode("utf8", "replace") for v in k.fetchall()]
            except Exception as error: tell("error", r, r["values"], str(error)); continue
            equal = verdict((json.loads(r["values"]), False), (got, False))
            tell(equal, r, r["values"], json.dumps(got, ensure_ascii=False))
        print(tally); return
    if a.measure:
        sources = {"mysql": MySql(), "sqlite": Sqlite()}
        for r in rows:
            got = sources[r["database"]].values(query(r["expression"], r["database"]))[0]
            tell("same" if got == json.loads(r["values"]) else "different", r, r["values"], json.dumps(got, ensure_ascii=False))
        print(tally); sys.exit("different" in tally)
    pg, replies = Postgres(), {}
    if a.translator:
        schemas = {d: open(f"{HERE}/fixture.{d}.sql", encoding="utf8").read() for d in ("mysql", "sqlite")}
        records = [json.dumps({"id": n, "schema": schemas[r["database"]], "sql": query(r["expression"], r["database"]), "dialect": r["database"]})
                   for n, r in enumerate(rows)]
        done = subprocess.run(a.translator, shell=True, input="\n".join(records) + "\n", capture_output=True, text=True, check=True)
        replies = {reply["id"]: reply for reply in map(json.loads, done.stdout.splitlines())}
    loaded = None
    for n, r in enumerate(rows):
        values = json.loads(r["values"])
        # A value is compared as a text unless the two sides may be numbers; the file does not say which, so the source is asked
        # by the form of its values: all numbers means numbers.
        numbers = all(v is None or re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?|-?Infinity", v) for v in values)
        if a.translator:
            reply = replies[n]
            if "error" in reply: tell("refused", r, reply["error"]); continue
            if reply["schema"] != loaded: pg.load(reply["schema"]); loaded = reply["schema"]
            sql = reply["sql"]
            # The rows are asked one by one where the whole is refused, which needs the order to stand at the end.
            sql = re.sub(r" FROM t ORDER BY id( NULLS FIRST)?;?$", " FROM t ORDER BY id", sql)
        elif not r["postgres"]: continue
        else: sql = query(r["postgres"], "postgres")
        found, text = pg.attempt(sql)
        outcome = verdict((values, not numbers), (found, text))
        tell(outcome, r, sql, "" if outcome == "same" else r["values"], "" if outcome == "same" else json.dumps(found, ensure_ascii=False))
    print(tally); sys.exit("different" in tally)

main()
