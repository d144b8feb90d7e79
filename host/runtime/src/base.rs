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
    let listed = location.id.as_deref().and_then(|id| store.entry(id));
    let listed = listed.map(|model| model.files.as_slice()).unwrap_or_default();
    check_digests(&model, listed, context.home.as_deref().map(KnownDigests::of).as_ref())?;
    Ok((location.id.unwrap_or_else(|| id_or_path.to_owned()), model))
}

/// Computes the digest of the model's weights, and checks them against those that the catalogue lists: weights with a
/// flipped bit give answers, wrong ones.
fn check_digests(model: &BaseModel, listed: &[RemoteFile], known: Option<&KnownDigests>) -> Result<(), RuntimeError> {
    model.digest_with(|path| {
        let got = known.map_or_else(|| sha256_of_file(path), |known| known.sha256_of_file(path))?;
        let named = |file: &&RemoteFile| path.file_name().is_some_and(|name| name == file.name.as_str());
        match listed.iter().find(named).filter(|file| file.sha256 != got) {
            Some(file) => Err(FileError::damaged(path, format!("its sha256 is {got}, expected {}", file.sha256))),
            None => Ok(got),
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use hive_engine::weights::shapes::smollm2_135m;
    use hive_engine::weights::source::TensorSource;
    use hive_errors::Diagnostic as _;

    use super::*;

    struct NoTensors;

    impl TensorSource for NoTensors {
        fn names(&self) -> Vec<String> {
            Vec::new()
        }
        fn shape(&self, _: &str) -> Option<Vec<usize>> {
            None
        }
        fn read(&self, _: &str) -> hive_engine::Result<Vec<f32>> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn weights_that_are_not_those_of_the_catalogue_are_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.gguf");
        std::fs::write(&file, "weights").unwrap();
        let model = || BaseModel::new(smollm2_135m(), Box::new(NoTensors), "m".to_owned(), vec![file.clone()]);
        let listed = |sha256: String| [RemoteFile { name: "model.gguf".to_owned(), size: None, sha256 }];
        let right = sha256_of_file(&file).unwrap();
        check_digests(&model(), &listed(right.clone()), None).unwrap();
        check_digests(&model(), &[], None).unwrap();
        let error = check_digests(&model(), &listed("0".repeat(64)), None).unwrap_err();
        assert!(
            error.to_string().contains(&format!("model.gguf` is not usable: its sha256 is {right}, expected 000")),
            "{error}"
        );
        assert!(error.hint().is_some_and(|hint| hint.contains("hive model pull")), "{:?}", error.hint());
    }
}
