//! The trait that a domain implements. It does not deal with tensors, files or the command line;
//! the host does.

use crate::error::ExpertError;
use crate::manifest::{EvalPrompt, Manifest};
use crate::protocol::{Grade, Grammar, Inspection, PrefixVerdict, Record, Rendered, Settings, Verdict};

/// A domain: how its records become chats, which records are valid, and how good an answer is.
///
/// The host calls it from several threads, in batches of a few hundred records, never inside the
/// training loop. All methods must be deterministic.
pub trait Expert: Send + Sync {
    /// The manifest, as JSON; called once after loading. The recommended body is
    /// `include_str!("…/manifests/<name>.json")`, so that declared data has a single source.
    fn manifest_json(&self) -> &str;

    /// Applies lint levels and options. Called once, before the first record; the default accepts
    /// the lints that the manifest declares and no options.
    ///
    /// # Errors
    /// When a setting is unknown or cannot be honoured.
    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        match settings.options.keys().next() {
            None => Ok(()),
            Some(option) => Err(ExpertError::new(format!("it has no option `{option}`"))),
        }
    }

    /// The record as a chat, and where its completion starts. The only place where prompts are
    /// built: training, evaluation and generation all use it. A record without its completion field
    /// renders as a prompt alone. The default fills in the manifest's `prompt`, which also lets the expert be asked where
    /// its library is not installed.
    ///
    /// # Errors
    /// When a required field is missing, or the manifest declares no prompt.
    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        Manifest::shared(self.manifest_json())?.rendered(record)
    }

    /// Whether the record may be used for training, possibly after a repair. Called once per
    /// record, before tokenisation.
    ///
    /// # Errors
    /// Only when no verdict is possible: a bad record is a [`Verdict::Reject`], not an error.
    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError>;

    /// How good `completion` is as an answer to `prompt`, which holds the gold completion.
    ///
    /// # Errors
    /// Only when no grade is possible: a bad completion has a low score, not an error.
    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError>;

    /// Like [`Expert::grade`], but conclusive: it may be slow and may execute the completion. Runs
    /// in a worker process, which hive kills after 30 s; the answer then has score 0. The default
    /// is the best of the grades against the gold completion and the alternatives.
    ///
    /// # Errors
    /// Only when no grade is possible, because the prompt itself is invalid.
    fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        let mut best = self.grade(prompt, completion)?;
        let manifest = Manifest::shared(self.manifest_json())?;
        for (alternative, field) in alternatives.iter().zip(manifest.completion_field().into_iter().cycle()) {
            let mut prompt = prompt.clone();
            prompt.set(field, alternative);
            let grade = self.grade(&prompt, completion)?;
            if grade.score > best.score {
                best = grade;
            }
        }
        Ok(best)
    }

    /// Faults and notes for the user: of the prompt, before the model runs (`completion` is
    /// `None`), or of the model's answer; and the prompt rewritten to look like the training data.
    /// Called by `hive expert run` in a separate process, which is killed on a timeout.
    /// [`Expert::configure`] is called before an answer is inspected. The default reports nothing.
    ///
    /// # Errors
    /// When neither can be inspected. A bad prompt or answer has faults and is not an error.
    fn inspect(&self, _record: &Record, _completion: Option<&str>) -> Result<Inspection, ExpertError> {
        Ok(Inspection::default())
    }

    /// Held-out prompts for evaluation. The default reads them from the manifest.
    ///
    /// # Errors
    /// When the manifest does not parse.
    fn eval_prompts(&self) -> Result<Vec<EvalPrompt>, ExpertError> {
        Ok(Manifest::shared(self.manifest_json())?.eval_prompts.clone())
    }

    /// A grammar that the completions for this prompt follow, unless the user asks for unconstrained ones; `None` allows
    /// any text. The default is what the manifest declares in `generation`.
    ///
    /// # Errors
    /// When the prompt lacks what the grammar is built from.
    fn constrain(&self, prompt: &Record) -> Result<Option<Grammar>, ExpertError> {
        Manifest::shared(self.manifest_json())?.grammar(prompt)
    }

    /// Whether `text` can be the beginning of a correct answer to this prompt or, if it has `ended`, be one: what a
    /// grammar cannot say, such as which names are in scope. Called while a model decodes, often and with the whole text
    /// each time, so it should take less than a millisecond; it must not refuse what may become correct. The default
    /// refuses nothing. Since ABI 5.
    ///
    /// # Errors
    /// When the prompt lacks what the check needs.
    fn check_prefix(&self, _prompt: &Record, _text: &str, _ended: bool) -> Result<PrefixVerdict, ExpertError> {
        Ok(PrefixVerdict::Fine)
    }

    /// `n` synthetic records, the same for the same seed on any machine; `None` (the default) when
    /// the expert cannot synthesize records.
    ///
    /// # Errors
    /// When `n` records cannot be made.
    fn synthesize(&self, _seed: u64, _n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        Ok(None)
    }
}
