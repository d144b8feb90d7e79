//! Generation with the key/value cache compared with the full forward pass, token by token; and stop tokens.

use hive_engine::Result;
use hive_engine::adapter::{AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::generate::{Limits, Sampling, StopReason, generate};
use hive_engine::network::inference::Session;
use hive_engine::network::pass::{Model, Pass};
use hive_engine::ops::quantised::{BLOCK, Kind, Quantised};
use hive_engine::train::Trainer;
use hive_engine::weights::Module;
use hive_engine::weights::config::{Architecture, ModelConfig};
use hive_engine::weights::decoder::Decoder;
use hive_engine::weights::source::TensorSource;

use crate::fixtures::{adapter_config, config, decoder, distance, examples, noise, train_config, trained};

#[test]
fn the_cache_changes_nothing() {
    for architecture in [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3] {
        let base = decoder(architecture, true);
        let adapter = trained(&base, adapter_config(Method::Dora));
        let scales = AdapterScales::new(&adapter, &base);
        let model = Model::new(&base, Some((&adapter, &scales)));
        let ids: Vec<u32> = (0..20).map(|i| (i * 13 + 5) % 61).collect();
        let batch = Batch::new([&Example::new(ids.clone(), 0, 0)], 61).unwrap();
        let mut pass = Pass::new();
        pass.forward(model, &batch, &[6, 7, 19], None, false);
        let whole = pass.logits(&base);
        let mut session = Session::new(model, 20);
        // A long chunk, a single token, then the rest as a long chunk and as a decode step.
        let at_6 = session.feed(&ids[..7]).unwrap().to_vec();
        let at_7 = session.feed(&ids[7..8]).unwrap().to_vec();
        let at_19 = session.feed(&ids[8..]).unwrap().to_vec();
        session.truncate(14);
        let again = session.feed(&ids[14..]).unwrap();
        assert!(distance(again, &at_19) < 1e-5, "{architecture:?}: {}", distance(again, &at_19));
        for (got, want) in [at_6, at_7, at_19].iter().zip(whole.chunks(61)) {
            assert!(distance(got, want) < 1e-5, "{architecture:?}: {}", distance(got, want));
        }
    }
}

#[test]
fn greedy_text_is_repeatable_and_ends_at_stop_tokens() {
    let base = decoder(Architecture::Qwen3, true);
    let model = Model::new(&base, None);
    let run = |stop: &[u32], most| generate(model, &[3, 9, 27], &greedy(stop, most), |_| true).unwrap();
    let free = run(&[], 8);
    assert_eq!((free.ids.len(), free.reason), (8, StopReason::Length));
    assert_eq!(run(&[], 8), free);
    let stop = free.ids[4];
    let first = free.ids.iter().position(|id| *id == stop).unwrap();
    let stopped = run(&[stop], 8);
    assert_eq!((stopped.ids.as_slice(), stopped.reason), (&free.ids[..first], StopReason::StopToken));
    let cancelled = generate(model, &[3, 9, 27], &greedy(&[], 8), |_| false).unwrap();
    assert_eq!((cancelled.ids.len(), cancelled.reason), (1, StopReason::Cancelled));
    let random = Limits { sampling: Sampling::Random { temperature: 1.0, top_p: 0.9, seed: 5 }, ..greedy(&[], 8) };
    let a = generate(model, &[3], &random, |_| true).unwrap();
    assert_eq!(a, generate(model, &[3], &random, |_| true).unwrap());
}

fn greedy(stop: &[u32], max_new_tokens: usize) -> Limits<'_> {
    Limits { max_new_tokens, stop, sampling: Sampling::Greedy }
}

/// Greedy decoding, token by token.
fn one_by_one(model: Model, prompt: &[u32], tokens: usize) -> Vec<u32> {
    let mut session = Session::new(model, prompt.len() + tokens);
    let mut next = prompt.to_vec();
    let mut text = Vec::new();
    for _ in 0..tokens {
        let logits = session.feed(&next).unwrap();
        let best = (0..logits.len()).rev().max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
        next = vec![best as u32];
        text.push(best as u32);
    }
    text
}

#[test]
fn guessing_ahead_changes_nothing() {
    for architecture in [Architecture::Llama, Architecture::Qwen3] {
        let base = decoder(architecture, true);
        let adapter = trained(&base, adapter_config(Method::Dora));
        let scales = AdapterScales::new(&adapter, &base);
        let model = Model::new(&base, Some((&adapter, &scales)));
        // Small models soon repeat themselves: most of this is guessed, much of it correctly.
        let prompt: Vec<u32> = (0..24).map(|i| (i % 6) * 9 + 2).collect();
        let plain = one_by_one(model, &prompt, 60);
        let guessed = generate(model, &prompt, &greedy(&[], 60), |_| true).unwrap();
        assert_eq!(guessed.ids, plain, "{architecture:?}");
    }
}

#[test]
fn a_few_tokens_at_once_are_each_as_if_alone() {
    for architecture in [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3] {
        let base = decoder(architecture, false);
        let adapter = trained(&base, adapter_config(Method::Dora));
        let scales = AdapterScales::new(&adapter, &base);
        let model = Model::new(&base, Some((&adapter, &scales)));
        let (mut apart, mut together) = (Session::new(model, 40), Session::new(model, 40));
        let prompt: Vec<u32> = (0..20).map(|i| (i * 7 + 3) % 61).collect();
        apart.feed(&prompt).unwrap();
        together.feed(&prompt).unwrap();
        for ids in [&[4, 5, 6, 7, 8, 9, 10, 11][..], &[1, 2, 3], &[60]] {
            let each: Vec<f32> = ids.iter().flat_map(|id| apart.feed(&[*id]).unwrap().to_vec()).collect();
            assert_eq!(together.feed_each(ids).unwrap(), each, "{architecture:?}");
        }
        assert!(together.feed_each(&[1; 9]).unwrap_err().to_string().contains("9 tokens"));
    }
}

#[test]
fn a_session_refuses_what_it_cannot_hold() {
    let base = decoder(Architecture::Llama, true);
    let mut session = Session::new(Model::new(&base, None), 3);
    assert!(session.feed(&[61]).unwrap_err().to_string().contains("token id 61"));
    assert!(session.feed(&[1, 2, 3, 4]).unwrap_err().to_string().contains("4 tokens"));
    assert!(session.feed(&[]).is_err());
}

/// A model whose matrices are stored in quantised blocks, in memory.
struct Stored {
    config: ModelConfig,
    kind: Kind,
}

impl Stored {
    /// Blocks whose scales and offsets are small numbers, and whose quants are random.
    fn blocks(&self, name: &str, rows: usize, columns: usize) -> Quantised {
        let seed = name.bytes().map(u64::from).sum();
        let halves = self.kind.block_bytes() - if self.kind == Kind::Q8 { BLOCK } else { BLOCK / 2 };
        let count = rows * columns / BLOCK * self.kind.block_bytes();
        let mut bytes: Vec<u8> = noise(count, seed).iter().map(|v| (v * 127.0) as i8 as u8).collect();
        for block in bytes.chunks_exact_mut(self.kind.block_bytes()) {
            // 0x1c01 is 0.0039 as a half, 0x9c02 is −0.0039.
            block[..halves].copy_from_slice(&[0x01, 0x1c, 0x02, 0x9c][..halves]);
        }
        Quantised::new(self.kind, columns, &bytes)
    }
}

impl TensorSource for Stored {
    fn names(&self) -> Vec<String> {
        let norms =
            |l: usize| ["input_layernorm", "post_attention_layernorm"].map(|n| format!("model.layers.{l}.{n}.weight"));
        let linears = |l: usize| Module::ALL.map(|module| format!("{}.weight", module.path(l)));
        let layers =
            (0..self.config.num_layers).flat_map(|l| norms(l).into_iter().chain(linears(l)).collect::<Vec<_>>());
        let ends = ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"].map(str::to_owned);
        layers.chain(ends).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let ModelConfig { vocab_size, hidden_size, .. } = self.config;
        if name.ends_with("norm.weight") {
            return Some(vec![hidden_size]);
        }
        let module = Module::ALL.into_iter().find(|m| (0..2).any(|l| name == format!("{}.weight", m.path(l))));
        let (out, input) = module.map_or((vocab_size, hidden_size), |module| module.shape(&self.config));
        Some(vec![out, input])
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        match self.shape(name).unwrap()[..] {
            [n] => Ok(noise(n, 5).iter().map(|v| 1.0 + 0.1 * v).collect()),
            [rows, columns] => {
                let mut values = vec![0.0; rows * columns];
                self.blocks(name, rows, columns).values_into(0, &mut values);
                Ok(values)
            }
            _ => unreachable!(),
        }
    }

    fn quantised(&self, name: &str) -> Option<Quantised> {
        let [rows, columns] = self.shape(name)?[..] else { return None };
        Some(self.blocks(name, rows, columns))
    }
}

/// Weights kept as their file stores them alone give the logits, the loss and the gradients of those that are kept in f32 as
/// well, to the last bit.
#[test]
fn quantised_weights_alone_compute_the_same() {
    for kind in [Kind::Q8, Kind::Q4, Kind::Q4Offset] {
        let config = ModelConfig { hidden_size: 32, intermediate_size: 64, ..config(Architecture::Llama, false) };
        let source = Stored { config: config.clone(), kind };
        let mut both = Decoder::load(&config, &source).unwrap();
        both.keep_stored(&source);
        let alone = Decoder::load_quantised(&config, &source).unwrap();
        assert_eq!(alone.parameters(), both.parameters());
        let adapter = trained(&both, adapter_config(Method::Dora));
        assert!(adapter.params == trained(&alone, adapter_config(Method::Dora)).params, "{kind:?}: another adapter");
        let prompt: Vec<u32> = (0..30).map(|i| (i * 7 + 3) % 61).collect();
        let of = |base: &Decoder| {
            let scales = AdapterScales::new(&adapter, base);
            let model = Model::new(base, Some((&adapter, &scales)));
            let mut session = Session::new(model, 40);
            let read = session.feed(&prompt).unwrap().to_vec();
            let next = session.feed(&[5]).unwrap().to_vec();
            let mut trainer = Trainer::new(base, adapter.clone(), train_config()).unwrap();
            let (loss, gradients) = trainer.gradients(&examples(4, 61)).unwrap();
            (read, next, loss, gradients.to_vec())
        };
        let (got, expected) = (of(&alone), of(&both));
        assert!(expected.0.iter().all(|v| v.is_finite()) && expected.3.iter().any(|v| *v != 0.0), "{kind:?}");
        assert!(got == expected, "{kind:?}: another result");
    }
}
