//! What answers under a name: which adapter, and on which base model. The rules are here; where adapters come from is a
//! [`Source`], of which runs are one and installed releases another, and this crate knows neither. Nothing is opened
//! before it is decided.

use std::path::{Path, PathBuf};

use hive_engine::adapter::peft;
use hive_errors::Diagnostic;
use hive_net::{Context, TransferReporter};
use hive_plugins::ExpertEntry;

use crate::RuntimeError;
use crate::base::{Base, WeightForm};
use crate::models::{Catalogue, ModelError, ModelStore};

/// An adapter that can answer.
#[derive(Debug, Clone)]
pub struct FoundAdapter {
    /// What it is, for people: ``run `runs/sql-1` ``.
    pub title: String,
    /// Its PEFT folder.
    pub dir: PathBuf,
    /// The expert that it came with; `None` if the expert is found by its name.
    pub expert: Option<ExpertEntry>,
    /// The base model that it was proved on; `None` if its files name the base model.
    pub base: Option<String>,
}

impl FoundAdapter {
    /// A PEFT folder that belongs to no run and no release.
    pub fn folder(dir: PathBuf) -> Self {
        Self { title: format!("the adapter in `{}`", dir.display()), dir, expert: None, base: None }
    }
}

/// A place where adapters are found by the name of their expert.
pub trait Source {
    /// The adapter for `name`, which is `NAME` or `NAME@VERSION`; `None` if there is none here. `base` selects one of
    /// several base models.
    ///
    /// # Errors
    /// When there is one that cannot be used.
    fn find(&self, name: &str, base: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>>;

    /// The title of the adapter that [`Self::find`] would return for this name, without checking its files.
    fn title(&self, name: &str) -> Option<String>;
}

/// The adapter that `name` alone stands for: that of the first source that has one.
///
/// # Errors
/// As [`Source::find`].
pub fn find(
    sources: &[&dyn Source],
    name: &str,
    base: Option<&str>,
) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
    for source in sources {
        if let Some(found) = source.find(name, base)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The base model with this name in the files of an adapter, as hive names it: an id of the catalogue, or a path that
/// exists here. `None` if it is neither.
pub fn known_base(catalogue: &Catalogue, name: &str) -> Option<String> {
    let id = catalogue.entry(name).map(|model| model.id.clone());
    id.or_else(|| Path::new(name).exists().then(|| name.to_owned()))
}

/// The base model on which an adapter answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseChoice {
    /// Its id in the catalogue, or its path.
    pub id: String,
    /// What to use if that one is not here and cannot be downloaded.
    pub substitute: Option<String>,
    /// What the user should know about the choice.
    pub remark: Option<String>,
}

impl BaseChoice {
    /// The base model that was asked for.
    pub fn asked(id: &str) -> Self {
        Self { id: id.to_owned(), substitute: None, remark: None }
    }

    /// The base model for an adapter: the one that it was proved on, or that its files name; `first`, the expert's
    /// first, for no adapter and for a base model that is not known here.
    ///
    /// # Errors
    /// When the adapter's configuration cannot be read.
    pub fn of(adapter: Option<&FoundAdapter>, first: &str, catalogue: &Catalogue) -> Result<Self, RuntimeError> {
        const OTHER: &str = "`--base` gives another";
        let Some(adapter) = adapter else { return Ok(Self::asked(first)) };
        if let Some(base) = &adapter.base {
            return Ok(Self::asked(base));
        }
        let config = peft::read_config(&adapter.dir)?;
        if let Some(base) = config.base {
            return Ok(Self::asked(&base.id));
        }
        let named = config.base_name;
        let on_first = |why: String| Self {
            remark: Some(format!("warning: {why}; it answers on `{first}`, the expert's first; {OTHER}")),
            ..Self::asked(first)
        };
        if named.is_empty() {
            return Ok(on_first("the adapter names no base model".to_owned()));
        }
        Ok(match known_base(catalogue, &named) {
            None => on_first(format!(
                "the adapter names base model `{named}`, which is neither in the catalogue nor on this machine"
            )),
            Some(id) => Self {
                // The expert's own base model may be a close relative, such as the same model quantised.
                substitute: (first != id).then(|| first.to_owned()),
                remark: Some(format!("Base model `{id}`, which the adapter names as `{named}`; {OTHER}")),
                id,
            },
        })
    }

    /// Opens it with its weights in this form, downloading it first if necessary. Also returns what the user should know if it is the substitute.
    ///
    /// # Errors
    /// When neither it nor its substitute is available, or its files are invalid.
    pub fn open(
        self,
        context: &Context,
        form: WeightForm,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(Base, Option<String>), RuntimeError> {
        match (Base::open_as(context, &self.id, form, reporter), self.substitute) {
            (
                Err(RuntimeError::Model(error @ (ModelError::NoSourceWorked { .. } | ModelError::Offline { .. }))),
                Some(substitute),
            ) if ModelStore::new(context)?.locate(&substitute).is_ok() => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default().trim_end_matches(':');
                let remark = format!(
                    "warning: the adapter's base model `{}` cannot be had ({why}); it answers on `{substitute}`, with \
                     which it may do worse; `--base` gives another",
                    self.id
                );
                Ok((Base::open_as(context, &substitute, form, reporter)?, Some(remark)))
            }
            (opened, _) => Ok((opened?, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Only(Option<&'static str>);

    impl Source for Only {
        fn find(&self, name: &str, _: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
            if name == "broken" {
                return Err(Box::new(ModelError::Offline { id: name.to_owned() }));
            }
            Ok(self.0.map(|dir| FoundAdapter::folder(dir.into())))
        }

        fn title(&self, _: &str) -> Option<String> {
            self.0.map(str::to_owned)
        }
    }

    #[test]
    fn the_first_source_that_has_an_adapter_decides() {
        let (none, one, two) = (Only(None), Only(Some("one")), Only(Some("two")));
        let dir = |sources: &[&dyn Source]| find(sources, "sql", None).unwrap().map(|found| found.dir);
        assert_eq!(dir(&[]), None);
        assert_eq!(dir(&[&none, &one, &two]), Some("one".into()));
        assert_eq!(dir(&[&two, &one]), Some("two".into()));
        assert!(find(&[&none, &one], "broken", None).is_err(), "a fault is not passed over");
    }

    #[test]
    fn the_base_model_is_the_one_that_was_proved_then_the_one_that_is_named_then_the_experts_first() {
        let catalogue = Catalogue::embedded().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let choice = |config: &str| {
            std::fs::write(folder.path().join("adapter_config.json"), config).unwrap();
            let found = FoundAdapter::folder(folder.path().to_owned());
            BaseChoice::of(Some(&found), "first", &catalogue).unwrap()
        };
        let config = |base: &str| {
            format!(r#"{{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]{base}}}"#)
        };
        assert_eq!(BaseChoice::of(None, "first", &catalogue).unwrap(), BaseChoice::asked("first"));
        let proved = FoundAdapter { base: Some("proved".to_owned()), ..FoundAdapter::folder("none".into()) };
        assert_eq!(BaseChoice::of(Some(&proved), "first", &catalogue).unwrap(), BaseChoice::asked("proved"));

        let named = choice(&config(r#", "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct""#));
        assert_eq!((named.id.as_str(), named.substitute.as_deref()), ("smollm2-135m-instruct", Some("first")));
        assert!(named.remark.unwrap().starts_with("Base model `smollm2-135m-instruct`, which the adapter names as"));

        let nameless = choice(&config(""));
        assert_eq!((nameless.id.as_str(), nameless.substitute), ("first", None));
        assert!(
            nameless.remark.unwrap().starts_with("warning: the adapter names no base model; it answers on `first`")
        );

        let unknown = choice(&config(r#", "base_model_name_or_path": "nobody/nothing""#));
        assert_eq!(unknown.id, "first");
        assert!(unknown.remark.unwrap().contains("`nobody/nothing`, which is neither in the catalogue nor on"));
    }
}
