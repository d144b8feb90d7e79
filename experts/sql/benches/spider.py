#!/usr/bin/env python3
"""Do the gate's repairs return the rows of the original?

Takes text-to-SQL records written for SQLite whose databases are at hand (Spider's form), has the gate judge
them, runs the original in its SQLite database and what the gate made of it in a PostgreSQL server that holds the
same rows, and counts: the same rows; the same but for ties that ORDER BY ... LIMIT leaves open; other rows; refused
by PostgreSQL on the rows; rejected by the gate, by code.

Where a table's rows do not fit the types that its own schema declares, the column is widened and an empty text in
a number or a date is NULL: SQLite keeps any value anywhere, and the record's schema says nothing of it.

  cargo build --release -p expert-sql --examples
  python3 experts/sql/benches/spider.py RECORDS.jsonl DATABASES/ [--limit N] [--show FILE] [--rows N]

With --rows the gate is given the rows as well, as INSERTs behind the schema, so that it can make types and rows fit.
Where a database has more than N rows it is given the schema alone, and counted apart.

RECORDS: JSON lines with question, schema, sql, db_id and exec (those with `ok` or `empty` count).
DATABASES: NAME.sqlite files. Needs psycopg2 and a server at PGHOST, PGPORT, PGUSER (a superuser; schemas named
spider_N are made and dropped).
"""
import argparse
import collections
import datetime
import decimal
import json
import os
import random
import re
import sqlite3
import subprocess

import psycopg2
from psycopg2.extras import execute_values

HERE = os.path.dirname(os.path.abspath(__file__))
JUDGE = os.path.join(HERE, "../../../target/release/examples/judge")


def comparable(value):
    """A value as it is compared: numbers to four digits, dates as text."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float, decimal.Decimal)):
        number = float(value)
        return round(number, 4) if abs(number) < 1e12 else float("%.8g" % number)
    if isinstance(value, datetime.datetime):
        value = value.isoformat(" ")
    elif isinstance(value, (datetime.date, datetime.time)):
        value = value.isoformat()
    elif isinstance(value, (bytes, memoryview)):
        value = bytes(value).decode("latin1")
    text = str(value)
    try:
        return round(float(text), 4)
    except ValueError:
        return text.removesuffix(" 00:00:00")


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, bytes):
        value = value.decode("latin1")
    return "'%s'" % value.replace("'", "''").replace("\0", "")


def multiset(rows):
    return collections.Counter(tuple(comparable(value) for value in row) for row in rows)


class Databases:
    """PostgreSQL schemas filled from SQLite databases, one for each schema text."""

    def __init__(self, folder):
        self.folder = folder
        self.connection = psycopg2.connect(dbname=os.environ.get("PGDATABASE", "postgres"))
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET statement_timeout = 20000")
        self.made = {}
        # Databases whose rows do not fit the types of their own schema.
        self.misfits = set()

    def sqlite(self, name):
        database = sqlite3.connect(os.path.join(self.folder, name + ".sqlite"))
        database.text_factory = lambda data: data.decode("utf8", "replace")
        return database

    def inserts(self, name, most):
        """The rows as INSERTs; None when there are more."""
        source = self.sqlite(name)
        statements, count = [], 0
        for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
            columns = ", ".join('"%s"' % c[1] for c in source.execute('PRAGMA table_info("%s")' % table))
            rows = source.execute('SELECT * FROM "%s"' % table).fetchall()
            count += len(rows)
            if count > most:
                return None
            if rows:
                values = ", ".join("(%s)" % ", ".join(map(literal, row)) for row in rows)
                statements.append('INSERT INTO "%s" (%s) VALUES %s;' % (table, columns, values))
        return "\n".join(statements)

    def use(self, name, schema, filled):
        """Makes the schema unless it is there, and searches it; why it cannot be, if so."""
        if (name, schema) not in self.made:
            place = "spider_%d" % len(self.made)
            self.cursor.execute("DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s; SET search_path = %s" % (place, place, place))
            try:
                self.cursor.execute(schema)
                if not filled and self.fill(name, place):
                    self.misfits.add(name)
                self.made[name, schema] = (place, None)
            except psycopg2.Error as error:
                self.made[name, schema] = (place, str(error))
        place, fault = self.made[name, schema]
        self.cursor.execute("SET search_path = " + place)
        return fault

    def fill(self, name, place):
        source = self.sqlite(name)
        tables = {t.lower(): t for (t,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.cursor.execute("SET session_replication_role = replica")
        self.cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'", (place,)
        )
        misfit = False
        for (table,) in self.cursor.fetchall():
            if table.lower() in tables:
                misfit |= self.fill_table(source, tables[table.lower()], place, table)
        self.cursor.execute("SET session_replication_role = origin")
        return misfit

    def fill_table(self, source, given, place, table):
        self.cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " ORDER BY ordinal_position", (place, table),
        )
        known = {c[1].lower(): c[1] for c in source.execute('PRAGMA table_info("%s")' % given)}
        columns = [[c, kind, known[c.lower()]] for c, kind in self.cursor.fetchall() if c.lower() in known]
        rows = source.execute('SELECT %s FROM "%s"' % (", ".join('"%s"' % c[2] for c in columns), given)).fetchall()
        truth = {"0": "f", "1": "t"}
        misfit = False

        def text(value, kind):
            nonlocal misfit
            if value == "" and kind not in ("text", "character varying"):
                misfit = True
                return None
            if value is None:
                return None
            if kind == "boolean":
                return truth.get(str(value), str(value))
            if isinstance(value, float) and value.is_integer() and kind in ("integer", "bigint", "smallint"):
                value = int(value)
            return str(value)

        for _ in range(60):
            values = [[text(v, c[1]) for v, c in zip(row, columns)] for row in rows]
            head = 'INSERT INTO "%s" (%s)' % (table, ", ".join('"%s"' % c[0] for c in columns))
            try:
                self.cursor.execute('DELETE FROM "%s"' % table)
                template = "(%s)" % ", ".join("%%s::%s" % c[1] for c in columns)
                if values:
                    execute_values(self.cursor, head.replace("%", "%%") + " VALUES %s", values, template=template, page_size=5000)
                break
            except psycopg2.Error as error:
                misfit |= "violates" not in str(error)
                if not self.make_room(place, table, columns, values, str(error)):
                    break
        return misfit

    def make_room(self, place, table, columns, values, message):
        """Widens what the rows do not fit into, or drops what they violate; False when nothing helps."""
        relation = '%s."%s"' % (place, table)
        if "violates" in message:
            self.cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'f'", (relation,))
            for (constraint,) in self.cursor.fetchall():
                self.cursor.execute('ALTER TABLE %s DROP CONSTRAINT "%s" CASCADE' % (relation, constraint))
            for column, _, _ in columns:
                self.cursor.execute('ALTER TABLE %s ALTER "%s" DROP NOT NULL' % (relation, column))
            return True
        for i, column in enumerate(columns):
            probe = [row[i] for row in values]
            if column[1] == "text" or self.fits(probe, column[1]) and "too long" not in message:
                continue
            wider = next((k for k in ("bigint", "double precision") if column[1] in ("integer", "smallint", "bigint") and k != column[1] and self.fits(probe, k)), "text")
            self.cursor.execute("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND connamespace = %s::regnamespace", (place,))
            for other, constraint in self.cursor.fetchall():
                self.cursor.execute('ALTER TABLE %s DROP CONSTRAINT "%s"' % (other, constraint))
            self.cursor.execute('ALTER TABLE %s ALTER "%s" DROP DEFAULT, ALTER "%s" TYPE %s USING "%s"::text::%s' % (relation, column[0], column[0], wider, column[0], wider))
            column[1] = wider
            if "too long" not in message:
                return True
        return "too long" in message

    def fits(self, texts, kind):
        try:
            self.cursor.execute("SELECT COUNT(x::%s) FROM UNNEST(%%s::text[]) AS x" % kind, (texts,))
            return True
        except psycopg2.Error:
            return False

    def note(self, record):
        return ", in a database whose rows do not fit their own types" if record["db_id"] in self.misfits else ""

    def rows(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def differs_by_ties(self, sql, wanted):
        """Whether the wanted rows are among those that the order leaves equal: the order of the statement,
        that of a query within whose single row is compared, or that within each group (DISTINCT ON)."""
        if not re.search("order by", sql, re.I):
            return False
        last = re.search(r"LIMIT (\d+)\s*;?\s*$", sql, re.I)
        try:
            if last:
                return not wanted - multiset(self.rows(sql[: last.start()] + "FETCH FIRST %s ROWS WITH TIES" % last.group(1)))
            if sql.count("= (SELECT") == 1 and sql.count("LIMIT 1)") == 1:
                within = sql.replace("= (SELECT", "IN (SELECT").replace("LIMIT 1)", "FETCH FIRST 1 ROWS WITH TIES)")
                return not wanted - multiset(self.rows(within))
            first = re.search(r"DISTINCT ON \((.+?)\) ", sql)
            order = re.search(r" ORDER BY .+$", sql)
            if first and order and order.group().count(",") == 1:
                # Each group's rows that are first by the order, all of them.
                key, by = first.group(1), order.group().split(",")[1]
                ranked = sql[: order.start()].replace(first.group(), "").replace(
                    " FROM ", ", RANK() OVER (PARTITION BY %s ORDER BY %s) FROM " % (key, by), 1)
                rows = [row[:-1] for row in self.rows(ranked) if row[-1] == 1]
                return sum(wanted.values()) == len(self.rows(sql)) and not wanted - multiset(rows)
        except psycopg2.Error:
            pass
        return False


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("records")
    options.add_argument("databases")
    options.add_argument("--limit", type=int)
    options.add_argument("--rows", type=int, help="give the gate the rows too, of databases with at most so many")
    options.add_argument("--show", help="write every record that does not agree to this file")
    options = options.parse_args()
    records = [json.loads(line) for line in open(options.records)]
    records = [r for r in records if r["exec"] in ("ok", "empty")]
    if options.limit:
        random.Random(1).shuffle(records)
        records = records[: options.limit]
    databases = Databases(options.databases)
    if options.rows:
        rows = {name: databases.inserts(name, options.rows) for name in {r["db_id"] for r in records}}
        given = {name: rows[name] is not None for name in rows}
        records = [dict(r, schema=r["schema"] + "\n" + rows[r["db_id"]]) if given[r["db_id"]] else r for r in records]
        print("%d of %d records with their rows" % (sum(given[r["db_id"]] for r in records), len(records)))
    else:
        given = collections.defaultdict(bool)
    fields = ("question", "schema", "sql", "dialect")
    lines = "\n".join(json.dumps({f: r[f] for f in fields}) for r in records)
    said = subprocess.run([JUDGE, "2"], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.splitlines()
    counts = collections.Counter()
    show = open(options.show, "w") if options.show else None
    for record, line in zip(records, said):
        verdict = json.loads(line)["verdict"]
        if verdict["verdict"] == "reject":
            counts["rejected: " + verdict["code"]] += 1
            outcome, sql = "rejected: " + verdict["why"], None
        else:
            final = verdict.get("record", record)
            sql = final["sql"]
            wanted = multiset(databases.sqlite(record["db_id"]).execute(record["sql"]).fetchall())
            outcome = databases.use(record["db_id"], final["schema"], given[record["db_id"]])
            if outcome:
                counts["the schema is refused"] += 1
            else:
                try:
                    found = multiset(databases.rows(sql))
                    if found == wanted:
                        counts["the same rows"] += 1
                    elif databases.differs_by_ties(sql, wanted):
                        counts["the same but for ties"] += 1
                    else:
                        counts["other rows" + databases.note(record)] += 1
                        outcome = "other rows: %d and %d" % (sum(wanted.values()), sum(found.values()))
                except psycopg2.Error as error:
                    counts["refused on the rows" + databases.note(record)] += 1
                    outcome = str(error).strip().replace("\n", " | ")
        if show and outcome:
            show.write("## %s %s\n%s\n%s\n%s\n\n" % (record["db_id"], outcome, record["question"], record["sql"], sql))
    for name, count in counts.most_common():
        print("%6d  %5.2f %%  %s" % (count, 100 * count / len(records), name))
    for place, _ in databases.made.values():
        databases.cursor.execute("DROP SCHEMA IF EXISTS %s CASCADE" % place)


if __name__ == "__main__":
    main()
