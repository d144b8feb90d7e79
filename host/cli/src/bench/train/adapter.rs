//! The adapter that is trained: its shape from the options, or the adapter in a folder.

use std::path::Path;

use clap::{Args, ValueEnum};
use hive_engine::adapter::config::Targets;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::adapter::{Adapter, AdapterConfig, DropoutSemantics, Method};
use hive_engine::weights::Module;
use hive_engine::weights::decoder::Decoder;
use hive_errors::{listed, nearest};

use super::super::{TARGETS, rank_12_dora};
use crate::error::{CommandResult, Failure};
use crate::numbers::{real, whole};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodArg {
    Dora,
    Lora,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SemanticsArg {
    /// The input of the adapter's branch
    Branch,
    /// As in PEFT: for DoRA, also the input of the base product that m/n scales
    Peft,
}

/// The shape of the adapter.
#[derive(Debug, Args)]
pub(super) struct AdapterArgs {
    /// Adapter method
    #[arg(long, value_enum, default_value = "dora")]
    method: MethodArg,
    /// Adapter rank
    #[arg(long, default_value_t = 12, allow_negative_numbers = true, value_parser = whole::<usize>(1..=4096))]
    rank: usize,
    /// Adapter alpha
    #[arg(long, default_value_t = 24.0, allow_negative_numbers = true, value_parser = real(1e-6..=1e6))]
    alpha: f64,
    /// Dropout probability [default: 0, or that of the --adapter folder]
    #[arg(long, allow_negative_numbers = true, value_parser = real(0.0..=0.99))]
    dropout: Option<f64>,
    /// What dropout is applied to
    #[arg(long, value_enum, default_value = "branch")]
    dropout_semantics: SemanticsArg,
    /// Linear layers with an adapter, or `all-linear`
    #[arg(long, value_delimiter = ',', default_value = TARGETS)]
    targets: Vec<String>,
}

impl AdapterArgs {
    /// Checks that every target is a linear layer of a decoder.
    ///
    /// # Errors
    /// When one is not.
    pub(super) fn check_targets(&self) -> CommandResult {
        let modules = Module::ALL.map(Module::name);
        let wrong = self.targets.iter().map(String::as_str).find(|t| *t != "all-linear" && !modules.contains(t));
        let Some(target) = wrong else { return Ok(()) };
        let near = nearest(target, modules).map(|near| format!("did you mean `{near}`?"));
        let known = listed(modules.into_iter().chain(["all-linear"]));
        let failure = Failure::misuse(format!("`--targets` names `{target}`, expected some of: {known}"));
        Err(near.into_iter().fold(failure, Failure::hint).into())
    }

    /// The adapter in `folder`, with the options for dropout.
    ///
    /// # Errors
    /// When it does not fit the base model.
    pub(super) fn loaded(&self, folder: &Path, decoder: &Decoder, reference: &BaseRef) -> CommandResult<Adapter> {
        let mut adapter = peft::load(folder, &decoder.config, Some(reference))?.adapter;
        adapter.config.dropout = self.dropout.unwrap_or(adapter.config.dropout);
        adapter.config.dropout_semantics = self.semantics();
        Ok(adapter)
    }

    /// A new adapter of this shape.
    ///
    /// # Errors
    /// When it does not fit the base model.
    pub(super) fn fresh(&self, decoder: &Decoder, seed: u64) -> CommandResult<Adapter> {
        let all = self.targets.iter().any(|t| t == "all-linear");
        let config = AdapterConfig {
            method: match self.method {
                MethodArg::Dora => Method::Dora,
                MethodArg::Lora => Method::Lora,
            },
            rank: self.rank,
            alpha: self.alpha,
            dropout: self.dropout.unwrap_or(0.0),
            dropout_semantics: self.semantics(),
            targets: if all { Targets::AllLinear } else { Targets::Names(self.targets.clone()) },
            ..rank_12_dora()
        };
        Ok(Adapter::init(config, decoder, seed)?)
    }

    fn semantics(&self) -> DropoutSemantics {
        match self.dropout_semantics {
            SemanticsArg::Branch => DropoutSemantics::Branch,
            SemanticsArg::Peft => DropoutSemantics::Peft,
        }
    }
}
