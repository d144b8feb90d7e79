//! The trait a domain implements. It says nothing of tensors, files or the command line: those
//! are the host's.

use crate::error::ExpertError;
use crate::manifest::{AdapterSpec, EvalPrompt, Manifest};
use crate::protocol::{Grade, Grammar, Record, Rendered, Settings, Verdict};

/// A domain: how its records become chats, which of them are sound, how good an answer is.
///
/// The host calls from several threads and in batches of a few hundred records, never inside the
/// training loop. All methods must be deterministic: the same input gives the same output.
pub trait Expert: Send + Sync {
    /// The manifest, as JSON; called once after loading. The recommended body is
    /// `include_str!("…/manifests/<name>.json")`, so that declared data has one source.
    fn manifest_json(&self) -> &str;

    /// How to judge from now on. Called once, before the first record; the default accepts the
    /// lints that the manifest declares and no options.
    ///
    /// # Errors
    /// When a setting is unknown or cannot be met.
    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        match settings.options.keys().next() {
            None => Ok(()),
            Some(option) => Err(ExpertError::new(format!("it has no option `{option}`"))),
        }
    }

    /// The record as a chat, and where its completion starts. The one place where prompts are
    /// made: training, evaluation and generation all come here. A record without its completion
    /// field renders as a prompt alone.
    ///
    /// # Errors
    /// When a required field is absent.
    fn render(&self, record: &Record) -> Result<Rendered, ExpertError>;

    /// Whether the record may be trained on, perhaps after a repair. Called once per record
    /// before tokenisation.
    ///
    /// # Errors
    /// Only when no verdict is possible: a bad record is a [`Verdict::Reject`], not an error.
    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError>;

    /// How good `completion` is as an answer to `prompt`, which holds the gold completion.
    ///
    /// # Errors
    /// Only when no grade is possible: a bad completion has a low score, not an error.
    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError>;

    /// The same as [`Expert::grade`], but for sure, in whatever time that takes: by running the
    /// completion, say. Called in a process of its own, which is ended when it does not answer. The
    /// default is the best of the grades against the gold and the alternatives.
    ///
    /// # Errors
    /// Only when no grade is possible, because the prompt itself is at fault.
    fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        let mut best = self.grade(prompt, completion)?;
        let field = Manifest::parse(self.manifest_json())?.completion_field().map(str::to_owned);
        for (alternative, field) in alternatives.iter().zip(field.iter().cycle()) {
            let mut prompt = prompt.clone();
            prompt.set(field, alternative);
            let grade = self.grade(&prompt, completion)?;
            if grade.score > best.score {
                best = grade;
            }
        }
        Ok(best)
    }

    /// The adapter to train unless the user says otherwise. The default reads the manifest.
    ///
    /// # Errors
    /// When the manifest does not parse.
    fn adapter(&self) -> Result<AdapterSpec, ExpertError> {
        Ok(Manifest::parse(self.manifest_json())?.recipe.adapter)
    }

    /// Prompts for evaluation that never train. The default reads the manifest.
    ///
    /// # Errors
    /// When the manifest does not parse.
    fn eval_prompts(&self) -> Result<Vec<EvalPrompt>, ExpertError> {
        Ok(Manifest::parse(self.manifest_json())?.eval_prompts)
    }

    /// Which completions are possible for this prompt; `None` (the default) means any text.
    ///
    /// # Errors
    /// When the prompt lacks what the grammar is made from.
    fn constrain(&self, _prompt: &Record) -> Result<Option<Grammar>, ExpertError> {
        Ok(None)
    }

    /// `n` records of the expert's own making, the same for the same seed on any machine; `None`
    /// (the default) means that the expert has no synthesiser.
    ///
    /// # Errors
    /// When `n` records cannot be made.
    fn synthesize(&self, _seed: u64, _n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        Ok(None)
    }
}
