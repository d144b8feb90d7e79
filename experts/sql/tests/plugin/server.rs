//! The same records get the same verdicts on a PostgreSQL server and on the embedded one. The test starts a server from
//! an installed package, such as Debian's `postgresql`; without one it says so and is skipped.

use hive_tests::check_all;
use std::path::{Path, PathBuf};
use std::process::Command;

use hive_sdk::{Expert, Record, Settings, Verdict};

use expert_sql::SqlExpert;
use expert_sql::execute::{self, Database, Proof};

/// A server in a temporary folder, stopped and removed on drop.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// `None` when no server is installed.
    fn start() -> Option<Self> {
        let server = Self::prepare()?;
        server.initialize(&["-A", "trust"]);
        server.launch("");
        Some(server)
    }

    /// One that offers TLS with a certificate of its own for `localhost`, and asks for a password by SCRAM-SHA-256.
    fn start_encrypted(password: &str) -> Option<Self> {
        let server = Self::prepare()?;
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        server.write("server.crt", &certified.cert.pem());
        server.write("server.key", &certified.signing_key.serialize_pem());
        server.write("password", password);
        let file = server.path("password");
        server.initialize(&["-A", "scram-sha-256", "--pwfile", &file]);
        let (certificate, key) = (server.path("server.crt"), server.path("server.key"));
        server.launch(&format!("-c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"));
        Some(server)
    }

    fn prepare() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("hive-pg").tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, programs, port };
        server.hand_over(server.folder.path());
        Some(server)
    }

    fn initialize(&self, arguments: &[&str]) {
        let data = self.path("data");
        let always = ["-D", &data, "-U", "postgres", "-E", "UTF8", "--no-locale"];
        self.run("initdb", &[&always, arguments].concat());
    }

    fn launch(&self, options: &str) {
        let (data, log) = (self.path("data"), self.path("log"));
        let folder = self.folder.path().display();
        let options = format!("-p {} -k {folder} -h 127.0.0.1 -c fsync=off {options}", self.port);
        self.run("pg_ctl", &["-D", &data, "-o", &options, "-l", &log, "-w", "start"]);
    }

    /// The path of a file of the server's.
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file that the server alone may read.
    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        self.hand_over(Path::new(&path));
    }

    /// A server refuses to run as root, so its files belong to another user.
    fn hand_over(&self, path: &Path) {
        if is_root() {
            assert!(Command::new("chown").arg("-R").arg("postgres").arg(path).status().unwrap().success());
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        let output = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(output.success(), "{} failed", program.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        self.run("pg_ctl", &["-D", data.to_str().unwrap_or_default(), "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0")
}

/// The folder of `initdb`: on the path, or Debian's of the latest version.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|p| std::env::split_paths(&p).collect::<Vec<_>>());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let mut found: Vec<PathBuf> = on_path.chain(debian).filter(|folder| folder.join("initdb").is_file()).collect();
    found.sort();
    found.pop()
}

/// Code and kind of a verdict, since wordings differ between versions.
fn class(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept { notes, .. } => format!("accept {:?}", notes.iter().map(|n| &n.code).collect::<Vec<_>>()),
        Verdict::Repaired { record, changes, notes, .. } => format!(
            "repaired {:?} {:?} {:?}",
            changes.iter().map(|c| &c.code).collect::<Vec<_>>(),
            notes.iter().map(|n| &n.code).collect::<Vec<_>>(),
            record.text("sql")
        ),
        Verdict::Reject { code, .. } => format!("reject {code}"),
    }
}

fn records() -> Vec<Record> {
    let schema = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT, city TEXT, active BOOLEAN); \
        CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT REFERENCES customers, total NUMERIC, placed DATE); \
        INSERT INTO customers VALUES (1, 'Ann', 'Rome', TRUE), (2, 'Bo', NULL, FALSE); \
        INSERT INTO orders VALUES (1, 1, 9.5, '2020-02-29'), (2, 1, 3, '2021-01-01');";
    let statements = [
        "SELECT name FROM customers",
        "SELECT name, COUNT(*) FROM customers GROUP BY city",
        "SELECT nam FROM customers",
        "SELECT name FROM clients",
        "SELECT name FROM customers WHERE id = 'x'",
        "SELECT name FROM customers WHERE city = 5",
        "SELECT T1.name FROM customers AS T1 JOIN orders AS T2 ON T1.id = T2.customer_id",
        "SELECT DISTINCT city FROM customers ORDER BY name",
        "SELECT 1 / (id - 1) FROM customers",
        "SELECT id FROM customers WHERE city = 'Paris'",
        "SELECT id FROM customers JOIN orders ON customers.id = customer_id",
        "SELECT COUNT(*) FROM (SELECT city FROM customers)",
        "SELECT IFNULL(city, 'none') FROM customers WHERE active = 1",
        "SELECT YEAR(placed), SUM(total > 5) FROM orders GROUP BY YEAR(placed)",
        "SELECT STRFTIME('%Y', placed) FROM orders",
        "SELECT name FROM customers LIMIT 1, 2",
        "SELECT name FROM customers WHERE name LIKE 'a%' LIMIT 100000",
        "INSERT INTO customers VALUES (1, 'Cy', 'Bonn', TRUE)",
        "UPDATE orders SET total = total + 1 WHERE id = 1",
        "DELETE FROM orders",
        "SELECT pg_sleep(100)",
        "SELECT * FROM generate_series(1, 1000000000)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "SELECT name, RANK() OVER (ORDER BY id) FROM customers",
        "SELECT placed - 1, placed + INTERVAL '1 day', AGE(placed) FROM orders",
        "SELEC 1",
    ];
    let mut records: Vec<Record> = statements
        .iter()
        .map(|sql| {
            Record::from_pairs([("question", "What does it say of all of them?"), ("schema", schema), ("sql", *sql)])
        })
        .collect();
    for schema in [
        "CREATE TABLE a (id INT, b INT REFERENCES c (id)); CREATE TABLE c (id INT PRIMARY KEY)",
        "CREATE TABLE a (id INT, id INT)",
        "CREATE TABLE a (id INT); CREATE TABLE a (x INT)",
        "CREATE TABLE a (id NOSUCHTYPE)",
        "CREATE TABLE a (id INT); INSERT INTO a VALUES ('x')",
        "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, d DATETIME) ENGINE=InnoDB",
        "CREATE SCHEMA s; CREATE TABLE s.a (id INT); CREATE VIEW a AS SELECT id FROM s.a",
    ] {
        records.push(Record::from_pairs([
            ("question", "Which ids are there?"),
            ("schema", schema),
            ("sql", "SELECT id FROM a"),
        ]));
    }
    records.extend(SqlExpert::default().synthesize(5, 300).unwrap().unwrap());
    records.extend(shared());
    records
}

/// Records of published data sets, where they are available.
fn shared() -> Vec<Record> {
    let folder = std::env::var_os("HIVE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("data/sql_create_context_4k.jsonl")) else {
        eprintln!("skipped: there are no published data sets in {}", folder.display());
        return Vec::new();
    };
    let field = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    text.lines()
        .step_by(20)
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            Record::from_pairs([
                ("question", field(&value, "question")),
                ("schema", field(&value, "context")),
                ("sql", field(&value, "answer")),
            ])
        })
        .collect()
}

#[test]
fn a_server_gives_the_same_verdicts() {
    let Some(server) = Server::start() else {
        eprintln!("skipped: no PostgreSQL server is installed");
        return;
    };
    let mut settings = Settings::default();
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    settings.options.insert("database_url".to_owned(), url.into());
    let (there, here) = (SqlExpert::default(), SqlExpert::default());
    there.configure(&settings).unwrap();
    here.configure(&Settings::default()).unwrap();
    let mut differ = Vec::new();
    let all = records();
    for record in &all {
        let (a, b) = (class(&there.validate(record).unwrap()), class(&here.validate(record).unwrap()));
        if a != b {
            differ.push(format!(
                "{}\n  on the server: {a}\n  embedded:      {b}",
                record.text("sql").unwrap_or_default()
            ));
        }
    }
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), all.len(), differ.join("\n"));
}

#[test]
fn a_server_gives_the_same_grades_and_ends_what_does_not_end() {
    let Some(server) = Server::start() else {
        eprintln!("skipped: no PostgreSQL server is installed");
        return;
    };
    let mut settings = Settings::default();
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    settings.options.insert("database_url".to_owned(), url.into());
    settings.options.insert("statement_timeout_ms".to_owned(), 500.into());
    let (there, here) = (SqlExpert::default(), SqlExpert::default());
    there.configure(&settings).unwrap();
    here.configure(&Settings::default()).unwrap();
    for prompt in here.eval_prompts().unwrap().iter().step_by(6) {
        let gold = prompt.record.text("sql").unwrap();
        for completion in [gold, "SELECT 1"] {
            let grade = |expert: &SqlExpert| expert.examine(&prompt.record, &[], completion).unwrap();
            assert_eq!(grade(&there), grade(&here), "{}: {completion}", prompt.id);
        }
    }
    let prompt = Record::from_pairs([
        ("question", "How many?"),
        ("schema", "CREATE TABLE t (a INT)"),
        ("sql", "SELECT COUNT(*) FROM t"),
    ]);
    let endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT COUNT(*) FROM n";
    let grade = there.examine(&prompt, &[], endless).unwrap();
    assert_eq!((grade.score, grade.findings[0].code.as_str()), (0.0, "too-slow"), "{grade:?}");
}

#[test]
fn a_server_is_reached_over_tls_with_a_password() {
    let Some(server) = Server::start_encrypted("a secret") else {
        eprintln!("skipped: no PostgreSQL server is installed");
        return;
    };
    let port = server.port;
    let certificate = server.path("server.crt");
    let open = |host: &str, password: &str, parameters: &str| {
        let url = format!("postgres://postgres:{password}@{host}:{port}/postgres?{parameters}");
        Database::open(&execute::Settings { database_url: Some(url), ..execute::Settings::default() })
    };
    // Whether the session is encrypted, as the server has it.
    let encrypted = |host: &str, parameters: &str| {
        let mut database = open(host, "a%20secret", parameters).map_err(|error| error.to_string())?;
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        match database.prove("CREATE TABLE t (a INT)", sql).unwrap() {
            Proof::Ran(ran) => Ok(ran.rows[0][0].as_deref() == Some("t")),
            other => Err(format!("{other:?}")),
        }
    };
    assert_eq!(encrypted("127.0.0.1", "sslmode=require"), Ok(true));
    assert_eq!(encrypted("127.0.0.1", ""), Ok(true));
    assert_eq!(encrypted("127.0.0.1", "sslmode=disable"), Ok(false));
    assert_eq!(encrypted("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={certificate}")), Ok(true));
    assert_eq!(encrypted("localhost", &format!("sslmode=verify-full&sslrootcert={certificate}")), Ok(true));
    check_all(
        [
            (format!("sslmode=verify-full&sslrootcert={certificate}"), "not valid for name"),
            ("sslmode=verify-ca".to_owned(), "invalid peer certificate"),
            ("sslmode=verify-ca&sslrootcert=/nowhere".to_owned(), "cannot read the root certificates `/nowhere`"),
        ],
        |(parameters, expected)| {
            let error = encrypted("127.0.0.1", &parameters).unwrap_err();
            assert!(error.contains(expected), "{parameters}: {error}");
        },
    );
    for (password, parameters) in [("wrong", "sslmode=require"), ("wrong", ""), ("wrong", "sslmode=disable")] {
        let error = open("127.0.0.1", password, parameters).err().unwrap().to_string();
        assert!(error.contains("(28P01)"), "{parameters}: {error}");
    }
    let plain = Server::start().unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=require", plain.port);
    let settings = execute::Settings { database_url: Some(url), ..execute::Settings::default() };
    let error = Database::open(&settings).err().unwrap().to_string();
    assert!(error.contains("offers no TLS"), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let mut settings = Settings::default();
    check_all(
        [
            ("postgres://postgres@127.0.0.1:1/postgres", "no PostgreSQL answers at 127.0.0.1:1"),
            ("mysql://x@127.0.0.1/y", "begins with `mysql:`"),
            ("nonsense", "does not parse"),
        ],
        |(url, expected)| {
            settings.options.insert("database_url".to_owned(), url.into());
            let error = SqlExpert::default().configure(&settings).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        },
    );
}
