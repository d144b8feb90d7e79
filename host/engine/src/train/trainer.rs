//! One optimizer step, and the validation loss: what a run repeats.

use std::ops::Range;
use std::time::Instant;

use crate::adapter::{Adapter, AdapterScales, Part};
use crate::data::batch::micro_batches;
use crate::data::{Batch, Example};
use crate::error::{EngineError, Result};
use crate::model::decoder::Decoder;
use crate::model::pass::{Dropout, Model, Pass};
use crate::ops::cross_entropy::Loss;
use crate::train::config::TrainConfig;
use crate::train::events::StepReport;
use crate::train::gradient_guard;
use crate::train::optimizer::{self, AdamW, Update};

/// An adapter in training on a frozen base.
#[derive(Debug)]
pub struct Trainer<'a> {
    base: &'a Decoder,
    /// The adapter as it is now.
    pub adapter: Adapter,
    /// The optimizer's state; its `updates` are the steps made.
    pub optimizer: AdamW,
    config: TrainConfig,
    scales: AdapterScales,
    gradients: Vec<f32>,
    no_decay: Vec<Range<usize>>,
    pass: Pass,
    guarded: bool,
}

impl<'a> Trainer<'a> {
    /// A trainer before its first step.
    ///
    /// # Errors
    /// When `config` cannot be trained.
    pub fn new(base: &'a Decoder, adapter: Adapter, config: TrainConfig) -> Result<Self> {
        config.check()?;
        let n = adapter.params.len();
        let no_decay =
            adapter.tensors().filter(|(_, part, ..)| *part == Part::Magnitude).map(|(_, _, range, _)| range).collect();
        let scales = AdapterScales::new(&adapter, base);
        let gradients = vec![0.0; n];
        let optimizer = AdamW::new(n);
        Ok(Self { base, adapter, optimizer, config, scales, gradients, no_decay, pass: Pass::new(), guarded: false })
    }

    /// Goes on from a checkpoint.
    pub fn restore(&mut self, params: Vec<f32>, optimizer: AdamW) {
        self.adapter.params = params;
        self.optimizer = optimizer;
        self.scales.update(&self.adapter, self.base);
    }

    /// Steps made.
    pub fn steps(&self) -> u64 {
        self.optimizer.updates
    }

    /// One optimizer step over `examples` at this learning rate: the gradient is that of the mean
    /// loss per loss token over all of them, however they are cut into micro-batches.
    ///
    /// # Errors
    /// When no token carries loss, on the first step when a tensor gets no gradient, and when the
    /// loss or the gradient is not finite; the adapter is then as it was before.
    pub fn step(&mut self, examples: &[&Example], learning_rate: f64) -> Result<StepReport> {
        let begin = Instant::now();
        let step = self.steps() + 1;
        let fault = |problem: String| EngineError::Training { step, updates: step - 1, problem };
        let loss = self.accumulate(examples)?;
        if loss.tokens == 0 {
            return Err(fault("No token of the batch carries loss".into()));
        }
        if !loss.sum.is_finite() {
            return Err(fault(format!("The training loss is {}", loss.mean())));
        }
        if !self.guarded {
            gradient_guard::check(&self.adapter, &self.gradients)?;
            self.guarded = true;
        }
        let grad_norm = optimizer::norm(&self.gradients);
        if !grad_norm.is_finite() {
            return Err(fault(format!("The gradient's norm is {grad_norm}")));
        }
        optimizer::clip(&mut self.gradients, grad_norm, self.config.max_grad_norm);
        let TrainConfig { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        let update = Update { learning_rate, beta1, beta2, epsilon, weight_decay };
        self.optimizer.update(&mut self.adapter.params, &self.gradients, update, &self.no_decay);
        self.scales.update(&self.adapter, self.base);
        Ok(StepReport {
            step,
            total: step,
            loss: loss.mean(),
            grad_norm,
            learning_rate,
            loss_tokens: loss.tokens,
            input_tokens: examples.iter().map(|e| e.ids.len()).sum(),
            seconds: begin.elapsed().as_secs_f64(),
        })
    }

    /// Loss and gradients of the mean loss over `examples`, into `self.gradients`.
    fn accumulate(&mut self, examples: &[&Example]) -> Result<Loss> {
        self.gradients.fill(0.0);
        let loss_tokens: usize = examples.iter().map(|e| e.loss_tokens()).sum();
        let mut total = Loss::default();
        if loss_tokens == 0 {
            return Ok(total);
        }
        let scale = (1.0 / loss_tokens as f64) as f32;
        let model = Model { base: self.base, adapter: Some((&self.adapter, &self.scales)) };
        let dropout = Some(Dropout {
            seed: self.config.seed,
            step: self.optimizer.updates,
            probability: self.adapter.config.dropout,
            semantics: self.adapter.config.dropout_semantics,
        });
        for batch in cut(examples, self.config.micro_batch_tokens, self.base)? {
            self.pass.forward(model, &batch, dropout, true);
            total += self.pass.backward(model, &batch, dropout, scale, &mut self.gradients);
        }
        Ok(total)
    }

    /// The gradients of the mean loss over `examples`, flat as the adapter's parameters, and the
    /// loss. Changes nothing: for tests and checks.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn gradients(&mut self, examples: &[&Example]) -> Result<(Loss, &[f32])> {
        let loss = self.accumulate(examples)?;
        Ok((loss, &self.gradients))
    }

    /// Loss of `examples` under the adapter as it is, without dropout.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn evaluate(&mut self, examples: &[&Example]) -> Result<Loss> {
        let model = Model { base: self.base, adapter: Some((&self.adapter, &self.scales)) };
        evaluate(&mut self.pass, model, examples, self.config.micro_batch_tokens)
    }

    /// Loss of `examples` under the base alone.
    ///
    /// # Errors
    /// As [`Batch::new`].
    pub fn evaluate_base(&mut self, examples: &[&Example]) -> Result<Loss> {
        let model = Model { base: self.base, adapter: None };
        evaluate(&mut self.pass, model, examples, self.config.micro_batch_tokens)
    }

    /// The ratios m/‖W + s·B·A‖ that belong to the adapter as it is.
    pub fn scales(&self) -> &AdapterScales {
        &self.scales
    }
}

/// Loss of `examples` under `model`, without dropout.
///
/// # Errors
/// As [`Batch::new`].
pub fn evaluate(pass: &mut Pass, model: Model, examples: &[&Example], micro_batch_tokens: usize) -> Result<Loss> {
    let mut total = Loss::default();
    for batch in cut(examples, micro_batch_tokens, model.base)? {
        pass.forward(model, &batch, None, false);
        total += pass.loss(model.base, &batch);
    }
    Ok(total)
}

fn cut(examples: &[&Example], budget: usize, base: &Decoder) -> Result<Vec<Batch>> {
    let lengths: Vec<usize> = examples.iter().map(|e| e.ids.len()).collect();
    micro_batches(&lengths, budget)
        .into_iter()
        .map(|records| Batch::new(records.iter().map(|&i| examples[i]), base.config.vocab_size))
        .collect()
}
