//! `hive bench generate`: speed of reading a prompt and of generating text.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use hive_engine::adapter::{Adapter, AdapterScales, peft};
use hive_engine::network::inference::Session;
use hive_engine::network::pass::Model;
use hive_engine::ops::dropout::key;
use hive_runtime::base::Base;
use hive_train::metrics::peak_memory_mb;
use serde_json::json;

use super::{median, rank_12_dora};
use crate::context::Environment;
use crate::error::CommandResult;
use crate::numbers::{MOST_TOKENS, whole};
use crate::output::result;
use crate::pull_progress::PullProgress;

/// `hive bench generate`
#[derive(Debug, Args)]
pub struct BenchGenerate {
    /// Base model: a catalogue id, a folder or a GGUF file
    #[arg(long)]
    base: String,
    /// PEFT adapter folder [default: a fresh DoRA adapter of rank 12, which costs the same]
    #[arg(long, conflicts_with = "no_adapter")]
    adapter: Option<PathBuf>,
    /// Without an adapter
    #[arg(long)]
    no_adapter: bool,
    /// Number of random prompt tokens
    #[arg(long, default_value_t = 256, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_TOKENS))]
    prompt: usize,
    /// Number of tokens to generate, one at a time, without speculative decoding
    #[arg(long, default_value_t = 64, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_TOKENS))]
    tokens: usize,
    /// Repetitions; the median is reported
    #[arg(long, default_value_t = 3, allow_negative_numbers = true, value_parser = whole::<usize>(1..=10_000))]
    times: usize,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

impl BenchGenerate {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        let base = Base::open(&env.context, &self.base, &mut PullProgress::on(env.screen))?.for_generation();
        super::check_length(&base.decoder.config, "`--prompt` and `--tokens` make", self.prompt + self.tokens)?;
        let adapter = match &self.adapter {
            _ if self.no_adapter => None,
            Some(dir) => Some(peft::load(dir, &base.decoder.config, Some(&base.reference))?.adapter),
            None => Some(Adapter::init(rank_12_dora(), &base.decoder, 0)?),
        };
        let scales = adapter.as_ref().map(|adapter| AdapterScales::new(adapter, &base.decoder));
        let model = Model::new(&base.decoder, adapter.as_ref().zip(scales.as_ref()));
        let vocab = base.decoder.config.vocab_size as u64;
        let prompt: Vec<u32> = (0..self.prompt as u64).map(|t| (key(&[t]) % vocab) as u32).collect();
        let (mut reading, mut writing) = (Vec::new(), Vec::new());
        // One more than requested: the first is a warm-up.
        for time in 0..=self.times {
            let mut session = Session::new(model, self.prompt + self.tokens);
            let begin = Instant::now();
            let mut next = best(session.feed(&prompt)?);
            let read = begin.elapsed().as_secs_f64();
            let begin = Instant::now();
            for _ in 0..self.tokens {
                next = best(session.feed(&[next])?);
            }
            let written = begin.elapsed().as_secs_f64();
            if time > 0 {
                reading.push(self.prompt as f64 / read);
                writing.push(self.tokens as f64 / written);
            }
        }
        let (reading, writing, peak) = (median(&reading), median(&writing), peak_memory_mb());
        if self.json {
            return result(
                &json!({
                    "prompt_tokens_per_s": reading.round(), "tokens_per_s": (writing * 10.0).round() / 10.0,
                    "peak_rss_mb": peak, "threads": hive_engine::threads(),
                })
                .to_string(),
            );
        }
        let peak = peak.map_or_else(String::new, |mb| format!(", peak {mb} MB"));
        result(&format!("prompt {reading:.0} tokens/s, text {writing:.1} tokens/s{peak}"))
    }
}

fn best(logits: &[f32]) -> u32 {
    logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(id, _)| id as u32)
}
