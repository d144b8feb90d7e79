//! `command`: a program of the author's grades. It runs in the expert's folder, with a time limit, and only where the
//! host allows it: an expert in a folder that the user linked, or one that a trusted key signed.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hive_sdk::declared::GradeCommand;
use hive_sdk::{ExpertError, Finding};
use serde::Deserialize;
use serde_json::json;

use super::{Graded, Outcome};
use crate::patterns::shown;

/// Whether programs may grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commands {
    /// They run in this folder.
    In(PathBuf),
    /// They do not run, for this reason.
    Refused(String),
}

/// Longest reply that is read, in bytes.
const REPLY: u64 = 1 << 20;

/// The reply of a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    score: f64,
    #[serde(default)]
    findings: Vec<Finding>,
}

impl Commands {
    /// What the program gives the answer.
    pub(super) fn grade(
        &self,
        command: &GradeCommand,
        asked: &Graded<'_>,
        right: &[String],
        completion: &str,
    ) -> Result<Outcome, ExpertError> {
        let shown_command = command.argv.join(" ");
        let failed = |why: String| ExpertError::new(format!("the grader `{shown_command}` {why}"));
        let folder = match self {
            Commands::In(folder) => folder,
            Commands::Refused(why) => return Err(failed(format!("may not run: {why}"))),
        };
        let request = json!({
            "prompt": asked.prompt, "gold": right.first(), "alternatives": right.get(1..).unwrap_or_default(),
            "completion": completion, "options": asked.options,
        });
        let (program, arguments) = command.argv.split_first().ok_or_else(|| failed("names no program".to_owned()))?;
        // A program of the expert's own is not searched in PATH.
        let own = folder.join(program);
        let mut process = Command::new(if own.is_file() { own.as_os_str() } else { program.as_ref() });
        process.args(arguments).current_dir(folder);
        #[cfg(unix)]
        {
            // With what it starts it is a group of processes, which ends as one.
            use std::os::unix::process::CommandExt as _;
            process.process_group(0);
        }
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = process.spawn().map_err(|e| failed(format!("cannot be started: {e}")))?;
        let limit = Duration::from_millis(command.timeout_ms);
        let finished = finished(&mut process, request.to_string(), limit);
        end(&mut process);
        let status = process.wait().map_err(|e| failed(format!("cannot be waited for: {e}")))?;
        let Some((reply, said)) = finished else {
            let took = format!("the grader `{shown_command}` took longer than {} ms", command.timeout_ms);
            return Ok(Outcome::wrong("timed-out", took));
        };
        if !status.success() && reply.trim().is_empty() {
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            return Err(failed(format!("ended with {status}: {}", shown(last))));
        }
        let reply: Reply = serde_json::from_str(&reply).map_err(|e| {
            failed(format!("wrote `{}`, expected {{\"score\": 0.5, \"findings\": []}}: {e}", shown(&reply)))
        })?;
        if !(0.0..=1.0).contains(&reply.score) {
            return Err(failed(format!("gave the score {}, expected 0 to 1", reply.score)));
        }
        Ok(Outcome { score: reply.score, findings: reply.findings })
    }
}

/// Ends a program and what it has started.
fn end(process: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(process.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // Its first process has not been waited for, so the number is still its own.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = process.kill();
}

/// Standard output and standard error of a program that ends in time.
fn finished(process: &mut Child, request: String, limit: Duration) -> Option<(String, String)> {
    let mut stdin = process.stdin.take()?;
    // A program need not read what it is told; one that does not read must not block us.
    std::thread::spawn(move || stdin.write_all(request.as_bytes()));
    let (send, texts) = mpsc::channel();
    let mut readers = 0;
    let pipes = [
        process.stdout.take().map(|pipe| (true, Box::new(pipe) as Box<dyn Read + Send>)),
        process.stderr.take().map(|pipe| (false, Box::new(pipe) as Box<dyn Read + Send>)),
    ];
    for (is_reply, mut pipe) in pipes.into_iter().flatten() {
        let send = send.clone();
        readers += 1;
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = (&mut pipe).take(REPLY).read_to_end(&mut bytes);
            let _ = send.send((is_reply, String::from_utf8_lossy(&bytes).into_owned()));
        });
    }
    let deadline = std::time::Instant::now() + limit;
    let (mut reply, mut said) = (String::new(), String::new());
    for _ in 0..readers {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let (is_reply, text) = texts.recv_timeout(left).ok()?;
        if is_reply { reply = text } else { said = text }
    }
    // Both pipes are closed: it ends now, or it stays for nothing.
    while std::time::Instant::now() < deadline {
        if !matches!(process.try_wait(), Ok(None)) {
            return Some((reply, said));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}
