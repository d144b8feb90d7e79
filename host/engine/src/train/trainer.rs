//! One optimizer step, and the validation loss.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use hive_recipe::TrainingSpec;
use tracing::{debug_span, trace_span};

use crate::adapter::{Adapter, AdapterScales, Part};
use crate::data::{Batch, Batching, Example, Records};
use crate::error::{EngineError, MismatchSubject, Result};
use crate::network::pass::{Dropout, Model, Pass};
use crate::on_pool;
use crate::ops::cross_entropy::Loss;
use crate::train::events::StepReport;
use crate::train::gradient_guard;
use crate::train::optimizer::{self, AdamW, Update};
use crate::weights::decoder::Decoder;

/// An adapter in training on a frozen base.
#[derive(Debug)]
pub struct Trainer<'a> {
    base: &'a Decoder,
    /// The current adapter.
    pub adapter: Adapter,
    /// The state of the optimizer; its `updates` are the steps that were not skipped.
    pub optimizer: AdamW,
    step: u64,
    config: TrainingSpec,
    scales: AdapterScales,
    gradients: Vec<f32>,
    no_decay: Vec<Range<usize>>,
    pass: Pass,
    guarded: bool,
    stop: Option<&'a AtomicBool>,
}

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The adapter was updated.
    Done(StepReport),
    /// The loss or the gradient was not finite, as the message says; nothing was changed.
    NotFinite(String),
    /// It was stopped (see [`Trainer::stopped_by`]); nothing was changed.
    Stopped,
}

impl<'a> Trainer<'a> {
    /// A trainer before its first step.
    ///
    /// # Errors
    /// When a value of `config` is out of range.
    pub fn new(base: &'a Decoder, adapter: Adapter, config: TrainingSpec) -> Result<Self> {
        let problems = config.problems();
        if !problems.is_empty() {
            let summary = "The recipe cannot be trained".to_owned();
            return Err(EngineError::Mismatch { subject: MismatchSubject::Recipe, summary, problems });
        }
        let n = adapter.params.len();
        let no_decay =
            adapter.tensors().filter(|(_, part, ..)| *part == Part::Magnitude).map(|(_, _, range, _)| range).collect();
        let scales = AdapterScales::new(&adapter, base);
        Ok(Self {
            base,
            adapter,
            optimizer: AdamW::new(n),
            step: 0,
            config,
            scales,
            gradients: vec![0.0; n],
            no_decay,
            pass: Pass::new(),
            guarded: false,
            stop: None,
        })
    }

    /// This trainer, which gives up the step or the evaluation in hand, within a layer, once `stop` is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Whether it was stopped; what [`Self::evaluate`] returned last may then be incomplete.
    pub fn stopped(&self) -> bool {
        self.model().stopped()
    }

    /// Restores the state of a checkpoint after `step` steps.
    pub fn restore(&mut self, params: Vec<f32>, optimizer: AdamW, step: u64) {
        self.adapter.params = params;
        self.optimizer = optimizer;
        self.step = step;
        // A checkpoint after the first step has passed the check of the first batch.
        self.guarded = step > 0;
        self.scales.update(&self.adapter, self.base);
    }

    /// Number of steps made, skipped ones included.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The base of the adapter.
    pub fn base(&self) -> &'a Decoder {
        self.base
    }

    /// The base with the current adapter.
    pub fn model(&self) -> Model<'_> {
        Model { base: self.base, adapter: Some((&self.adapter, &self.scales)), stop: self.stop }
    }

    /// One optimizer step over `examples` at this learning rate: the gradient is that of the mean
    /// loss per loss token over all of them, however they are split into micro-batches.
    ///
    /// # Errors
    /// When no token carries loss, on the first step when a tensor gets no gradient, and when the
    /// loss or the gradient is not finite; the adapter is then as it was before.
    pub fn step(&mut self, examples: &[&Example], learning_rate: f64) -> Result<StepReport> {
        match self.attempt(&examples, learning_rate)? {
            Step::Done(report) => Ok(report),
            Step::NotFinite(problem) => Err(self.fault(problem)),
            Step::Stopped => Err(self.fault("The step was stopped".to_owned())),
        }
    }

    /// As [`Self::step`], but a loss or a gradient that is not finite is not an error; nothing is changed then, and the step
    /// is not counted.
    ///
    /// # Errors
    /// When no token carries loss, or on the first step when a tensor gets no gradient.
    pub fn attempt(&mut self, examples: &dyn Records, learning_rate: f64) -> Result<Step> {
        let begin = Instant::now();
        let step = self.step + 1;
        let _span = debug_span!("step", step).entered();
        let loss = self.accumulate(examples)?;
        if self.stopped() {
            return Ok(Step::Stopped);
        }
        if loss.tokens == 0 {
            return Err(self.fault("No token of the batch carries loss".into()));
        }
        if !loss.sum.is_finite() {
            return Ok(Step::NotFinite(format!("The training loss is {}", loss.mean())));
        }
        if !self.guarded {
            gradient_guard::check(&self.adapter, &self.gradients)?;
            self.guarded = true;
        }
        let grad_norm = optimizer::norm(&self.gradients);
        if !grad_norm.is_finite() {
            return Ok(Step::NotFinite(format!("The gradient's norm is {grad_norm}")));
        }
        let _span = debug_span!("update").entered();
        optimizer::clip(&mut self.gradients, grad_norm, self.config.max_grad_norm);
        let TrainingSpec { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        let update = Update { learning_rate, beta1, beta2, epsilon, weight_decay };
        self.optimizer.update(&mut self.adapter.params, &self.gradients, update, &self.no_decay);
        self.scales.update(&self.adapter, self.base);
        self.step = step;
        Ok(Step::Done(StepReport {
            step,
            total: step,
            loss: loss.mean(),
            grad_norm,
            learning_rate,
            loss_tokens: loss.tokens,
            input_tokens: (0..examples.len()).map(|i| examples.tokens(i)).sum(),
            seconds: begin.elapsed().as_secs_f64(),
        }))
    }

    /// Counts a step that changes nothing.
    pub fn skip(&mut self) {
        self.step += 1;
    }

    /// An error at the current step.
    pub(crate) fn fault(&self, problem: String) -> EngineError {
        EngineError::Training { step: self.step + 1, updates: self.optimizer.updates, problem }
    }

    /// Computes the gradients of the mean loss over `examples` into `self.gradients`, and returns the loss.
    fn accumulate(&mut self, examples: &dyn Records) -> Result<Loss> {
        self.gradients.fill(0.0);
        let loss_tokens: usize = (0..examples.len()).map(|i| examples.loss_tokens(i)).sum();
        let mut total = Loss::default();
        if loss_tokens == 0 {
            return Ok(total);
        }
        let scale = (1.0 / loss_tokens as f64) as f32;
        let model = Model { base: self.base, adapter: Some((&self.adapter, &self.scales)), stop: self.stop };
        let dropout = Some(Dropout {
            seed: self.config.seed,
            step: self.step,
            probability: self.adapter.config.dropout,
            semantics: self.adapter.config.dropout_semantics,
        });
        for records in micro_batches(examples, Batching::from_recipe(&self.config)) {
            let batch = batch(examples, &records, self.base)?;
            let tokens = batch.tokens();
            trace_span!("forward", tokens)
                .in_scope(|| on_pool(|| self.pass.forward(model, &batch, &batch.loss_rows, dropout, true)));
            if model.stopped() {
                break;
            }
            total += trace_span!("backward", tokens)
                .in_scope(|| on_pool(|| self.pass.backward(model, &batch, dropout, scale, &mut self.gradients)));
        }
        Ok(total)
    }

    /// The loss of `examples` and the gradients of its mean, laid out as the adapter's parameters. Changes nothing; for tests,
    /// checks and probes.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn gradients(&mut self, examples: &dyn Records) -> Result<(Loss, &[f32])> {
        let loss = self.accumulate(examples)?;
        Ok((loss, &self.gradients))
    }

    /// Loss of `examples` with the current adapter, without dropout.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn evaluate(&mut self, examples: &dyn Records) -> Result<Loss> {
        let model = Model { base: self.base, adapter: Some((&self.adapter, &self.scales)), stop: self.stop };
        evaluate(&mut self.pass, model, examples, Batching::from_recipe(&self.config))
    }

    /// Loss of `examples` with the base alone.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn evaluate_base(&mut self, examples: &dyn Records) -> Result<Loss> {
        let model = Model { base: self.base, adapter: None, stop: self.stop };
        evaluate(&mut self.pass, model, examples, Batching::from_recipe(&self.config))
    }

    /// Bytes of the buffers for activations, which grow with the largest micro-batch so far.
    pub fn buffer_bytes(&self) -> usize {
        self.pass.bytes()
    }

    /// The ratios m/‖W + s·B·A‖ of the current adapter.
    pub fn scales(&self) -> &AdapterScales {
        &self.scales
    }
}

/// Loss of `examples` with `model`, without dropout; incomplete when the model was stopped.
///
/// # Errors
/// As [`Batch::new`].
pub fn evaluate(pass: &mut Pass, model: Model, examples: &dyn Records, batching: Batching) -> Result<Loss> {
    let _span = debug_span!("evaluate", records = examples.len()).entered();
    let mut total = Loss::default();
    for records in micro_batches(examples, batching) {
        let batch = batch(examples, &records, model.base)?;
        trace_span!("forward", tokens = batch.tokens())
            .in_scope(|| on_pool(|| pass.forward(model, &batch, &batch.loss_rows, None, false)));
        if model.stopped() {
            break;
        }
        total += on_pool(|| pass.loss(model, &batch));
    }
    Ok(total)
}

fn micro_batches(examples: &dyn Records, batching: Batching) -> Vec<Vec<usize>> {
    let lengths: Vec<usize> = (0..examples.len()).map(|i| examples.tokens(i)).collect();
    batching.micro_batches(&lengths)
}

fn batch(examples: &dyn Records, records: &[usize], base: &Decoder) -> Result<Batch> {
    let records: Vec<Example> = records.iter().map(|&i| examples.get(i)).collect();
    Batch::new(&records, base.config.vocab_size)
}
