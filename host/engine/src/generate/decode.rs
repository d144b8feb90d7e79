//! The decoding loop. Sampling itself is candle's `LogitsProcessor`.

use candle_core::{Device, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling as CandleSampling};

use crate::error::{EngineError, Result};
use crate::model::inference::Session;
use crate::model::pass::Model;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// The most likely one.
    Greedy,
    /// At random, with this temperature, from the most likely ones that together hold `top_p`.
    Random {
        /// Above 0; 1 leaves the probabilities as they are.
        temperature: f64,
        /// In (0, 1].
        top_p: f64,
        /// The same seed gives the same text.
        seed: u64,
    },
}

/// Why the text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A stop token came.
    StopToken,
    /// The token limit was reached.
    Length,
    /// The caller asked for it.
    Cancelled,
}

/// A generated text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Its tokens, without the stop token.
    pub ids: Vec<u32>,
    /// Why it ended.
    pub reason: StopReason,
}

/// Continues `prompt` by at most `max_new_tokens` tokens, until one of `stop`.
///
/// `on_token` sees every token as it comes and says whether to go on.
///
/// # Errors
/// When the prompt is empty or has ids beyond the vocabulary, or the logits are not finite.
pub fn generate(
    model: Model,
    prompt: &[u32],
    max_new_tokens: usize,
    stop: &[u32],
    sampling: Sampling,
    mut on_token: impl FnMut(u32) -> bool,
) -> Result<Generated> {
    let mut processor = match sampling {
        Sampling::Greedy => LogitsProcessor::from_sampling(0, CandleSampling::ArgMax),
        Sampling::Random { temperature, top_p, seed } => {
            LogitsProcessor::from_sampling(seed, CandleSampling::TopP { p: top_p, temperature })
        }
    };
    let mut session = Session::new(model, prompt.len() + max_new_tokens);
    let mut logits = session.feed(prompt)?;
    let mut ids = Vec::new();
    while ids.len() < max_new_tokens {
        let next = choose(&mut processor, logits)?;
        if stop.contains(&next) {
            return Ok(Generated { ids, reason: StopReason::StopToken });
        }
        ids.push(next);
        if !on_token(next) {
            return Ok(Generated { ids, reason: StopReason::Cancelled });
        }
        if ids.len() == max_new_tokens {
            break;
        }
        logits = session.feed(&[next])?;
    }
    Ok(Generated { ids, reason: StopReason::Length })
}

fn choose(processor: &mut LogitsProcessor, logits: Vec<f32>) -> Result<u32> {
    if !logits.iter().all(|l| l.is_finite()) {
        return Err(EngineError::unsupported(
            "The model's logits are not finite: its weights or its adapter are damaged or overflow",
        ));
    }
    let n = logits.len();
    Tensor::from_vec(logits, n, &Device::Cpu)
        .and_then(|logits| processor.sample(&logits))
        .map_err(|source| EngineError::Candle { action: "Failed to choose the next token".into(), source })
}
