//! What a page says about its making: when, how long it took, on which machine, by which version of hive. Such facts
//! differ between two makings of the same, so they are not part of any result that is compared.

use std::time::{Instant, SystemTime};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// When and where something was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// When its making began: RFC 3339, in UTC, to the second.
    pub begun: String,
    /// How long it took; unknown if it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// On which machine.
    pub machine: Machine,
    /// By which version of hive.
    pub hive: String,
}

/// A machine, as far as it matters for the time that something takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The processor, as it names itself; the architecture where it does not.
    pub processor: String,
    /// Number of cores that this process may use.
    pub cores: usize,
}

impl Made {
    /// When its making began; `None` if that is no time.
    pub fn begun_at(&self) -> Option<SystemTime> {
        DateTime::parse_from_rfc3339(&self.begun).ok().map(SystemTime::from)
    }
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let named = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| processor_in(&text));
        Self {
            processor: named.or_else(brand).unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// `AMD EPYC 7763, 2 cores`
    pub fn text(&self) -> String {
        format!("{}, {} {}", self.processor, self.cores, if self.cores == 1 { "core" } else { "cores" })
    }
}

/// The name of the first processor in a text of Linux's `/proc/cpuinfo`.
fn processor_in(text: &str) -> Option<String> {
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned());
        found.next().filter(|value| !value.is_empty())
    };
    value("model name").or_else(|| value("Model"))
}

/// What macOS calls the processor.
fn brand() -> Option<String> {
    if !cfg!(target_os = "macos") {
        return None;
    }
    let told = std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
    let name = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Measures how long a making takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    begun: SystemTime,
    clock: Instant,
}

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self { begun: SystemTime::now(), clock: Instant::now() }
    }

    /// What is made now, on this machine.
    pub fn made(&self) -> Made {
        Made { seconds: Some(self.clock.elapsed().as_secs_f64()), ..self.begun() }
    }

    /// What has begun, and has not ended yet.
    pub fn begun(&self) -> Made {
        Made {
            begun: DateTime::<Utc>::from(self.begun).format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            seconds: None,
            machine: Machine::this(),
            hive: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// `12.3 s`, `3 min 12 s`, `1 h 02 min`
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{:.1} s", seconds.max(0.0)),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// What a page says about these makings of its subject, in their order, as (term, text).
pub(crate) fn facts(all: &[Made]) -> Vec<(&'static str, String)> {
    let Some(first) = all.first() else { return Vec::new() };
    let distinct = |text: &dyn Fn(&Made) -> String| {
        let mut texts: Vec<String> = Vec::new();
        for text in all.iter().map(text) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.join("; ")
    };
    let known: f64 = all.iter().filter_map(|made| made.seconds).sum();
    let cut_off = all.iter().filter(|made| made.seconds.is_none()).count();
    let parts = if all.len() > 1 { format!(", in {} parts", all.len()) } else { String::new() };
    let took = match cut_off {
        0 => format!("{}{parts}", duration(known)),
        n if n == all.len() => "not known: it was cut off".to_owned(),
        n => format!("at least {}{parts}, of which {n} cut off", duration(known)),
    };
    vec![
        ("Date", first.begun.replace('T', " ").replace('Z', " UTC")),
        ("Duration", took),
        ("Machine", distinct(&|made| made.machine.text())),
        ("hive", distinct(&|made| made.hive.clone())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(begun: &str, seconds: Option<f64>, cores: usize) -> Made {
        let machine = Machine { processor: "Mill 1".to_owned(), cores };
        Made { begun: begun.to_owned(), seconds, machine, hive: "0.2.0".to_owned() }
    }

    #[test]
    fn this_machine_and_this_moment_are_known() {
        let now = Stopwatch::start().made();
        assert!(now.machine.cores > 0 && !now.machine.processor.is_empty(), "{now:?}");
        assert!(now.begun.starts_with("20") && now.begun.ends_with('Z') && now.begun.len() == 20, "{now:?}");
        assert!(now.seconds.is_some_and(|seconds| seconds < 60.0), "{now:?}");
        assert_eq!(now.hive, env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn processors_are_named_as_they_name_themselves() {
        let x86 = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 7763\nmodel name\t: other\n";
        assert_eq!(processor_in(x86).as_deref(), Some("AMD EPYC 7763"));
        assert_eq!(processor_in("processor : 0\nModel : Raspberry Pi 5\n").as_deref(), Some("Raspberry Pi 5"));
        assert_eq!(processor_in("processor : 0\nmodel name :\n"), None);
    }

    #[test]
    fn makings_are_summed_and_a_cut_off_one_is_told() {
        assert_eq!([0.04, 59.4, 192.0, 3720.0].map(duration), ["0.0 s", "59.4 s", "3 min 12 s", "1 h 02 min"]);
        let first = made("2026-11-28T13:20:05Z", Some(60.0), 2);
        let text = |all: &[Made]| facts(all).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        let one = text(std::slice::from_ref(&first));
        assert_eq!(one, ["2026-11-28 13:20:05 UTC", "1 min 00 s", "Mill 1, 2 cores", "0.2.0"]);
        let two = text(&[first.clone(), made("2026-11-29T00:00:00Z", Some(12.0), 1)]);
        assert_eq!(two[1..3], ["1 min 12 s, in 2 parts", "Mill 1, 2 cores; Mill 1, 1 core"]);
        let cut = text(&[made("2026-11-28T13:20:05Z", None, 2), first]);
        assert_eq!(cut[1], "at least 1 min 00 s, in 2 parts, of which 1 cut off");
        assert_eq!(text(&[]), Vec::<String>::new());
    }
}
