//! Tests of the data gate from data to a prepared set, with an expert in the test: its output, that
//! a second run reuses it, and that a run stopped at any point ends with the same result.

use hive_tests::check_all;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hive_errors::Diagnostic as _;
use hive_plugins::{InProcess, LoadedExpert};
use hive_sdk::{Expert, ExpertError, Facts, Finding, Grade, Message, Record, Rendered, Verdict};

use super::*;
use crate::datasets::{ReadRecord, Source, SplitSettings};

const MANIFEST: &str = r#"{
    "name": "shout", "version": "0.1.0", "abi": 3, "description": "d", "license": "MIT", "base_models": ["m"],
    "dataset": {
        "fields": [{"name": "question"}, {"name": "topic"}, {"name": "loud", "completion": true}],
        "group_by": "topic",
        "lints": [{"code": "too-long-completion", "description": "Long", "level": "reject"},
                  {"code": "blank", "description": "Blank", "level": "repair", "repairs": true}]
    },
    "eval_prompts": [{"id": "e1", "record": {"question": "the eval question", "topic": "t0", "loud": "THE EVAL"}}]
}"#;

/// Judges by the first word of the question, and counts its calls.
#[derive(Default)]
struct Shout {
    asked: AtomicUsize,
}

impl Expert for Shout {
    fn manifest_json(&self) -> &str {
        MANIFEST
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        if record.require("question")?.starts_with("unrenderable") {
            panic!("no chat of this");
        }
        let messages = vec![Message::user(record.require("question")?), Message::assistant(record.require("loud")?)];
        Ok(Rendered { messages, completion_start: 1 })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let question = record.require("question")?;
        let kind = question.split(' ').next().unwrap_or_default();
        let mut facts = Facts::default();
        facts.labels.insert("kind".to_owned(), kind.to_owned());
        facts.measures.insert("letters".to_owned(), question.len() as f64);
        Ok(match kind {
            "bad" => Verdict::reject("bad", "it is bad"),
            "panic" => panic!("asked to"),
            "lost" => return Err(ExpertError::new("the database was lost")),
            "blank" => {
                let mut better = record.clone();
                better.set("loud", record.require("loud")?.trim().to_owned() + "!");
                let changes = vec![Finding { code: "blank".to_owned(), message: "took blanks off".to_owned() }];
                Verdict::Repaired { record: better, changes, notes: Vec::new(), facts }
            }
            _ => Verdict::Accept { notes: Vec::new(), facts },
        })
    }

    fn grade(&self, _: &Record, _: &str) -> Result<Grade, ExpertError> {
        Ok(Grade::new(1.0))
    }
}

/// Records from a list; every tenth has another topic.
struct List(Vec<Result<Record, Verdict>>);

impl List {
    fn of(kinds: &[&str]) -> Self {
        let record = |(i, kind): (usize, &&str)| {
            let question = format!("{kind} question number {i}");
            let loud = format!("{} {i}", kind.to_uppercase());
            Record::from_pairs([("question", question), ("topic", format!("t{}", i / 10)), ("loud", loud)])
        };
        Self(kinds.iter().enumerate().map(record).map(Ok).collect())
    }
}

impl Data for List {
    fn digest(&self) -> Result<String, PipelineError> {
        Ok(format!("{:?}", self.0))
    }
    fn name(&self) -> String {
        "`list`".to_owned()
    }
    fn open(&self) -> Result<Box<dyn Stream + '_>, PipelineError> {
        let read =
            |(record, line)| ReadRecord { source: Source::Line { file: Path::new("list").into(), line }, record };
        let all: Vec<ReadRecord> = self.0.clone().into_iter().zip(1..).map(read).collect();
        Ok(Box::new(Listed(all.into_iter())))
    }
}

struct Listed(std::vec::IntoIter<ReadRecord>);

impl Iterator for Listed {
    type Item = Result<ReadRecord, PipelineError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Ok)
    }
}

impl Stream for Listed {
    fn sources(&self) -> Vec<SourceRead> {
        vec![SourceRead { name: "list".to_owned(), records: 0, mapping: String::new() }]
    }
}

/// Sets the flag after a number of calls, and keeps the last tally.
struct Stopper<'a> {
    calls: AtomicUsize,
    after: usize,
    stop: &'a AtomicBool,
    last: Mutex<Tally>,
}

impl Stopper<'_> {
    fn called(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.after {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl PipelineReporter for Stopper<'_> {
    fn reading(&self, _: usize) {}
    fn begin(&self, _: &[SourceRead], _: usize) {}
    fn judged(&self, tally: Tally) {
        *self.last.lock().unwrap() = tally;
        self.called();
    }
    fn writing(&self, _: usize, _: usize) {
        self.called();
    }
}

fn expert() -> LoadedExpert {
    InProcess::open("shout", Shout::default()).unwrap()
}

fn request<'a>(expert: &'a LoadedExpert, data: &'a dyn Data, cache: &Path, out: Option<PathBuf>) -> Request<'a> {
    Request {
        expert,
        library: "l".to_owned(),
        data,
        lints: BTreeMap::new(),
        options: serde_json::Map::new(),
        split: SplitSettings { seed: 1, validation_fraction: 0.2, validation_records: 100 },
        tokenisation: None,
        cache: data_cache(cache, "shout"),
        out,
        passing: false,
    }
}

/// Runs the gate and stops it after `after` calls of the reporter; also returns the last tally.
fn run_until(request: Request<'_>, after: usize) -> (Result<Outcome, PipelineError>, Tally) {
    let stop = AtomicBool::new(false);
    let reporter = Stopper { calls: AtomicUsize::new(0), after, stop: &stop, last: Mutex::default() };
    let pipeline = Pipeline::new(request);
    let outcome = pipeline.and_then(|pipeline| pipeline.run(&mut || Ok(vec![expert(), expert()]), &stop, &reporter));
    let last = *reporter.last.lock().unwrap();
    (outcome, last)
}

fn done(outcome: Result<Outcome, PipelineError>) -> (PreparedSet, bool) {
    match outcome.unwrap() {
        Outcome::Done(set, found) => (*set, found),
        Outcome::Stopped => panic!("stopped"),
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |e: std::fs::DirEntry| {
        let (name, bytes) = (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap());
        (name.clone(), if name == "report.html" { without_facts(&bytes) } else { bytes })
    };
    std::fs::read_dir(folder).unwrap().map(|e| entry(e.unwrap())).collect()
}

/// A page without what it says about the time and machine of its making.
fn without_facts(page: &[u8]) -> Vec<u8> {
    let page = std::str::from_utf8(page).unwrap();
    let (before, rest) = page.split_once("<dl class=\"facts\">").unwrap();
    let (facts, after) = rest.split_once("</dl>").unwrap();
    assert!(facts.contains("<dt>Date</dt>"), "{facts}");
    [before, after].concat().into_bytes()
}

/// 700 records, some of them bad, blank or duplicates: three shards.
fn many() -> List {
    let kinds = ["good", "fine", "blank", "bad", "panic", "plain", "unrenderable"];
    let mut list = List::of(&(0..700).map(|i| kinds[i % 7]).collect::<Vec<_>>());
    list.0[5] = Err(Verdict::reject("not-utf8", "byte 3"));
    list.0[14] = list.0[7].clone();
    list.0[21] = Ok(Record::from_pairs([("question", "the eval question"), ("topic", "t9"), ("loud", "X")]));
    list
}

#[test]
fn what_comes_in_comes_out_or_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let out = dir.path().join("out");
    let (set, found) = done(run_until(request(&expert, &list, &dir.path().join("c"), Some(out.clone())), 0).0);
    assert!(!found);
    let report = &set.report;
    assert_eq!((report.records, report.accepted, report.repaired, report.rejected), (700, 299, 100, 301));
    assert_eq!(report.left_out, BTreeMap::from([("duplicate".to_owned(), 1), ("eval-prompt".to_owned(), 1)]));
    assert_eq!(report.train + report.validation + report.unused, 397);
    let count = |code: &str| report.rejects.iter().find(|r| r.code == code).map(|r| (r.count, r.examples[0].clone()));
    assert_eq!(count("bad"), Some((100, "list:4: it is bad".to_owned())));
    assert_eq!(count("crashed").unwrap().0, 200, "100 that panic when judged, 100 when rendered");
    assert_eq!(count("not-utf8"), Some((1, "list:6: byte 3".to_owned())));
    assert_eq!(report.labels["kind"]["blank"], 100);
    let records = |half| set.rows(half).unwrap().map(Result::unwrap).collect::<Vec<_>>();
    let (train, held) = (records(Half::Train), records(Half::Validation));
    assert_eq!(set.spread(Half::Train, 3).unwrap(), [0, 1, 2].map(|i| train[i * train.len() / 3].clone()));
    assert_eq!(set.spread(Half::Train, usize::MAX).unwrap(), train);
    assert_eq!((train.len(), held.len()), (report.train, report.validation));
    let topic = |r: &Record| r.text("topic").unwrap().to_owned();
    assert!(train.iter().all(|t| held.iter().all(|h| topic(t) != topic(h))), "no topic is on both sides");
    assert!(train.iter().any(|r| r.text("loud").unwrap().ends_with('!')), "repaired records train as repaired");
    let names: Vec<String> = files(&out).into_keys().collect();
    assert_eq!(names, ["rejected.jsonl", "report.html", "report.json", "train.parquet", "validation.parquet"]);
    let rejected = std::fs::read_to_string(out.join("rejected.jsonl")).unwrap();
    assert_eq!(rejected.lines().count(), 303);
    assert!(rejected.lines().all(|l| l.starts_with(r#"{"source":"list:"#)), "{}", rejected.lines().next().unwrap());
}

#[test]
fn a_second_run_judges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let (first, _) = done(run_until(request(&expert, &list, dir.path(), None), 0).0);
    let pipeline = Pipeline::new(request(&expert, &list, dir.path(), None)).unwrap();
    let stop = AtomicBool::new(false);
    let quiet = Stopper { calls: AtomicUsize::new(0), after: 0, stop: &stop, last: Mutex::default() };
    let mut nobody = || panic!("no worker is needed");
    let (again, found) = done(pipeline.run(&mut nobody, &stop, &quiet));
    assert!(found);
    assert_eq!(again.report, first.report);

    // Another split of the same verdicts, and a damaged set: written, not judged.
    let mut other = request(&expert, &list, dir.path(), None);
    other.split.seed = 2;
    let (other, found) = done(Pipeline::new(other).unwrap().run(&mut nobody, &stop, &quiet));
    assert!(!found && other.report.key != first.report.key && other.path == first.path);
    std::fs::write(other.path.join("train.parquet"), b"PAR1").unwrap();
    let mut same = request(&expert, &list, dir.path(), None);
    same.split.seed = 2;
    let (mended, found) = done(Pipeline::new(same).unwrap().run(&mut nobody, &stop, &quiet));
    assert!(!found && mended.report == other.report && mended.is_whole());
}

#[test]
fn a_run_that_was_stopped_anywhere_ends_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let out = |name: &str| dir.path().join(name);
    let whole = out("whole");
    done(run_until(request(&expert, &list, &out("c0"), Some(whole.clone())), 0).0);
    let whole = files(&whole);
    check_all([1, 2, 7, 30, 47, 48, 49, 50, 51, 52, 53], |after| {
        let (cache, name) = (out(&format!("c{after}")), format!("out{after}"));
        let (outcome, tally) = run_until(request(&expert, &list, &cache, Some(out(&name))), after);
        if matches!(outcome, Ok(Outcome::Stopped)) {
            assert!(!out(&name).exists(), "nothing half-written stands there");
            let (outcome, last) = run_until(request(&expert, &list, &cache, Some(out(&name))), 0);
            done(outcome);
            assert!(last.judged == 0 || last.found >= tally.judged + tally.found, "{tally:?} {last:?}");
        } else {
            done(outcome);
        }
        assert!(files(&out(&name)) == whole, "stopped after {after}");
    });
}

#[test]
fn two_runs_at_once_on_the_same_data_do_not_disturb_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let run = |name: &str| done(run_until(request(&expert, &list, dir.path(), Some(dir.path().join(name))), 0).0).0;
    let (a, b) = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(|| run("a")), scope.spawn(|| run("b")));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert_eq!(a.report, b.report);
    assert_eq!(a.report.records, 700);
}

#[test]
fn a_damaged_shard_is_judged_again() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let (first, _) = done(run_until(request(&expert, &list, dir.path(), None), 0).0);
    let cache = first.path.parent().unwrap().to_owned();
    std::fs::remove_file(cache.join("read.json")).unwrap();
    std::fs::remove_dir_all(&first.path).unwrap();
    let shard = cache.join("judged-000001.jsonl.zst");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..bytes.len() / 2]).unwrap();
    let (outcome, tally) = run_until(request(&expert, &list, dir.path(), None), 0);
    assert_eq!(done(outcome).0.report, first.report);
    assert_eq!((tally.judged, tally.found), (256, 444));
}

#[test]
fn what_cannot_be_prepared() {
    let dir = tempfile::tempdir().unwrap();
    let expert = expert();
    let said = |list: &List, change: &dyn Fn(&mut Request<'_>)| {
        let mut request = request(&expert, list, dir.path(), None);
        change(&mut request);
        let error = run_until(request, 0).0.unwrap_err();
        (error.to_string(), error.exit_code(), error.details(), error.hint().unwrap_or_default())
    };
    let good = List::of(&["good", "good"]);
    let (text, exit, details, _) = said(&List::of(&["bad", "bad"]), &|_| {});
    assert_eq!((text.as_str(), exit), ("Failed to prepare the data: all 2 records were rejected", 1));
    assert_eq!(details, ["      2  bad  list:1: it is bad"]);
    let (text, exit, ..) = said(&List(Vec::new()), &|_| {});
    assert_eq!((text.as_str(), exit), ("Failed to prepare the data: `list` holds no records", 1));
    let (text, exit, _, hint) = said(&good, &|r| {
        r.lints.insert("blanc".to_owned(), hive_sdk::LintLevel::Off);
    });
    assert!(text.contains("the expert has no such lint, its lints are: `blank`, `too-long-completion`"), "{text}");
    assert_eq!((exit, hint.as_str()), (2, "did you mean `blank`?"));
    let (text, exit, ..) = said(&List::of(&["good", "lost"]), &|_| {});
    assert_eq!((text.as_str(), exit), ("Failed to judge list:2", 2));
    let taken = dir.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("mine.txt"), "x").unwrap();
    let (text, exit, ..) = said(&good, &|r| r.out = Some(taken.clone()));
    assert!(text.ends_with("it already exists and is not a prepared set") && exit == 2, "{text}");
    let (_, exit, ..) = said(&good, &|r| r.out = Some(taken.join("mine.txt/out")));
    assert_eq!(exit, 2);
    assert_eq!(std::fs::read(taken.join("mine.txt")).unwrap(), b"x");
}

#[test]
fn long_completions_are_left_out_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, mut list) = (expert(), List::of(&["good"; 20]));
    list.0[3] = Ok(Record::from_pairs([("question", "long one"), ("topic", "t"), ("loud", "X X X X X X")]));
    let encode = words;
    let mut rejecting = request(&expert, &list, dir.path(), None);
    rejecting.tokenisation = Some(tokenisation(&encode));
    let report = done(run_until(rejecting, 0).0).0.report;
    assert_eq!(report.left_out["too-long-completion"], 1);
    let lint = report.lints.iter().find(|l| l.code == "too-long-completion").unwrap();
    assert_eq!((lint.found, lint.left), (1, 0));
    assert_eq!(report.tokens.as_ref().unwrap().over, 19, "6 words each");
    let mut noting = request(&expert, &list, dir.path(), None);
    noting.tokenisation = Some(tokenisation(&encode));
    noting.lints.insert("too-long-completion".to_owned(), hive_sdk::LintLevel::Note);
    let report = done(run_until(noting, 0).0).0.report;
    let lint = report.lints.iter().find(|l| l.code == "too-long-completion").unwrap();
    assert_eq!((lint.found, lint.left, report.left_out.len()), (1, 1, 0));
}

/// Each word is a token, its length the id.
fn words(chat: &Rendered) -> Result<ChatTokens, PipelineError> {
    let ids = |messages: &[Message]| -> Vec<u32> {
        messages.iter().flat_map(|m| m.content.split(' ').map(|word| word.len() as u32)).collect()
    };
    let prompt_len = ids(&chat.messages[..1]).len();
    Ok(ChatTokens { ids: ids(&chat.messages), prompt_len, control: Vec::new() })
}

fn tokenisation<'a>(encode: &'a EncodeChat<'a>) -> (Tokenisation<'a>, TokenLimits) {
    let [base, base_digest, tokenizer, template] = ["b", "d", "t", "c"].map(str::to_owned);
    let tokenisation = Tokenisation { base, base_digest, tokenizer, template, eos: vec![0], encode };
    (tokenisation, TokenLimits { max_seq_len: 5, max_completion: 4 })
}

#[test]
fn token_ids_are_made_with_the_set_or_when_they_are_first_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, list) = (expert(), many());
    let asked = AtomicUsize::new(0);
    let encode = |chat: &Rendered| {
        asked.fetch_add(1, Ordering::Relaxed);
        words(chat)
    };
    let tokens = || tokenisation(&encode).0;
    let mut with = request(&expert, &list, &dir.path().join("a"), None);
    with.tokenisation = Some(tokenisation(&encode));
    with.lints.insert("too-long-completion".to_owned(), hive_sdk::LintLevel::Off);
    let with = done(run_until(with, 0).0).0;
    let made = with.tokens(&tokens(), |_, _| panic!("they are there")).unwrap();
    let mut without = request(&expert, &list, &dir.path().join("b"), None);
    without.lints.insert("too-long-completion".to_owned(), hive_sdk::LintLevel::Off);
    let without = done(run_until(without, 0).0).0;
    asked.store(0, Ordering::Relaxed);
    let records = without.report.train + without.report.validation;
    let later = without.tokens(&tokens(), |_, total| assert_eq!(total, records)).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), records, "each once");
    let ids = |part: &hive_text::token_file::TokenPart| {
        (0..part.len()).map(|i| (part.ids(i), part.loss_from(i))).collect::<Vec<_>>()
    };
    assert_eq!((ids(&made.train), ids(&made.validation)), (ids(&later.train), ids(&later.validation)));
    assert_eq!((later.train.len(), later.validation.len()), (without.report.train, without.report.validation));
    let expected: Vec<_> = with.chats(Half::Train).unwrap().map(|chat| words(&chat.unwrap()).unwrap()).collect();
    assert_eq!(ids(&made.train), expected.into_iter().map(|t| (t.ids, t.prompt_len)).collect::<Vec<_>>());
    // Ids of another tokenizer, or of a half that has changed, are computed again.
    let other = Tokenisation { tokenizer: "other".to_owned(), ..tokens() };
    asked.store(0, Ordering::Relaxed);
    without.tokens(&other, |_, _| {}).unwrap();
    std::fs::copy(with.file(Half::Validation), without.file(Half::Train)).unwrap();
    let error = without.tokens(&tokens(), |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("its report says"), "{error}");
    assert!(asked.load(Ordering::Relaxed) > records);
}

#[test]
fn names_of_control_tokens_in_a_record_are_noted() {
    let dir = tempfile::tempdir().unwrap();
    let (expert, mut list) = (expert(), List::of(&["good"; 5]));
    list.0[3] = Ok(Record::from_pairs([("question", "what is <end>"), ("topic", "t"), ("loud", "X")]));
    let encode = |chat: &Rendered| {
        let named = chat.messages.iter().any(|m| m.content.contains("<end>"));
        Ok(ChatTokens { control: named.then(|| "<end>".to_owned()).into_iter().collect(), ..words(chat)? })
    };
    let mut noting = request(&expert, &list, dir.path(), None);
    noting.tokenisation = Some(tokenisation(&encode));
    noting.lints.insert("too-long-completion".to_owned(), hive_sdk::LintLevel::Off);
    let set = done(run_until(noting, 0).0).0;
    let note = set.report.notes.iter().find(|n| n.code == CONTROL_TEXT).expect("it is noted");
    let example = "list:4: its text holds `<end>`, which trains as text, not as a control token";
    assert_eq!((note.count, note.examples.as_slice()), (1, &[example.to_owned()][..]));
    assert_eq!(set.report.train + set.report.validation, 5, "it stays");
}

#[test]
fn two_data_sets_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let expert = expert();
    let report = |list: &List| done(run_until(request(&expert, list, dir.path(), None), 0).0).0.report;
    let a = report(&List::of(&["good", "bad", "bad", "blank"]));
    let b = report(&List::of(&["good", "good", "fine", "blank"]));
    let both = compare(["a", "b"], [&a, &b]);
    assert_eq!((both.sides[0].conforming, both.sides[1].conforming), (1, 3));
    assert_eq!((both.sides[0].correct, both.sides[1].correct), (2, 4));
    let lines: Vec<_> = both.lines.iter().map(|l| (l.code.as_str(), l.found)).collect();
    assert_eq!(lines, [("bad", [2, 0]), ("blank", [1, 1])]);
}
