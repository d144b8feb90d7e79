#!/usr/bin/env python3
"""Check that every gold answer agrees in MySQL, SQLite and PostgreSQL.

What it does: loads each database from its three files (NAME.mysql.sql,
NAME.sqlite.sql, NAME.postgresql.sql), runs the three golds of every question
in questions.jsonl, and compares the rows. Rows are compared as multisets, or
in order where "ordered" is true. For a question with a "check" key the gold
is a statement that changes data; the rows compared are those of the check
query, run after it, and the change is then undone.

How to run it: python 3 with the packages pymysql and psycopg2, a MySQL 8 (or
MariaDB 10.6 or later) server and a PostgreSQL server, on which the given
users may create and drop databases. MySQL databases are named
dialects_NAME, PostgreSQL databases likewise; both are dropped and created
anew. Settings come from the environment:

  MYSQL_HOST MYSQL_PORT MYSQL_USER MYSQL_PASSWORD   (127.0.0.1 3306 root "")
  PGHOST PGPORT PGUSER PGPASSWORD                   (127.0.0.1 5432 postgres "")

  python3 verify.py                  check everything
  python3 verify.py --db web_shop    only one database
  python3 verify.py --id shop-012    only one question, with its rows
  python3 verify.py --expected       also write expected.jsonl from PostgreSQL
  python3 verify.py --show           print the rows of every question
  python3 verify.py --sensitive      also report questions whose answer is
                                     empty in every engine (weak tests)

The MySQL session runs with an empty sql_mode and the time zone UTC, the
PostgreSQL session with the time zone UTC. Numbers agree within one part in a
million, whatever their type; a text that looks like a number counts as that
number; true and false count as 1 and 0; dates count as their ISO text. The
exit status is 0 only if all questions agree.
"""
import argparse, datetime, decimal, json, os, re, sqlite3, sys
import psycopg2, psycopg2.extensions, pymysql
from pymysql.constants import CLIENT

HERE = os.path.dirname(os.path.abspath(__file__))
NUM = re.compile(r'[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z')
env = os.environ.get

def read(name):
    with open(os.path.join(HERE, name), encoding='utf-8') as f:
        return f.read()

def my_connect(db=None):
    return pymysql.connect(host=env('MYSQL_HOST', '127.0.0.1'), port=int(env('MYSQL_PORT', '3306')),
                           user=env('MYSQL_USER', 'root'), password=env('MYSQL_PASSWORD', ''), database=db,
                           charset='utf8mb4', client_flag=CLIENT.MULTI_STATEMENTS,
                           init_command="SET sql_mode='', time_zone='+00:00'")

def pg_connect(db):
    return psycopg2.connect(host=env('PGHOST', '127.0.0.1'), port=env('PGPORT', '5432'),
                            user=env('PGUSER', 'postgres'), password=env('PGPASSWORD', ''), dbname=db,
                            options='-c timezone=UTC -c datestyle=ISO')

def load(db):
    name = 'dialects_' + db
    m = my_connect()
    c = m.cursor()
    c.execute(f'DROP DATABASE IF EXISTS {name}')
    c.execute(f'CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci')
    m.close()
    m = my_connect(name)
    c = m.cursor()
    c.execute(read(db + '.mysql.sql'))
    while c.nextset():
        pass
    m.commit()
    a = pg_connect('postgres')
    a.autocommit = True
    a.cursor().execute(f'DROP DATABASE IF EXISTS {name}')
    a.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    a.close()
    p = pg_connect(name)
    p.cursor().execute(read(db + '.postgresql.sql'))
    p.commit()
    s = sqlite3.connect(':memory:', isolation_level=None)
    s.executescript(read(db + '.sqlite.sql'))
    return m, s, p

def run_mysql(m, sql, check):
    c = m.cursor()
    try:
        c.execute(sql)
        if check:
            c.execute(check)
        return [list(r) for r in c.fetchall()]
    finally:
        m.rollback()

def run_sqlite(s, sql, check):
    if check:
        t = sqlite3.connect(':memory:', isolation_level=None)
        s.backup(t)
        t.execute(sql)
        return [list(r) for r in t.execute(check).fetchall()]
    return [list(r) for r in s.execute(sql).fetchall()]

RAW = {}
def run_pg(p, sql, check):
    """Rows twice: every value as PostgreSQL's own text, and with booleans as 0/1."""
    c = p.cursor()
    try:
        for attempt in (1, 2):
            c.execute(sql)
            if check:
                c.execute(check)
            new = [d[1] for d in c.description if d[1] not in RAW]
            if not new:
                break
            for oid in new:
                RAW[oid] = psycopg2.extensions.new_type((oid,), f'raw{oid}', lambda v, cur: v)
                psycopg2.extensions.register_type(RAW[oid])
            p.rollback()
        text = [list(r) for r in c.fetchall()]
        isbool = [d[1] == 16 for d in c.description]
        rows = [[{'t': 1, 'f': 0, None: None}[v] if b else v for v, b in zip(r, isbool)] for r in text]
        return text, rows
    finally:
        p.rollback()

def norm(v):
    if v is None:
        return None
    if isinstance(v, bool):
        return float(v)
    if isinstance(v, (int, float, decimal.Decimal)):
        return float(v)
    if isinstance(v, (bytes, bytearray)):
        v = bytes(v).decode('utf-8', 'replace')
    if isinstance(v, datetime.datetime):
        v = v.isoformat(sep=' ')
    elif isinstance(v, datetime.date):
        v = v.isoformat()
    elif isinstance(v, datetime.timedelta):
        t = int(v.total_seconds())
        v = '%s%02d:%02d:%02d' % ('-' if t < 0 else '', abs(t) // 3600, abs(t) // 60 % 60, abs(t) % 60)
    v = str(v)
    if NUM.match(v.strip()):
        return float(v)
    return v

def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= 1e-6 * max(abs(a), abs(b))
    return a == b

def same_row(a, b):
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))

def agree(a, b, ordered):
    a = [[norm(v) for v in r] for r in a]
    b = [[norm(v) for v in r] for r in b]
    if len(a) != len(b):
        return False
    if ordered:
        return all(same_row(x, y) for x, y in zip(a, b))
    left = list(b)
    for x in a:
        for i, y in enumerate(left):
            if same_row(x, y):
                del left[i]
                break
        else:
            return False
    return True

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--db')
    ap.add_argument('--id')
    ap.add_argument('--expected', action='store_true')
    ap.add_argument('--show', action='store_true')
    ap.add_argument('--sensitive', action='store_true')
    ap.add_argument('--questions', default='questions.jsonl')
    a = ap.parse_args()
    qs = [json.loads(l) for l in read(a.questions).splitlines() if l.strip()]
    assert len({q['id'] for q in qs}) == len(qs), 'an id is used twice'
    qs = [q for q in qs if (not a.db or q['db'] == a.db) and (not a.id or q['id'] == a.id)]
    conns, bad, empty, out = {}, 0, [], []
    for q in qs:
        if q['db'] not in conns:
            conns[q['db']] = load(q['db'])
        m, s, p = conns[q['db']]
        got, err = {}, {}
        text = None
        for eng in ('mysql', 'sqlite', 'postgresql'):
            try:
                if eng == 'mysql':
                    got[eng] = run_mysql(m, q['mysql'], q.get('check'))
                elif eng == 'sqlite':
                    got[eng] = run_sqlite(s, q['sqlite'], q.get('check'))
                else:
                    text, got[eng] = run_pg(p, q['postgresql'], q.get('check'))
            except Exception as e:
                err[eng] = str(e).strip()
        ok = not err and all(agree(got['postgresql'], got[e], q['ordered']) for e in ('mysql', 'sqlite'))
        if not ok or a.show or a.id:
            print(('ok  ' if ok else 'BAD ') + q['id'], q['question'])
            for eng in ('mysql', 'sqlite', 'postgresql'):
                print('   ', eng + ':', err[eng] if eng in err else [[norm(v) for v in r] for r in got[eng]][:12], len(got.get(eng, [])))
        bad += not ok
        if ok:
            if not got['postgresql']:
                empty.append(q['id'])
            out.append({'id': q['id'], 'rows': text})
    print(f'{len(qs) - bad} of {len(qs)} questions agree')
    if a.sensitive:
        print('empty answers:', ' '.join(empty) or 'none')
    if a.expected and not (a.db or a.id):
        with open(os.path.join(HERE, 'expected.jsonl'), 'w', encoding='utf-8') as f:
            for o in out:
                f.write(json.dumps(o, ensure_ascii=False) + '\n')
    return 1 if bad else 0

if __name__ == '__main__':
    sys.exit(main())
