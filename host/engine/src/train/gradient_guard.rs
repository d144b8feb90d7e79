//! The check of the first batch's gradients: a trainable tensor whose gradient is zero or not finite would silently not
//! learn. The one exception follows from the algebra: the gradient of A is zero as long as B is.

use crate::adapter::peft::tensor_name;
use crate::adapter::{Adapter, Part};
use crate::error::{EngineError, MismatchSubject, Result};

/// Checks the gradients of the first batch.
///
/// # Errors
/// Lists every tensor whose gradient is not finite, or is zero without that reason.
pub fn check(adapter: &Adapter, gradients: &[f32]) -> Result<()> {
    let mut problems = Vec::new();
    for (slot, part, range, _) in adapter.tensors() {
        let gradient = &gradients[range];
        let b_is_zero = adapter.params[slot.b.clone()].iter().all(|v| *v == 0.0);
        let name = tensor_name(slot.site.layer, slot.site.module, part);
        if let Some(value) = gradient.iter().find(|g| !g.is_finite()) {
            problems.push(format!("`{name}` has a gradient with {value} in it"));
        } else if gradient.iter().all(|g| *g == 0.0) && !(part == Part::A && b_is_zero) {
            problems.push(format!("`{name}` has a gradient of zero"));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(EngineError::Mismatch {
        subject: MismatchSubject::Gradients,
        summary: format!("{} of {} trainable tensors would not learn", problems.len(), adapter.tensors().count()),
        problems,
    })
}
