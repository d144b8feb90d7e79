//! An expert in separate processes. A call that never returns, or that crashes the process, costs
//! one error: the next call starts another process and sends the settings again.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hive_files::Staging;
use hive_sdk::abi::{CallError, MAX_REPLY_BYTES};
use hive_sdk::protocol::MethodId;
use serde_json::value::RawValue;

use super::error::CallFault;
use super::place::ExpertPlace;
use super::told::ToldFault;
use super::transport::Transport;
use super::worker::{Call, MARK, kind};

/// Time limit for loading the library and initializing what it needs.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Number of lines of a worker's stderr shown in an error.
const TAIL_LINES: usize = 5;

/// How workers are started.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The hive binary.
    pub program: PathBuf,
    /// Where the expert's code is.
    pub place: ExpertPlace,
    /// Time limit for one call.
    pub limit: Duration,
    /// Time limit for making records, of which one call makes all.
    pub synthesis: Duration,
}

/// Sends requests to an expert in other processes: one, or several if several threads call at once.
pub struct Isolated {
    command: WorkerCommand,
    most: usize,
    pool: Mutex<Pool>,
    /// A process has become free, or may be started.
    freed: Condvar,
    /// The first line on a process's stdout that is not a reply.
    printed: Arc<Mutex<Option<String>>>,
}

/// Maximum bytes that are kept of a printed line.
const PRINTED: usize = 200;

#[derive(Default)]
struct Pool {
    idle: Vec<Worker>,
    /// Processes that run, idle or called.
    running: usize,
    /// The last settings, to be sent to every process, with their number.
    settings: Option<Arc<[u8]>>,
    generation: u64,
}

impl Isolated {
    /// Starts no process yet: the first call does. At most `most` run.
    pub fn new(command: WorkerCommand, most: usize) -> Self {
        let (pool, printed) = (Mutex::default(), Arc::default());
        Self { command, most: most.max(1), pool, freed: Condvar::new(), printed }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process for one call: an idle one, or a new one.
    fn taken(&self) -> Result<Worker, CallFault> {
        let mut pool = self.pool();
        loop {
            if let Some(worker) = pool.idle.pop() {
                return Ok(worker);
            }
            if pool.running < self.most {
                pool.running += 1;
                drop(pool);
                // A failure before the first call was sent is not an error of that call.
                return Worker::start(&self.command, Arc::clone(&self.printed)).map_err(|fault| {
                    self.lost();
                    match fault {
                        CallFault::NotLoaded(_) | CallFault::NotStarted(_) => fault,
                        other => CallFault::NotStarted(other.to_string()),
                    }
                });
            }
            pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A process has ended.
    fn lost(&self) {
        self.pool().running -= 1;
        self.freed.notify_one();
    }

    /// Sends the process the last settings, unless it has them.
    fn settle(&self, worker: &mut Worker) -> Result<(), CallFault> {
        let (settings, generation) = {
            let pool = self.pool();
            (pool.settings.clone(), pool.generation)
        };
        if worker.generation != generation
            && let Some(settings) = settings
        {
            worker.call(MethodId::Configure, &settings, START_LIMIT.max(self.command.limit))?;
        }
        worker.generation = generation;
        Ok(())
    }

    fn limit(&self, method: MethodId) -> Duration {
        match method {
            MethodId::Configure => START_LIMIT.max(self.command.limit),
            MethodId::Synthesize => self.command.synthesis,
            _ => self.command.limit,
        }
    }
}

impl Transport for Isolated {
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault> {
        let mut worker = self.taken()?;
        let result = if method == MethodId::Configure {
            let mut pool = self.pool();
            pool.settings = Some(request.into());
            pool.generation += 1;
            worker.generation = pool.generation;
            drop(pool);
            worker.call(method, request, self.limit(method))
        } else {
            let settled = self.settle(&mut worker);
            settled
                .map_err(|fault| CallFault::NotStarted(fault.to_string()))
                .and_then(|()| worker.call(method, request, self.limit(method)))
        };
        if matches!(result, Err(CallFault::Ended { .. } | CallFault::TimedOut(_) | CallFault::NotStarted(_))) {
            // Dropping it kills the process.
            drop(worker);
            self.lost();
        } else {
            self.pool().idle.push(worker);
            self.freed.notify_one();
        }
        result
    }

    fn printed(&self) -> Option<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A process that handles one call at a time.
struct Worker {
    child: Child,
    stdin: ChildStdin,
    replies: Receiver<Vec<u8>>,
    tail: Arc<Mutex<VecDeque<String>>>,
    /// Number of the settings that it has; 0 before any.
    generation: u64,
    /// Collects the tail until the process has closed its stderr.
    listener: JoinHandle<()>,
    /// Its temporary files, which it cannot remove itself when it is killed. Removed after the
    /// process has ended; if this process is killed too, the next worker's start removes them.
    _scratch: Option<Staging>,
}

/// Variables of the environment that are secret to hive: an expert's code, and programs that grade for it, have no use for
/// them.
pub const SECRETS: [&str; 3] = ["HF_TOKEN", "HIVE_REGISTRY_PASSWORD", "HIVE_REGISTRY_TOKEN"];

impl Worker {
    fn start(command: &WorkerCommand, printed: Arc<Mutex<Option<String>>>) -> Result<Self, CallFault> {
        let mut child = Command::new(&command.program);
        child.arg("worker").args(command.place.to_args());
        for name in SECRETS {
            child.env_remove(name);
        }
        // Our allocator would reserve a gigabyte at once and use little of it, but a memory limit
        // counts all of it.
        child.env("MIMALLOC_ARENA_RESERVE", "65536");
        // Without one it uses the shared temporary folder, and leaves files that it cannot remove.
        let scratch = Staging::new(&std::env::temp_dir()).ok();
        if let Some(scratch) = &scratch {
            child.envs(["TMPDIR", "TMP", "TEMP"].map(|name| (name, scratch.path())));
        }
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        {
            // Outside the terminal's process group: Ctrl-C is handled by the parent.
            use std::os::unix::process::CommandExt;
            child.process_group(0);
        }
        let mut child = child.spawn().map_err(|e| CallFault::NotStarted(e.to_string()))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(CallFault::NotStarted("it has no pipes".to_owned()));
        };
        let (send, replies) = mpsc::channel();
        // Both pipes are always drained, so that a worker never blocks on writing.
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                let most = (MAX_REPLY_BYTES + 64) as u64;
                match (&mut stdout).take(most).read_until(b'\n', &mut line) {
                    Ok(n) if n > 0 => {}
                    _ => return,
                }
                if line.pop_if(|b| *b == b'\n').is_none() {
                    return;
                }
                match line.strip_prefix(MARK.as_bytes()) {
                    Some(said) if send.send(said.to_vec()).is_err() => return,
                    Some(_) => {}
                    // The worker begins each of its own lines with a line break, so there are empty ones.
                    None if line.trim_ascii().is_empty() => {}
                    None => {
                        line.truncate(PRINTED);
                        let text = String::from_utf8_lossy(&line).into_owned();
                        printed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
                    }
                }
            }
        });
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&tail);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                tracing::debug!(target: "hive::worker", "{line}");
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == TAIL_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        let mut worker = Self { child, stdin, replies, tail, generation: 0, listener, _scratch: scratch };
        worker.next(START_LIMIT)?;
        Ok(worker)
    }

    fn call(&mut self, method: MethodId, request: &[u8], limit: Duration) -> Result<Vec<u8>, CallFault> {
        let request: &RawValue = serde_json::from_slice(request).map_err(|e| CallFault::Request(e.to_string()))?;
        let call = Call { method: method as u32, request };
        let mut line = serde_json::to_vec(&call).map_err(|e| CallFault::Request(e.to_string()))?;
        line.push(b'\n');
        // A worker reads its stdin at all times, so writing does not block.
        if self.stdin.write_all(&line).and_then(|()| self.stdin.flush()).is_err() {
            return Err(self.ended());
        }
        self.next(limit)
    }

    fn next(&mut self, limit: Duration) -> Result<Vec<u8>, CallFault> {
        let said = match self.replies.recv_timeout(limit) {
            Ok(said) => said,
            Err(RecvTimeoutError::Timeout) => return Err(CallFault::TimedOut(limit)),
            Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
        };
        if let Some(reply) = said.strip_prefix(kind::REPLY.as_bytes()) {
            return if reply.len() > MAX_REPLY_BYTES {
                Err(CallError::TooLong(reply.len()).into())
            } else {
                Ok(reply.to_vec())
            };
        }
        if said.starts_with(kind::READY.as_bytes()) {
            return Ok(Vec::new());
        }
        if let Some(told) = said.strip_prefix(kind::NOT_LOADED.as_bytes())
            && let Ok(told) = serde_json::from_slice::<ToldFault>(told)
        {
            return Err(CallFault::NotLoaded(Box::new(told.into())));
        }
        let why = said.strip_prefix(kind::FAULT.as_bytes()).unwrap_or(&said);
        Err(CallFault::Failed(String::from_utf8_lossy(why).into_owned()))
    }

    /// Why the process ended.
    fn ended(&mut self) -> CallFault {
        // Its stdout is closed, so it has ended or is about to: wait a moment for its status and
        // its last output. If it takes longer, a child process of its own may hold the pipe.
        patiently(|| !matches!(self.child.try_wait(), Ok(None)));
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
        // Whether a core is dumped depends on the machine's settings.
        let status = status.replace(" (core dumped)", "");
        patiently(|| self.listener.is_finished());
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        // hive's own error message is followed by a hint.
        let error = tail.iter().find_map(|line| line.strip_prefix("error: ").map(str::to_owned));
        let said = error.or_else(|| tail.iter().rev().find(|line| !line.is_empty()).cloned());
        CallFault::Ended { status, said }
    }
}

/// Waits until `done`, for at most a second.
fn patiently(mut done: impl FnMut() -> bool) {
    for _ in 0..100 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
