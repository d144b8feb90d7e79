//! A batch in a safetensors file, as PyTorch's tools write it.

use std::path::Path;

use hive_engine::data::Example;

use crate::error::{CommandResult, Failure};
use crate::tensors::{integers, token_ids};

/// Reads a batch: right padding is removed, labels are not shifted (the label at t belongs to the
/// token at t), -100 carries no loss.
///
/// # Errors
/// When a tensor is missing, or a row is not padded or labelled like that.
pub(super) fn read_batch(path: &Path) -> CommandResult<Vec<Example>> {
    let (shape, ids) = integers(path, "input_ids")?;
    let (label_shape, labels) = integers(path, "labels")?;
    let (mask_shape, mask) = integers(path, "attention_mask")?;
    let fault =
        |problem: String| Failure::unacceptable(format!("The batch in `{}` is not usable: {problem}", path.display()));
    let [_, tokens] = shape[..] else {
        return Err(fault(format!("`input_ids` has the shape {shape:?}, expected [rows, tokens]")).into());
    };
    if label_shape != shape || mask_shape != shape {
        return Err(fault(format!(
            "`labels` {label_shape:?} and `attention_mask` {mask_shape:?} differ from `input_ids` {shape:?}"
        ))
        .into());
    }
    let mut examples = Vec::new();
    let rows = ids.chunks(tokens).zip(labels.chunks(tokens)).zip(mask.chunks(tokens));
    for (row, ((ids, labels), mask)) in rows.enumerate() {
        let len = mask.iter().take_while(|m| **m != 0).count();
        if mask[len..].iter().any(|m| *m != 0) {
            return Err(fault(format!("row {row} is not padded on the right")).into());
        }
        if labels[len..].iter().any(|l| *l != -100) {
            return Err(fault(format!("row {row} has labels on its padding, expected -100")).into());
        }
        let wrong = (0..len).find(|&t| labels[t] != -100 && labels[t] != ids[t]);
        if let Some(t) = wrong {
            return Err(fault(format!(
                "row {row} has the label {} for the token {} at {t}, expected it or -100",
                labels[t], ids[t]
            ))
            .into());
        }
        if len == 0 {
            continue;
        }
        let tokens = token_ids(path, &ids[..len])?;
        let loss = (0..len).map(|t| t > 0 && labels[t] != -100).collect();
        examples.push(Example { ids: tokens, loss, key: row as u64 });
    }
    Ok(examples)
}
