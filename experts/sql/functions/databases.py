"""Asks MySQL, SQLite and PostgreSQL for the values of an expression over the fixture, as texts."""
import os, re, sys
HERE = os.path.dirname(os.path.abspath(__file__))
MYSQL = os.environ.get("MYSQL_SOCKET", "/run/mysqld/mysqld.sock")
MARIADB = os.environ.get("MARIADB_SOCKET", "/run/mysqld/mysqld.sock")
PG = os.environ.get("PG_DSN", "user=postgres dbname=postgres")

AGGREGATES = ("any_value|avg|bit_and|bit_or|bit_xor|count|group_concat|json_arrayagg|json_objectagg|json_group_array|"
    "json_group_object|jsonb_group_array|jsonb_group_object|std|stddev|stddev_pop|stddev_samp|string_agg|sum|total|var_pop|var_samp|"
    "variance|median|percentile|percentile_cont|percentile_disc|array_agg|bool_and|bool_or|every")

def query(expression, database):
    """The statement that gives an expression's values: one a row in the order of id, or one of all rows."""
    if re.match(r"\s*(select|with|values)\b", expression, re.I):
        return expression
    aggregate = re.search(rf"\b({AGGREGATES})\s*\(", expression, re.I)
    several = r"\b(min|max)\s*\([^()]*(\([^()]*\)[^()]*)*\)"
    for call in re.finditer(r"\b(min|max)\s*\(", expression, re.I):
        if database != "sqlite" or len(arguments(expression[call.start():])[1]) == 1:
            aggregate = call
    if aggregate and not re.search(r"\bover\b", expression, re.I):
        return f"SELECT {expression} AS v FROM t"
    return f"SELECT {expression} AS v FROM t ORDER BY id"

def arguments(call):
    """A call's name, its arguments as texts, and what follows its closing parenthesis."""
    name = call[: call.index("(")].strip()
    depth, quote, start, found = 0, None, call.index("(") + 1, []
    k = start
    while k < len(call):
        c = call[k]
        if quote:
            if c == quote:
                quote = None
        elif c in "'\"`":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            if depth == 0:
                last = call[start:k].strip()
                if last or found:
                    found.append(last)
                return name, found, call[k + 1:].strip()
            depth -= 1
        elif c == "," and depth == 0:
            found.append(call[start:k].strip()); start = k + 1
        k += 1
    raise ValueError(call)

class MySql:
    name = "mysql"
    def __init__(self):
        import pymysql
        self.c = pymysql.connect(unix_socket=MYSQL, user="root", charset="utf8mb4", conv={}, autocommit=True)
        k = self.c.cursor()
        k.execute("SET time_zone = '+00:00'")
        k.execute("CREATE DATABASE IF NOT EXISTS w"); k.execute("USE w"); k.execute("DROP TABLE IF EXISTS t")
        for statement in open(HERE + "/fixture.mysql.sql", encoding="utf8").read().split(";\n"):
            if statement.strip(): k.execute(statement)
    def mariadb(self):
        import pymysql
        if not getattr(self, "m", None):
            self.m = pymysql.connect(unix_socket=MARIADB, user="root", charset="utf8mb4", conv={}, autocommit=True)
            k = self.m.cursor(); k.execute("CREATE DATABASE IF NOT EXISTS w"); k.execute("USE w"); k.execute("DROP TABLE IF EXISTS t")
            for statement in open(HERE + "/fixture.mysql.sql", encoding="utf8").read().split(";\n"):
                if statement.strip(): k.execute(statement)
        return self.m
    def values(self, sql):
        """Rows' values as texts, and whether they are texts there."""
        import warnings; warnings.simplefilter("ignore")
        k = self.c.cursor()
        try:
            k.execute(sql)
        except Exception as error:
            # What MySQL 9 has given up (MD5, SHA1) MariaDB still answers.
            if error.args[0] != 1305 or not os.path.exists(MARIADB): raise
            k = self.mariadb().cursor(); k.execute(sql)
        rows = k.fetchall()
        kind = k.description[0][1]
        def text(v):
            if isinstance(v, bytes):
                try: return v.decode()
                except UnicodeDecodeError: return "x'" + v.hex() + "'"
            return v if v is None else str(v)
        return [text(r[0]) for r in rows], kind in (253, 254, 252, 15)

class Sqlite:
    name = "sqlite"
    def __init__(self):
        import apsw
        self.c = apsw.Connection(":memory:")
        self.c.execute(open(HERE + "/fixture.sqlite.sql", encoding="utf8").read())
    def values(self, sql):
        rows = self.c.execute(sql).fetchall()
        def text(v):
            if v is None: return None
            if isinstance(v, bytes):
                return "x'" + v.hex() + "'"
            if isinstance(v, float):
                if v == float("inf"): return "Infinity"
                if v == float("-inf"): return "-Infinity"
            return repr(v) if isinstance(v, float) else str(v)
        return [text(r[0]) for r in rows], any(isinstance(r[0], str) for r in rows)

class Postgres:
    def __init__(self, schema=None):
        import psycopg
        self.c = psycopg.connect(PG, autocommit=True)
        self.load(schema or open(HERE + "/fixture.postgres.sql", encoding="utf8").read())
    def load(self, schema):
        self.c.execute("DROP SCHEMA IF EXISTS w CASCADE; CREATE SCHEMA w; SET search_path = w; SET TimeZone = 'UTC'; SET statement_timeout = '5s'")
        self.c.execute(schema)
    def values(self, sql):
        k = self.c.cursor(); k.execute(sql.encode())
        r = k.pgresult
        kind = r.ftype(0)
        got = [r.get_value(n, 0) for n in range(r.ntuples)]
        texts = [None if v is None else v.decode() for v in got]
        if kind == 16: texts = [{"t": "1", "f": "0"}.get(v, v) for v in texts]
        return texts, kind in (25, 1043, 1042, 19, 18, 705)
    def attempt(self, sql):
        """The values; where the whole is refused, row by row, with the reason in place of a value."""
        try:
            return self.values(sql)
        except Exception as whole:
            if not sql.endswith(" FROM t ORDER BY id") or " over " in sql.lower():
                return ["ERROR: " + str(whole).split("\n")[0]], False
            out, is_text, code = [], False, getattr(whole, "sqlstate", "")
            if code and code[:2] == "42":
                return ["ERROR: " + str(whole).split("\n")[0]], False
            for n in range(1, 9):
                try:
                    v, is_text = self.values(sql[: -len(" ORDER BY id")] + f" WHERE id = {n}")
                    out.append(v[0])
                except Exception as error:
                    out.append("ERROR: " + str(error).split("\n")[0])
            return out, is_text

def same(a, b, texts):
    """Whether two values are the same: exact as text, within a ten-thousandth as numbers."""
    if a == b: return True
    if a is None or b is None: return False
    if not texts:
        try:
            x, y = float(a), float(b)
            return abs(x - y) <= 1e-4 * max(abs(x), abs(y)) + 1e-12
        except ValueError: pass
    import json
    if a[:1] in "{[" and b[:1] in "{[":
        try: return json.loads(a) == json.loads(b)
        except ValueError: pass
    # A moment's fraction of zeros.
    strip = lambda v: re.sub(r"(:\d\d)\.0+$", r"\1", v)
    return strip(a) == strip(b)

def verdict(source, target):
    """same, error (PostgreSQL refuses where the other answers, nothing differs in silence) or different."""
    (a, at), (b, bt) = source, target
    if len(a) != len(b):
        return "error" if len(b) == 1 and str(b[0]).startswith("ERROR") else "different"
    errors = [str(y).startswith("ERROR") for y in b]
    if any(not e and not same(x, y, at and bt) for x, y, e in zip(a, b, errors)): return "different"
    return "error" if any(errors) else "same"
