//! `hive bench train`: times optimizer steps; no plugin is needed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hive_engine::adapter::config::Targets;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::adapter::{Adapter, AdapterConfig, DropoutSemantics, Method};
use hive_engine::data::Example;
use hive_engine::network::flops::training_flops;
use hive_engine::ops::dropout::key;
use hive_engine::train::{Metric, NonFinite, Schedule, Trainer, TrainingSpec};
use hive_engine::weights::Module;
use hive_engine::weights::decoder::Decoder;
use hive_errors::{listed, nearest};
use hive_runtime::base::Base;
use hive_train::metrics::peak_memory_mb;
use serde_json::json;

use super::{TARGETS, check_length, median, rank_12_dora};
use crate::arch::Arch;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::numbers::{MOST_STEPS, MOST_TOKENS, real, whole};
use crate::output::result;
use crate::pull_progress::PullProgress;
use crate::tensors::{integers, token_ids};

/// Maximum tokens of a micro-batch: activations of more do not fit into the memory of supported
/// machines.
const MOST_AT_ONCE: usize = 1 << 17;

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

/// `hive bench train`
#[derive(Debug, Args)]
pub struct BenchTrain {
    /// Base model: a catalogue id, a folder or a GGUF file
    #[arg(long, required_unless_present = "arch", conflicts_with = "arch")]
    base: Option<String>,
    /// Use random weights of this shape instead of a base model
    #[arg(long)]
    arch: Option<Arch>,
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
    /// Tokens per record
    #[arg(long, default_value_t = 256, allow_negative_numbers = true, value_parser = whole::<usize>(2..=MOST_TOKENS))]
    seq: usize,
    /// Records per micro-batch
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole::<usize>(1..=65_536))]
    batch: usize,
    /// Micro-batches per optimizer step
    #[arg(long, default_value_t = 4, allow_negative_numbers = true, value_parser = whole::<usize>(1..=65_536))]
    accum: usize,
    /// Optimizer steps; random tokens add an untimed warm-up step, with a batch file the first of
    /// several steps is the untimed warm-up
    #[arg(long, default_value_t = 3, allow_negative_numbers = true, value_parser = whole::<u64>(1..=MOST_STEPS))]
    steps: u64,
    /// Fraction of each record that is prompt and carries no loss
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = real(0.0..=0.999))]
    prompt_frac: f64,
    /// Constant learning rate
    #[arg(long, default_value_t = 2e-4, allow_negative_numbers = true, value_parser = real(0.0..=10.0))]
    lr: f64,
    /// AdamW's decoupled weight decay
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = real(0.0..=100.0))]
    weight_decay: f64,
    /// Seed for initialisation, tokens and dropout
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: u64,
    /// Start from this PEFT adapter folder; its method, rank, alpha and targets are used
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Train on this batch instead of random tokens: safetensors with `input_ids`, `labels` (-100:
    /// no loss, not shifted) and `attention_mask`, i64 [rows, tokens]
    #[arg(long)]
    batch_file: Option<PathBuf>,
    /// Write the trained adapter to this folder
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

impl BenchTrain {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        if self.batch_file.is_none() && self.batch * self.seq > MOST_AT_ONCE {
            let tokens = self.batch * self.seq;
            return Err(Failure::misuse(format!(
                "`--batch` and `--seq` make {tokens} tokens of a micro-batch, expected at most {MOST_AT_ONCE}"
            ))
            .hint("`--accum` makes a step of more micro-batches")
            .into());
        }
        let modules = Module::ALL.map(Module::name);
        let wrong = self.targets.iter().map(String::as_str).find(|t| *t != "all-linear" && !modules.contains(t));
        if let Some(target) = wrong {
            let near = nearest(target, modules).map(|near| format!("did you mean `{near}`?"));
            let known = listed(modules.into_iter().chain(["all-linear"]));
            let failure = Failure::misuse(format!("`--targets` names `{target}`, expected some of: {known}"));
            return Err(near.into_iter().fold(failure, Failure::hint).into());
        }
        let (decoder, reference) = self.base(env)?;
        if self.batch_file.is_none() {
            check_length(&decoder.config, "`--seq` asks for", self.seq)?;
        }
        let adapter = self.initial(&decoder, &reference)?;
        let trainable = adapter.params.len();
        let mut trainer = Trainer::new(&decoder, adapter, self.config())?;
        let timed = match &self.batch_file {
            Some(path) => {
                let batch = read_batch(path)?;
                let longest = batch.iter().map(|example| example.ids.len()).max().unwrap_or(0);
                check_length(&decoder.config, "The longest row of `--batch-file` has", longest)?;
                self.on_file(&mut trainer, &batch)?
            }
            None => self.on_noise(&mut trainer, decoder.config.vocab_size)?,
        };
        if let Some(out) = &self.out {
            std::fs::create_dir_all(out).map_err(|e| hive_engine::EngineError::io("create", out, e))?;
            peft::save(out, &trainer.adapter, &reference)?;
        }
        let step_s = median(&timed.seconds);
        let tokens_per_s = timed.tokens as f64 / step_s;
        let gflops = timed.flops / step_s / 1e9;
        let peak = peak_memory_mb();
        if self.json {
            return result(
                &json!({
                    "tokens_per_s": round(tokens_per_s, 2), "step_s": round(step_s, 4), "steps_s": timed.seconds,
                    "useful_gflop_per_s": round(gflops, 2), "peak_rss_mb": peak,
                    "losses": timed.losses, "trainable": trainable, "threads": rayon_threads(), "tokens_per_step": timed.tokens,
                })
                .to_string(),
            );
        }
        let peak = peak.map_or_else(String::new, |mb| format!(", peak {mb} MB"));
        result(&format!(
            "{tokens_per_s:.1} tokens/s, {step_s:.3} s per step of {} tokens, {gflops:.1} useful GFLOP/s, {trainable} trainable parameters{peak}\nloss {}",
            timed.tokens,
            timed.losses.iter().map(|l| format!("{l:.5}")).collect::<Vec<_>>().join(" ")
        ))
    }

    fn base(&self, env: &Environment) -> CommandResult<(Decoder, BaseRef)> {
        if let Some(base) = &self.base {
            let base = Base::open(&env.context, base, &mut PullProgress::stderr())?;
            return Ok((base.decoder, base.reference));
        }
        let arch = self.arch.unwrap_or(Arch::SmolLm2);
        Ok((Decoder::random(&arch.config(), self.seed)?, arch.reference(self.seed)))
    }

    fn semantics(&self) -> DropoutSemantics {
        match self.dropout_semantics {
            SemanticsArg::Branch => DropoutSemantics::Branch,
            SemanticsArg::Peft => DropoutSemantics::Peft,
        }
    }

    fn initial(&self, decoder: &Decoder, reference: &BaseRef) -> CommandResult<Adapter> {
        if let Some(dir) = &self.adapter {
            let mut adapter = peft::load(dir, &decoder.config, Some(reference))?.adapter;
            adapter.config.dropout = self.dropout.unwrap_or(adapter.config.dropout);
            adapter.config.dropout_semantics = self.semantics();
            return Ok(adapter);
        }
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
        Ok(Adapter::init(config, decoder, self.seed)?)
    }

    /// PyTorch's default AdamW, a constant learning rate, no clipping.
    fn config(&self) -> TrainingSpec {
        TrainingSpec {
            learning_rate: self.lr,
            epochs: 1.0,
            steps: Some(self.steps),
            warmup_ratio: 0.0,
            warmup_steps: None,
            schedule: Schedule::Constant,
            effective_batch: self.batch * self.accum,
            micro_batch_tokens: self.batch * self.seq,
            micro_batch_records: None,
            packing: false,
            weight_decay: self.weight_decay,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            max_grad_norm: 0.0,
            eval_steps: self.steps,
            save_steps: self.steps,
            keep_best: 1,
            best_metric: Metric::EvalLoss,
            greater_is_better: None,
            load_best_at_end: false,
            patience: None,
            non_finite: NonFinite::Stop,
            seed: self.seed,
            ..TrainingSpec::default()
        }
    }

    /// The loss before every update and after the last.
    fn on_file(&self, trainer: &mut Trainer, batch: &[Example]) -> CommandResult<Timed> {
        let examples: Vec<&Example> = batch.iter().collect();
        let mut timed = Timed { tokens: batch.iter().map(|e| e.ids.len()).sum(), ..Timed::default() };
        timed.flops = training_flops(&trainer.base().config, &trainer.adapter, &examples);
        for step in 0..self.steps {
            let report = trainer.step(&examples, self.lr)?;
            timed.losses.push(report.loss);
            if step > 0 || self.steps == 1 {
                timed.seconds.push(report.seconds);
            }
        }
        timed.losses.push(trainer.evaluate(&examples)?.mean());
        Ok(timed)
    }

    /// Random tokens; the first step is an untimed warm-up.
    fn on_noise(&self, trainer: &mut Trainer, vocab: usize) -> CommandResult<Timed> {
        let records = self.batch * self.accum;
        let mut timed = Timed { tokens: records * self.seq, ..Timed::default() };
        let prompt = (self.prompt_frac * self.seq as f64) as usize;
        for step in 0..=self.steps {
            let examples: Vec<Example> = (0..records as u64)
                .map(|r| {
                    let id = |t| (key(&[self.seed, step, r, t]) % vocab as u64) as u32;
                    Example::new((0..self.seq as u64).map(id).collect(), prompt, r)
                })
                .collect();
            let examples: Vec<&Example> = examples.iter().collect();
            let report = trainer.step(&examples, self.lr)?;
            timed.flops = training_flops(&trainer.base().config, &trainer.adapter, &examples);
            if step > 0 {
                timed.losses.push(report.loss);
                timed.seconds.push(report.seconds);
            }
        }
        Ok(timed)
    }
}

#[derive(Debug, Default)]
struct Timed {
    tokens: usize,
    /// Useful floating-point operations per step.
    flops: f64,
    losses: Vec<f64>,
    seconds: Vec<f64>,
}

/// Reads a batch: right padding is removed, labels are not shifted (the label at t belongs to the
/// token at t), -100 carries no loss.
fn read_batch(path: &std::path::Path) -> CommandResult<Vec<Example>> {
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

fn round(value: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (value * unit).round() / unit
}

fn rayon_threads() -> usize {
    hive_engine::threads()
}
