//! Tests of migrations: forward, once, all or nothing.

use super::*;

fn version(connection: &Connection) -> u32 {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn migrations_go_forward_once() {
    let mut connection = Connection::open_in_memory().unwrap();
    assert_eq!(kind(&connection).unwrap(), Kind::Empty);
    let steps = ["CREATE TABLE a (x) STRICT", "CREATE TABLE a (x ANY) STRICT"];
    migrate(&mut connection, &["CREATE TABLE a (x ANY) STRICT"]).unwrap();
    assert_eq!(
        (kind(&connection).unwrap(), version(&connection)),
        (Kind::Ours(1), 1)
    );
    // The first is not run again, or it would fail.
    migrate(&mut connection, &[steps[0], "CREATE TABLE b (x ANY) STRICT"]).unwrap();
    migrate(&mut connection, &[steps[0], "CREATE TABLE b (x ANY) STRICT"]).unwrap();
    assert_eq!(version(&connection), 2);
}

#[test]
fn a_failing_migration_leaves_the_version_before_it() {
    let mut connection = Connection::open_in_memory().unwrap();
    let broken = "CREATE TABLE b (x ANY) STRICT; INSERT INTO missing VALUES (1)";
    let first = "CREATE TABLE a (x ANY) STRICT";
    assert!(migrate(&mut connection, &[first, broken]).is_err());
    assert_eq!(version(&connection), 1);
    assert!(connection.prepare("SELECT * FROM b").is_err());
    migrate(&mut connection, &[first, "CREATE TABLE b (x ANY) STRICT"]).unwrap();
    assert_eq!(version(&connection), 2);
}

#[test]
fn other_files_are_told_apart() {
    let check = |sql: &str, expected: Kind| {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        assert_eq!(kind(&connection).unwrap(), expected, "{sql}");
    };
    check("CREATE TABLE a (x)", Kind::Foreign);
    check("PRAGMA user_version = 3", Kind::Foreign);
    check("PRAGMA application_id = 1", Kind::Foreign);
    check(
        "PRAGMA application_id = 0x43534d54; PRAGMA user_version = -1",
        Kind::Foreign,
    );
    check(
        "PRAGMA application_id = 0x43534d54; PRAGMA user_version = 9",
        Kind::Ours(9),
    );
}

#[test]
fn the_tables_name_their_owner() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &MIGRATIONS).unwrap();
    for table in ["executions", "idempotency"] {
        for column in ["tenant_id", "project_id", "principal_id", "session_id", "node_id"] {
            let sql = format!("SELECT count(*) FROM pragma_table_info('{table}') WHERE name = '{column}'");
            assert_eq!(
                connection
                    .query_row(&sql, [], |row| row.get::<_, i64>(0))
                    .unwrap(),
                1,
                "{table}.{column}"
            );
        }
    }
}

#[test]
fn lists_read_an_index_and_no_content() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &MIGRATIONS).unwrap();
    let check = |condition: &str, index: &str| {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM executions e WHERE {condition} ORDER BY id DESC LIMIT 9"
        );
        let plan: Vec<String> = connection
            .prepare(&sql)
            .unwrap()
            .query_map([], |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(
            plan.len() == 1 && plan[0].contains(index),
            "{condition}: {plan:?}"
        );
    };
    check("id >= '0' AND id < '8'", "sqlite_autoindex_executions_1");
    check(
        "id >= '0' AND id < '8' AND status = 'queued'",
        "executions_by_status",
    );
    check(
        "id >= '0' AND id < '8' AND language = 'python'",
        "executions_by_language",
    );
    check(
        "id >= '0' AND id < '8' AND tenant_id = 't'",
        "executions_by_tenant",
    );
    check(
        "id >= '0' AND id < '8' AND +tenant_id = 't' AND status = 'queued'",
        "executions_by_status",
    );
    check(
        "id >= '0' AND id < '8' AND tenant_id = 't' AND project_id = 'p'",
        "executions_by_",
    );
    check(
        "id >= '0' AND id < '8' AND principal_id = 'p'",
        "executions_by_principal",
    );
}

#[test]
fn who_may_ask_is_found_by_an_index() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &MIGRATIONS).unwrap();
    for sql in [
        "SELECT * FROM keys WHERE id > '' AND tenant_id = 't' ORDER BY id LIMIT 9",
        "SELECT * FROM keys WHERE id > '' AND principal_id = 'p' ORDER BY id LIMIT 9",
        "SELECT count(*) FROM keys WHERE principal_id = 'p'",
        "SELECT * FROM projects WHERE id > '' AND tenant_id = 't' ORDER BY id LIMIT 9",
        "SELECT * FROM principals WHERE id > '' AND tenant_id = 't' ORDER BY id LIMIT 9",
        "SELECT * FROM principals WHERE id > '' AND project_id = 'p' ORDER BY id LIMIT 9",
        "SELECT * FROM principals WHERE subject = 's'",
        "SELECT day, sum(executions) FROM usage WHERE tenant_id = 't' AND day >= 1 AND day <= 2 GROUP BY day
         ORDER BY day",
    ] {
        let plan: Vec<String> = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap()
            .query_map([], |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(
            plan.len() == 1 && plan[0].starts_with("SEARCH"),
            "{sql}: {plan:?}"
        );
    }
}
