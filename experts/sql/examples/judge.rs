//! Judges records as the gate does, one JSON object a line from stdin to stdout, on a number of threads, and reports its
//! speed on stderr: for measuring the gate without the host.
//!
//! ```text
//! cargo run --release -p expert-sql --example judge -- 2 < records.jsonl > verdicts.jsonl
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use expert_sql::SqlExpert;
use hive_sdk::{Expert, Record, Settings, Verdict};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads: usize = std::env::args().nth(1).map_or(Ok(1), |n| n.parse())?;
    let mut settings = Settings::default();
    if let Some(url) = std::env::args().nth(2) {
        settings.options.insert("database_url".to_owned(), url.into());
    }
    let lines = std::io::stdin().lock().lines().collect::<Result<Vec<String>, _>>()?;
    let records: Vec<Record> = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let expert = SqlExpert::default();
    expert.configure(&settings)?;
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<BTreeMap<usize, String>> = Mutex::default();
    let counts: Mutex<BTreeMap<String, usize>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    // Neighbouring records go to one thread, because they often share a schema.
                    let begin = next.fetch_add(64, Ordering::Relaxed);
                    for (i, record) in records.iter().enumerate().skip(begin).take(64) {
                        let (class, said) = match expert.validate(record) {
                            Ok(verdict) => {
                                let class = match &verdict {
                                    Verdict::Accept { .. } => "accepted".to_owned(),
                                    Verdict::Repaired { .. } => "repaired".to_owned(),
                                    Verdict::Reject { code, .. } => format!("rejected {code}"),
                                };
                                (class, json!({"record": record, "verdict": verdict}))
                            }
                            Err(error) => {
                                ("no verdict".to_owned(), json!({"record": record, "error": error.to_string()}))
                            }
                        };
                        *counts.lock().unwrap_or_else(|e| e.into_inner()).entry(class).or_default() += 1;
                        verdicts.lock().unwrap_or_else(|e| e.into_inner()).insert(i, said.to_string());
                    }
                    if begin + 64 >= records.len() {
                        return;
                    }
                }
            });
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for said in verdicts.into_inner()?.values() {
        writeln!(out, "{said}")?;
    }
    eprintln!("{} records in {seconds:.1} s: {:.0} a second", records.len(), records.len() as f64 / seconds);
    for (class, count) in counts.into_inner()? {
        eprintln!("{count:>8}  {class}");
    }
    Ok(())
}
