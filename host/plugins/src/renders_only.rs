//! An expert whose native code is not here: a manifest that declares its prompt. It can generate answers;
//! validating records and grading answers need a plugin.

use hive_sdk::{Expert, ExpertError, Grade, Manifest, Record, Rendered, Verdict};

/// An expert that consists of a manifest only.
pub(super) struct RendersOnly {
    json: String,
    manifest: Manifest,
}

impl RendersOnly {
    /// The expert of this manifest.
    ///
    /// # Errors
    /// When it does not follow its schema.
    pub(super) fn new(json: String) -> Result<Self, ExpertError> {
        let manifest = Manifest::parse(&json)?;
        Ok(Self { json, manifest })
    }

    fn refuse(&self) -> ExpertError {
        ExpertError::new(format!(
            "`{}` was installed without its plugin: it can only generate answers",
            self.manifest.name
        ))
    }
}

impl Expert for RendersOnly {
    fn manifest_json(&self) -> &str {
        &self.json
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let messages = self.manifest.prompt_of(record)?;
        Ok(Rendered::of_prompt(messages))
    }

    fn validate(&self, _record: &Record) -> Result<Verdict, ExpertError> {
        Err(self.refuse())
    }

    fn grade(&self, _prompt: &Record, _completion: &str) -> Result<Grade, ExpertError> {
        Err(self.refuse())
    }
}
