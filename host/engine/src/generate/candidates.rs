//! The order in which tokens are tried at one place of a text.

use super::Sampling;
use super::nucleus::Nucleus;
use crate::error::{EngineError, Result};

/// Maximum number of tokens that are tried at one place.
const TRIED: usize = 24;

/// Orders tokens by logits.
pub(super) enum Chooser {
    Greedy,
    Random(Nucleus),
}

impl Chooser {
    pub(super) fn new(sampling: Sampling) -> Self {
        match sampling {
            Sampling::Greedy => Self::Greedy,
            Sampling::Random { temperature, top_p, seed } => Self::Random(Nucleus::new(temperature, top_p, seed)),
        }
    }

    /// The next token.
    pub(super) fn choose(&mut self, logits: &[f32]) -> Result<u32> {
        finite(logits)?;
        Ok(match self {
            // Of equal logits, the first.
            Self::Greedy => {
                let best = logits.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1));
                best.map_or(0, |(id, _)| id as u32)
            }
            Self::Random(nucleus) => nucleus.draw(logits),
        })
    }

    /// The allowed tokens to be tried, the last one first. `masked` is overwritten.
    pub(super) fn candidates(&mut self, logits: &[f32], allowed: &[u32], masked: &mut Vec<f32>) -> Result<Vec<u32>> {
        finite(logits)?;
        masked.clear();
        masked.extend_from_slice(logits);
        for (word, logits) in masked.chunks_mut(32).enumerate() {
            let bits = allowed.get(word).copied().unwrap_or(0);
            for (_, logit) in logits.iter_mut().enumerate().filter(|(bit, _)| bits >> bit & 1 == 0) {
                *logit = f32::NEG_INFINITY;
            }
        }
        let mut tried = best(masked, TRIED);
        if let Self::Random(nucleus) = self
            && !tried.is_empty()
        {
            let drawn = nucleus.draw(masked);
            tried.retain(|token| *token != drawn);
            tried.insert(0, drawn);
        }
        tried.reverse();
        Ok(tried)
    }
}

fn finite(logits: &[f32]) -> Result<()> {
    if logits.iter().all(|l| l.is_finite()) {
        return Ok(());
    }
    Err(EngineError::unsupported(
        "The model's logits are not finite: its weights or its adapter are damaged or overflow",
    ))
}

/// The `n` tokens with the greatest logits, best first, of equal ones the first; without those at minus infinity.
fn best(logits: &[f32], n: usize) -> Vec<u32> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(n + 1);
    for (id, logit) in (0..).zip(logits.iter().copied()) {
        if logit == f32::NEG_INFINITY || (best.len() == n && best.last().is_some_and(|(last, _)| *last >= logit)) {
            continue;
        }
        let at = best.partition_point(|(other, _)| *other >= logit);
        best.insert(at, (logit, id));
        best.truncate(n);
    }
    best.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_forbidden_ones_never() {
        let inf = f32::NEG_INFINITY;
        assert_eq!(best(&[1.0, 3.0, inf, 3.0, 2.0], 3), [1, 3, 4]);
        assert_eq!(best(&[inf, inf], 3), [0; 0]);
        let mut logits = vec![0.0; 70];
        logits[3] = 5.0;
        logits[40] = 4.0;
        logits[69] = 3.0;
        let mut masked = Vec::new();
        // The words end before token 64.
        let allowed = [1 << 3 | 1 << 7, 1 << 8];
        let mut greedy = Chooser::new(Sampling::Greedy);
        assert_eq!(greedy.candidates(&logits, &allowed, &mut masked).unwrap(), [7, 40, 3]);
        assert_eq!(greedy.choose(&logits).unwrap(), 3);
        let mut random = Chooser::new(Sampling::Random { temperature: 1.0, top_p: 1.0, seed: 1 });
        let mut first = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            let mut tried = random.candidates(&logits, &allowed, &mut masked).unwrap();
            first.extend(tried.last().copied());
            tried.sort_unstable();
            assert_eq!(tried, [3, 7, 40]);
        }
        assert_eq!(first.into_iter().collect::<Vec<_>>(), [3, 7, 40]);
        assert!(greedy.choose(&[f32::NAN]).is_err());
    }
}
