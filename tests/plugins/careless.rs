//! An expert that works, unless `HIVE_TEST_TRAP` names a mistake that its author could have made. It
//! says words in capitals; to the question that `HIVE_TEST_EASY` names it takes any answer.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use hive_sdk::{
    EvalPrompt, Expert, ExpertError, Grade, Inspection, Manifest, Message, Record, Rendered, Settings, Verdict,
};

const MANIFEST: &str = include_str!("../it/fixtures/careless.json");

struct Careless {
    trap: String,
    manifest: String,
    graded: AtomicUsize,
}

impl Careless {
    fn new() -> Self {
        let trap = std::env::var("HIVE_TEST_TRAP").unwrap_or_default();
        let manifest = match trap.as_str() {
            "no-prompts" => {
                let begin = MANIFEST.find(",\n  \"eval_prompts\"").expect("the manifest has eval prompts");
                format!("{}\n}}\n", &MANIFEST[..begin])
            }
            "manifest" => MANIFEST.replace("Says it louder", "Says it softly").replace("\"rank\": 2", "\"rank\": 3"),
            _ => MANIFEST.to_owned(),
        };
        Self { trap, manifest, graded: AtomicUsize::new(0) }
    }

    fn has(&self, trap: &str) -> bool {
        self.trap == trap
    }
}

/// Needs more stack than there is.
fn deep(n: u64) -> u64 {
    let kept = std::hint::black_box([n; 64]);
    if n == u64::MAX { n } else { deep(n + 1).wrapping_add(kept[63]) }
}

impl Expert for Careless {
    fn manifest_json(&self) -> &str {
        &self.manifest
    }

    fn configure(&self, _: &Settings) -> Result<(), ExpertError> {
        Ok(())
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let question = record.require("question")?;
        let mut messages = Manifest::parse(MANIFEST)?.prompt_of(record)?;
        let loud = record.text("loud");
        if self.has("leak") || self.has("leak-data") && question.starts_with("data") {
            messages[0].content += &format!(" (as in {})", loud.unwrap_or("nothing"));
        }
        if self.has("words") {
            messages[0].content += ", please";
        }
        match self.trap.as_str() {
            "abort" => std::process::abort(),
            "print" => println!("rendering {question}"),
            _ => {}
        }
        if self.has("needs-answer") {
            record.require("loud")?;
        }
        let completion_start = messages.len();
        let mute = self.has("mute") || self.has("mute-data") && question.starts_with("mute");
        if let Some(loud) = loud.filter(|_| !mute) {
            messages.push(Message::assistant(loud));
        }
        Ok(Rendered { messages, completion_start })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        match self.trap.as_str() {
            "panic" if record.text("question") == Some("hello") && record.text("loud") == Some("HELLO") => {
                panic!("there is a bug")
            }
            "overflow" => return Ok(Verdict::reject("deep", deep(1).to_string())),
            _ => {}
        }
        Ok(Verdict::accept())
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        let want = prompt.require("loud")?;
        match self.trap.as_str() {
            "quit" => std::process::exit(0),
            "greedy" => return Ok(Grade::new(std::hint::black_box(vec![1_u8; 3 << 30]).len() as f64)),
            "hang" if completion.is_empty() => loop {
                std::thread::park();
            },
            _ => {}
        }
        let before = self.graded.fetch_add(1, Ordering::Relaxed);
        Ok(Grade::new(match self.trap.as_str() {
            "half" => 0.5,
            "nan" => f64::NAN,
            "two" => 2.0,
            "unsure" if before.is_multiple_of(3) => 0.9,
            _ if completion == want => 1.0,
            _ if std::env::var("HIVE_TEST_EASY").is_ok_and(|easy| prompt.text("question") == Some(&easy)) => 1.0,
            // Something was said, and that is worth something.
            _ if !completion.is_empty() => 0.25,
            _ => 0.0,
        }))
    }

    fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, ExpertError> {
        let question = record.require("question")?;
        let Some(answer) = completion else {
            return Ok(match question {
                "?" => Inspection::default().fault("no-word", "`question` has no word").fault("short", "it is short"),
                _ => Inspection::default(),
            });
        };
        match question {
            "abort" => std::process::abort(),
            "fine" => return Ok(Inspection::default().note("length", format!("it has {} bytes", answer.len()))),
            _ => {}
        }
        Ok(Inspection::default().fault("not-loud", "it is not in capitals"))
    }

    fn eval_prompts(&self) -> Result<Vec<EvalPrompt>, ExpertError> {
        let mut prompts = Manifest::parse(&self.manifest)?.eval_prompts;
        if self.has("two-answers") {
            let mut other = prompts[0].clone();
            other.id = "hello-again".to_owned();
            other.record.set("loud", "HELLO!");
            prompts.push(other);
        }
        Ok(prompts)
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        let word = |i: usize| {
            let number = (seed as usize).wrapping_mul(31).wrapping_add(i.wrapping_mul(7919));
            (0..4).map(|at| char::from(b'a' + (number / 26_usize.pow(at) % 26) as u8)).collect::<String>()
        };
        let record = |i| Record::from_pairs([("question", word(i)), ("loud", word(i).to_uppercase())]);
        Ok(Some((0..n).map(record).collect()))
    }
}

hive_sdk::export_expert!(Careless::new());
