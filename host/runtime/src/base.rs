//! A loaded base model: its files are located or downloaded and opened, its weights loaded into
//! memory.

use hive_engine::adapter::peft::BaseRef;
use hive_engine::weights::decoder::Decoder;
use hive_engine::weights::source::{self, BaseModel};
use hive_files::{FileError, KnownDigests, sha256_of_file};
use hive_net::{Context, RemoteFile, TransferReporter};

use crate::RuntimeError;
use crate::models::ModelStore;

/// How a base model's weights are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightForm {
    /// In f32: for training, and for reading many prompts.
    Float,
    /// As their file stores them, where the engine multiplies that: loaded in a fraction of the time and of the memory. A
    /// prompt is read more slowly, by some percent.
    Stored,
}

/// A base model in memory.
#[derive(Debug)]
pub struct Base {
    /// Its files: tokenizer, template, shape.
    pub model: BaseModel,
    /// Its weights.
    pub decoder: Decoder,
    /// The reference that adapters store.
    pub reference: BaseRef,
}

impl Base {
    /// Opens the base model with this catalogue id, folder or GGUF file, downloading it first if
    /// necessary.
    ///
    /// # Errors
    /// When it is unavailable, or its files are invalid.
    pub fn open(
        context: &Context,
        id_or_path: &str,
        reporter: &mut dyn TransferReporter,
    ) -> Result<Self, RuntimeError> {
        Self::open_as(context, id_or_path, WeightForm::Float, reporter)
    }

    /// As [`Self::open`], with the weights in this form.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(
        context: &Context,
        id_or_path: &str,
        form: WeightForm,
        reporter: &mut dyn TransferReporter,
    ) -> Result<Self, RuntimeError> {
        let (id, model) = files(context, id_or_path, reporter)?;
        // Without a home folder nothing is known, and the files are read.
        let known = context.home.as_deref().map(KnownDigests::of);
        let store = ModelStore::new(context)?;
        let listed = store.entry(&id).map(|model| model.files.as_slice()).unwrap_or_default();
        model.digest_with(|path| {
            let got = known.as_ref().map_or_else(|| sha256_of_file(path), |known| known.sha256_of_file(path))?;
            let named = |file: &&RemoteFile| path.file_name().is_some_and(|name| name == file.name.as_str());
            match listed.iter().find(named).filter(|file| file.sha256 != got) {
                // Weights with a flipped bit give answers, wrong ones.
                Some(file) => Err(FileError::damaged(path, format!("its sha256 is {got}, expected {}", file.sha256))),
                None => Ok(got),
            }
        })?;
        Self::load_as(&id, model, form)
    }

    /// Loads the weights of an opened base model.
    ///
    /// # Errors
    /// When its files are invalid.
    pub fn load(id_or_path: &str, model: BaseModel) -> Result<Self, RuntimeError> {
        Self::load_as(id_or_path, model, WeightForm::Float)
    }

    fn load_as(id_or_path: &str, model: BaseModel, form: WeightForm) -> Result<Self, RuntimeError> {
        let tensors = model.tensors.as_ref();
        let decoder = match form {
            WeightForm::Float => Decoder::load(&model.config, tensors)?,
            WeightForm::Stored => Decoder::load_quantised(&model.config, tensors)?,
        };
        let reference = BaseRef { id: id_or_path.to_owned(), digest: model.digest()?.to_owned() };
        Ok(Self { model, decoder, reference })
    }

    /// Makes generation faster at the cost of some memory: see [`Decoder::keep_stored`].
    #[must_use]
    pub fn for_generation(mut self) -> Self {
        self.decoder.keep_stored(self.model.tensors.as_ref());
        self
    }
}

/// The files of a base model, downloaded first if necessary: tokenizer, template and shape, without
/// weights. Also returns its name: the id in the catalogue, or the path as given.
///
/// # Errors
/// When it is unavailable, or its files are invalid.
pub fn files(
    context: &Context,
    id_or_path: &str,
    reporter: &mut dyn TransferReporter,
) -> Result<(String, BaseModel), RuntimeError> {
    let store = ModelStore::new(context)?;
    if let Some(model) = store.entry(id_or_path).filter(|model| model.id != id_or_path) {
        reporter.note(&format!("Base model `{id_or_path}` of the hub is `{}` of the catalogue", model.id));
    }
    let location = store.ensure(id_or_path, reporter)?;
    let model = source::open(&location.path)?;
    Ok((location.id.unwrap_or_else(|| id_or_path.to_owned()), model))
}
