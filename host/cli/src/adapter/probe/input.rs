//! What `hive adapter probe` reads: token ids of a file, or a text.

use hive_runtime::base::Base;
use hive_runtime::tokenise::Tokeniser;

use super::Probe;
use crate::error::{CommandResult, Failure};
use crate::numbers::grouped;
use crate::tensors::{integers, token_ids};

/// The token ids and their shape: [tokens] or [rows, tokens].
///
/// # Errors
/// When there are none, they have another shape, or the base model cannot read as many.
pub(super) fn input(probe: &Probe, base: &Base) -> CommandResult<(Vec<usize>, Vec<u32>)> {
    let (source, shape, ids) = match (&probe.ids, &probe.text) {
        (Some(path), _) => {
            let (shape, ids) = integers(path, "input_ids")?;
            (format!("`input_ids` in `{}`", path.display()), shape, token_ids(path, &ids)?)
        }
        (None, text) => {
            let tokeniser = Tokeniser::new(&base.model)?;
            let ids = tokeniser.tokenizer.encode(text.as_deref().unwrap_or_default())?;
            ("`--text`".to_owned(), vec![ids.len()], ids)
        }
    };
    let tokens = match shape[..] {
        [tokens] | [_, tokens] => tokens,
        _ => {
            let problem = format!("{source} has the shape {shape:?}, expected [tokens] or [rows, tokens]");
            return Err(Failure::unacceptable(problem).into());
        }
    };
    if ids.is_empty() {
        return Err(Failure::unacceptable(format!("{source} holds no tokens")).into());
    }
    let longest = base.model.config.max_position_embeddings;
    if tokens > longest {
        let problem = format!(
            "{source} holds rows of {} tokens, the base model reads at most {}",
            grouped(tokens),
            grouped(longest)
        );
        return Err(Failure::unacceptable(problem).into());
    }
    Ok((shape, ids))
}
