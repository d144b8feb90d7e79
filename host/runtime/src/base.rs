//! A loaded base model: its files are located or downloaded and opened, its weights loaded into
//! memory.

use hive_engine::adapter::peft::BaseRef;
use hive_engine::weights::decoder::Decoder;
use hive_engine::weights::source::{self, BaseModel};
use hive_net::{Context, TransferReporter};

use crate::RuntimeError;
use crate::models::ModelStore;

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
        let (id, model) = files(context, id_or_path, reporter)?;
        Self::load(&id, model)
    }

    /// Loads the weights of an opened base model.
    ///
    /// # Errors
    /// When its files are invalid.
    pub fn load(id_or_path: &str, model: BaseModel) -> Result<Self, RuntimeError> {
        let decoder = Decoder::load(&model.config, model.tensors.as_ref())?;
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
