import sqlite3
for path in ("/tmp/data.db", ":memory:", "data.db"):
    base = sqlite3.connect(path)
    if path != ":memory:":
        base.execute("pragma journal_mode=wal")
    base.execute("create table t (a integer primary key, b text)")
    base.executemany("insert into t (b) values (?)", [(str(n),) for n in range(1000)])
    base.commit()
    print(base.execute("select count(*), sum(a) from t").fetchone())
    base.close()
