//! The same statements answer the same on both engines.

use crate::common::{Place, limit, on_both};
use conman_kernel::sql::{Access, RowLimit, SqlError, Value};
use expect_test::{Expect, expect};

const TABLES: &str = "
    CREATE TABLE person (id BIGINT PRIMARY KEY, name TEXT, flag BOOLEAN, score DOUBLE PRECISION, face BYTEA);
    CREATE INDEX person_name ON person (name DESC);
    CREATE TABLE pet (id TEXT PRIMARY KEY, owner BIGINT REFERENCES person (id) ON DELETE CASCADE, kind TEXT NOT NULL DEFAULT 'cat',
        CONSTRAINT known CHECK (kind IN ('cat', 'dog')), UNIQUE (owner, kind));
    INSERT INTO person (id, name, flag, score, face) VALUES
        (1, 'Ada', TRUE, 1.5, NULL), (2, 'ada', FALSE, 2.25, NULL), (3, 'Émile', NULL, NULL, NULL), (4, NULL, TRUE, -1, NULL),
        (5, 'a_b', FALSE, 0, NULL), (6, 'a\\b', FALSE, 7, NULL), (7, 'Zoë', TRUE, 1e3, NULL);
    INSERT INTO pet (id, owner) VALUES ('x', 1), ('y', 2), ('z', NULL);
    INSERT INTO pet (id, owner, kind) VALUES ('d', 1, 'dog');
";

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{text}'"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
    }
}

/// Runs each statement on both engines and compares the answers with what is expected.
async fn check(cases: &[(&str, &[Value], Expect)]) {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        for (sql, parameters, expected) in cases {
            let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
            let shown = match transaction.query(sql, parameters, limit()).await {
                Ok(rows) => {
                    let lines = rows.rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join(" "));
                    std::iter::once(rows.columns.join(" ")).chain(lines).collect::<Vec<_>>().join("\n")
                }
                Err(error) => format!("{error}"),
            };
            transaction.rollback().await;
            // The statement stands in front so that a failure tells which one it was.
            let expected_text = expected.data();
            assert_eq!(shown.trim(), unindented(expected_text).trim(), "{sql}");
        }
    })
    .await;
}

fn unindented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_counts_and_averages() {
    check(&[
        ("SELECT SUM(id) AS s, AVG(id) AS a, COUNT(*) AS c, COUNT(name) AS n, MIN(id) AS lo, MAX(id) AS hi FROM person", &[], expect![[r#"
            s a c n lo hi
            28 4.0 7 6 1 7"#]]),
        ("SELECT SUM(score) AS s, AVG(score) AS a FROM person WHERE id < 3", &[], expect![[r#"
            s a
            3.75 1.875"#]]),
        ("SELECT SUM(id) AS s, AVG(id) AS a, MAX(name) AS m, COUNT(*) AS c FROM person WHERE id > 100", &[], expect![[r#"
            s a m c
            NULL NULL NULL 0"#]]),
        ("SELECT SUM(id) / COUNT(*) AS whole, SUM(id) % 5 AS rest FROM person WHERE id < 7", &[], expect![[r#"
            whole rest
            3 1"#]]),
        ("SELECT SUM(CASE WHEN flag THEN 1 ELSE 0 END) AS yes FROM person", &[], expect![[r#"
            yes
            3"#]]),
        ("SELECT COUNT(*), COUNT(DISTINCT flag), SUM(LENGTH(name)) FROM person", &[], expect![[r#"
            column1 column2 column3
            7 2 20"#]]),
        ("SELECT flag, COUNT(*) AS n FROM person GROUP BY flag HAVING COUNT(*) > 1 ORDER BY flag DESC", &[], expect![[r#"
            flag n
            true 3
            false 3"#]]),
        ("SELECT COUNT(*) FILTER (WHERE flag) AS yes FROM person", &[], expect![[r#"
            yes
            3"#]]),
        ("SELECT STRING_AGG(kind, ', ' ORDER BY id) AS kinds FROM pet", &[], expect![[r#"
            kinds
            'dog, cat, cat, cat'"#]]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers() {
    check(&[
        (
            "SELECT 7 / 2 AS a, -7 / 2 AS b, -7 % 3 AS c, 7.0 / 2 AS d, 1e2 AS e, 2.50 AS f",
            &[],
            expect![[r#"
            a b c d e f
            3 -3 -1 3.5 100.0 2.5"#]],
        ),
        (
            "SELECT 1 / 0 AS a, 1 % 0 AS b, 1.0 / (id - 1) AS c FROM person WHERE id = 1",
            &[],
            expect![[r#"
            a b c
            NULL NULL NULL"#]],
        ),
        (
            "SELECT 2147483647 + 1 AS a, 30 * 86400000 AS b, 9223372036854775807 AS c",
            &[],
            expect![[r#"
            a b c
            2147483648 2592000000 9223372036854775807"#]],
        ),
        (
            "SELECT $1 + 1 AS a, $2 AS b, ABS(- $1) AS c",
            &[Value::Integer(5_000_000_000), Value::Real(0.1)],
            expect![[r#"
            a b c
            5000000001 0.1 5000000000"#]],
        ),
        (
            "SELECT 6 & 3 AS a, 6 | 3 AS b, - id AS c FROM person WHERE id = 2",
            &[],
            expect![[r#"
            a b c
            2 7 -2"#]],
        ),
        (
            "SELECT CAST('12' AS BIGINT) AS a, CAST(3 AS DOUBLE PRECISION) AS b, CAST(12 AS TEXT) AS c",
            &[],
            expect![[r#"
            a b c
            12 3.0 '12'"#]],
        ),
        (
            "SELECT score FROM person WHERE score = $1",
            &[Value::Integer(7)],
            expect![[r#"
            score
            7.0"#]],
        ),
        ("SELECT 9223372036854775808", &[], expect!["9223372036854775808 does not fit a BIGINT"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts() {
    check(&[
        ("SELECT name FROM person ORDER BY name", &[], expect![[r#"
            name
            NULL
            'Ada'
            'Zoë'
            'a\b'
            'a_b'
            'ada'
            'Émile'"#]]),
        ("SELECT name FROM person ORDER BY name DESC LIMIT $1 OFFSET $2", &[Value::Integer(2), Value::Integer(1)], expect![[r#"
            name
            'ada'
            'a_b'"#]]),
        ("SELECT name FROM person ORDER BY name DESC NULLS FIRST, id LIMIT 1", &[], expect![[r#"
            name
            NULL"#]]),
        ("SELECT CAST(id AS TEXT) || name AS x FROM person WHERE id > 3 ORDER BY LOWER(name), 1", &[], expect![[r#"
            x
            NULL
            '6a\b'
            '5a_b'
            '7Zoë'"#]]),
        ("SELECT LOWER('ÄB'), UPPER($1), LENGTH('Zoë'), SUBSTR('convention', 4, 4), SUBSTR('convention', $2), REPLACE('a-b', '-', '+'), TRIM('  x ')",
            &["straße".into(), Value::Integer(8)], expect![[r#"
            column1 column2 column3 column4 column5 column6 column7
            'Äb' 'STRAßE' 3 'vent' 'ion' 'a+b' 'x'"#]]),
        ("SELECT name FROM person WHERE name LIKE 'a%' ORDER BY id", &[], expect![[r#"
            name
            'ada'
            'a_b'
            'a\b'"#]]),
        ("SELECT name FROM person WHERE name LIKE 'a\\b'", &[], expect![[r#"
            name
            'a\b'"#]]),
        ("SELECT name FROM person WHERE name LIKE 'a!_b' ESCAPE '!'", &[], expect![[r#"
            name
            'a_b'"#]]),
        ("SELECT name FROM person WHERE LOWER(name) LIKE LOWER($1) ORDER BY id", &["ADA".into()], expect![[r#"
            name
            'Ada'
            'ada'"#]]),
        ("SELECT 'it''s' AS a, '$1 \\n' AS b, 'x' || 'y' AS c", &[], expect![[r#"
            a b c
            'it's' '$1 \n' 'xy'"#]]),
        ("SELECT MIN(name) AS lo, MAX(name) AS hi FROM person", &[], expect![[r#"
            lo hi
            'Ada' 'Émile'"#]]),
        ("SELECT name FROM person WHERE name ILIKE 'ada'", &[], expect!["ILIKE is not in the portable subset; write LOWER(column) LIKE LOWER(pattern)"]),
        ("SELECT $1", &["a\0b".into()], expect!["parameter $1 is a text with a NUL character; store such data as BYTEA"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn truth_values() {
    check(&[
        ("SELECT id = 1 AS a, flag, NOT flag AS b, name IS NULL AS c, id IN (1, 2) AS d, TRUE AS e, id > 1 AND flag AS f FROM person WHERE id = 1", &[], expect![[r#"
            a flag b c d e f
            true true false false true true false"#]]),
        ("SELECT EXISTS (SELECT 1 FROM pet) AS a, CASE WHEN id = 1 THEN TRUE ELSE NULL END AS b, COALESCE(flag, FALSE) AS c FROM person WHERE id = 3", &[], expect![[r#"
            a b c
            true NULL false"#]]),
        ("SELECT * FROM person WHERE flag AND id < $1", &[Value::Integer(2)], expect![[r#"
            id name flag score face
            1 'Ada' true 1.5 NULL"#]]),
        ("SELECT id FROM person WHERE flag = $1 ORDER BY id", &[Value::Boolean(false)], expect![[r#"
            id
            2
            5
            6"#]]),
        ("SELECT id FROM person WHERE flag IS NOT TRUE AND score IS DISTINCT FROM 0 ORDER BY id", &[], expect![[r#"
            id
            2
            3
            6"#]]),
        ("UPDATE person SET flag = NOT flag WHERE id = 1 RETURNING id, flag, flag IS NULL AS none", &[], expect![[r#"
            id flag none
            1 false false"#]]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_as_parameters() {
    let null = Value::Null;
    check(&[
        (
            "SELECT id FROM person WHERE $1 IS NULL OR name = $1 ORDER BY id LIMIT 2",
            std::slice::from_ref(&null),
            expect![[r#"
            id
            1
            2"#]],
        ),
        (
            "SELECT id FROM person WHERE $1 IS NULL OR name = $1 ORDER BY id LIMIT 2",
            &["Zoë".into()],
            expect![[r#"
            id
            7"#]],
        ),
        (
            "SELECT $1 AS a, COALESCE($1, 5) AS b",
            std::slice::from_ref(&null),
            expect![[r#"
            a b
            NULL 5"#]],
        ),
        (
            "SELECT $1 IS NULL AS a",
            std::slice::from_ref(&null),
            expect![[r#"
            a
            true"#]],
        ),
        (
            "INSERT INTO person (id, name, flag, score, face) VALUES ($1, $2, $3, $4, $5) RETURNING *",
            &[Value::Integer(8), Value::Null, Value::Null, Value::Null, Value::Null],
            expect![[r#"
            id name flag score face
            8 NULL NULL NULL NULL"#]],
        ),
        (
            "INSERT INTO person (id, name, flag, score, face) VALUES ($1, $2, $3, $4, $5) RETURNING *",
            &[Value::Integer(8), "x".into(), true.into(), Value::Integer(2), vec![0_u8, 255].into()],
            expect![[r#"
            id name flag score face
            8 'x' true 2.0 [0, 255]"#]],
        ),
        ("SELECT id FROM person WHERE score = $1", std::slice::from_ref(&null), expect!["id"]),
        (
            "SELECT id FROM person WHERE score = $1",
            &[Value::Real(1.5)],
            expect![[r#"
            id
            1"#]],
        ),
        (
            "SELECT id FROM person WHERE score = $1",
            &[Value::Integer(7)],
            expect![[r#"
            id
            6"#]],
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joins_and_subqueries() {
    check(&[
        ("SELECT p.name, COUNT(pet.id) AS pets FROM person AS p LEFT JOIN pet ON pet.owner = p.id GROUP BY p.id, p.name ORDER BY pets DESC, p.id LIMIT 3", &[], expect![[r#"
            name pets
            'Ada' 2
            'ada' 1
            'Émile' 0"#]]),
        ("WITH owned(who, many) AS (SELECT owner, COUNT(*) FROM pet WHERE owner IS NOT NULL GROUP BY owner) SELECT who, many FROM owned ORDER BY who", &[], expect![[r#"
            who many
            1 2
            2 1"#]]),
        ("WITH given(id, score) AS (VALUES ($1, $2), ($3, $4)) SELECT person.id, given.score FROM given JOIN person ON person.id = given.id ORDER BY person.id",
            &[Value::Integer(2), Value::Integer(20), Value::Integer(1), Value::Integer(10)], expect![[r#"
            id score
            1 10
            2 20"#]]),
        ("SELECT id FROM person WHERE (id, name) > ($1, $2) AND id NOT IN (SELECT owner FROM pet WHERE owner IS NOT NULL) ORDER BY id LIMIT 2",
            &[Value::Integer(1), "Ada".into()], expect![[r#"
            id
            3
            4"#]]),
        ("SELECT id FROM person WHERE id < 3 UNION SELECT owner FROM pet WHERE owner IS NOT NULL UNION ALL SELECT 9 ORDER BY id", &[], expect![[r#"
            id
            1
            2
            9"#]]),
        ("SELECT kind, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY id) AS n, LAG(id, 1) OVER (ORDER BY id) AS before, SUM(1) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM pet ORDER BY id", &[], expect![[r#"
            kind n before s
            'dog' 1 NULL 1
            'cat' 1 'd' 2
            'cat' 2 'x' 3
            'cat' 3 'y' 4"#]]),
        ("SELECT x.name FROM (SELECT name FROM person WHERE id = 1) AS x CROSS JOIN pet WHERE pet.id = 'x'", &[], expect![[r#"
            name
            'Ada'"#]]),
        ("SELECT DISTINCT kind FROM pet ORDER BY kind", &[], expect![[r#"
            kind
            'cat'
            'dog'"#]]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes() {
    check(&[
        ("INSERT INTO pet (id, owner, kind) VALUES ('x', 5, 'dog') ON CONFLICT (id) DO UPDATE SET owner = excluded.owner WHERE pet.owner = 1 RETURNING id, owner, kind", &[], expect![[r#"
            id owner kind
            'x' 5 'cat'"#]]),
        ("INSERT INTO pet (id) VALUES ('x') ON CONFLICT DO NOTHING RETURNING id", &[], expect!["id"]),
        ("INSERT INTO pet (id, owner) SELECT DISTINCT 'copy', 7 FROM pet ON CONFLICT (id) DO NOTHING RETURNING id", &[], expect![[r#"
            id
            'copy'"#]]),
        ("DELETE FROM person WHERE id = 1 RETURNING name", &[], expect![[r#"
            name
            'Ada'"#]]),
        ("UPDATE pet SET kind = 'dog' FROM person WHERE person.id = pet.owner AND person.name = 'ada' RETURNING pet.id", &[], expect![[r#"
            id
            'y'"#]]),
        ("UPDATE Pet SET KIND = 'dog' WHERE \"id\" = 'z' RETURNING Id", &[], expect![[r#"
            id
            'z'"#]]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_constraints_are_constraint_errors() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        for sql in [
            "INSERT INTO person (id) VALUES (1)",
            "INSERT INTO person (id) VALUES (NULL)",
            "INSERT INTO pet (id, kind) VALUES ('q', 'cow')",
            "INSERT INTO pet (id, owner) VALUES ('q', 99)",
            "INSERT INTO pet (id, owner) VALUES ('q', 1)",
            "INSERT INTO pet (id, kind) VALUES ('q', NULL)",
        ] {
            let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
            let error = transaction.execute(sql, &[]).await.unwrap_err();
            assert!(matches!(error, SqlError::Constraint(_)), "{sql}: {error:?}");
            let after = transaction.query("SELECT id FROM person", &[], limit()).await.unwrap_err();
            assert!(after.to_string().contains("can only be rolled back"), "{after}");
            assert!(transaction.commit().await.is_err(), "a failed transaction does not commit");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_type_is_refused_where_it_is_stored() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        for (sql, value) in [
            ("INSERT INTO person (id, flag) VALUES (50, $1)", Value::Integer(5)),
            ("INSERT INTO person (id, score) VALUES (50, $1)", Value::from("far")),
            ("INSERT INTO person (id) VALUES ($1)", Value::from("one")),
            ("INSERT INTO person (id, face) VALUES (50, $1)", Value::from("face")),
        ] {
            let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
            assert!(transaction.execute(sql, &[value]).await.is_err(), "{sql}");
            transaction.rollback().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_the_limit_is_an_error() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        for (limit, ok) in [
            (RowLimit { rows: 7, bytes: 1000 }, true),
            (RowLimit { rows: 6, bytes: 1000 }, false),
            (RowLimit { rows: 7, bytes: 20 }, false),
        ] {
            let mut reading = database.begin(Access::ReadOnly).await.unwrap();
            let outcome = reading.query("SELECT name FROM person", &[], limit).await;
            assert_eq!(outcome.is_ok(), ok, "{outcome:?}");
            assert!(ok || matches!(outcome, Err(SqlError::TooLarge(_))));
            reading.rollback().await;
            let mut reading = database.begin(Access::ReadOnly).await.unwrap();
            assert_eq!(reading.query("SELECT 1", &[], limit).await.unwrap().rows, [[Value::Integer(1)]]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_go_in_with_one_statement() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        let places: Vec<_> =
            (0..1000).map(|row| format!("(${}, ${}, ${})", row * 3 + 1, row * 3 + 2, row * 3 + 3)).collect();
        let sql = format!("INSERT INTO person (id, name, flag) VALUES {}", places.join(", "));
        for round in 1..=2_i64 {
            let values: Vec<Value> = (0..1000_i64)
                .flat_map(|row| {
                    [
                        Value::Integer(round * 10_000 + row),
                        if row % 7 == 0 { Value::Null } else { format!("n{row}").into() },
                        (row % 2 == 0).into(),
                    ]
                })
                .collect();
            let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
            assert_eq!(transaction.execute(&sql, &values).await.unwrap(), 1000);
            transaction.commit().await.unwrap();
        }
        let mut reading = database.begin(Access::ReadOnly).await.unwrap();
        let rows = reading
            .query("SELECT COUNT(*) AS n, COUNT(name) AS named FROM person WHERE id >= 10000", &[], limit())
            .await
            .unwrap();
        assert_eq!(rows.rows, [[Value::Integer(2000), Value::Integer(1714)]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_parameters_has_to_fit() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLES).await;
        for (sql, values) in [
            ("SELECT $1", vec![]),
            ("SELECT 1", vec![Value::Integer(1)]),
            ("SELECT $2", vec![Value::Integer(1), Value::Integer(2)]),
            ("SELECT $0", vec![Value::Integer(1)]),
            ("SELECT $1", vec![Value::Real(f64::NAN)]),
        ] {
            let mut reading = database.begin(Access::ReadOnly).await.unwrap();
            let error = reading.query(sql, &values, limit()).await.unwrap_err();
            assert!(matches!(error, SqlError::Refused(_)), "{sql}: {error:?}");
        }
    })
    .await;
}
