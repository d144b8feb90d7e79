//! Generation with the key/value cache compared with the full forward pass, token by token; and stop tokens.

use hive_engine::adapter::{AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::generate::{Sampling, StopReason, generate};
use hive_engine::network::inference::Session;
use hive_engine::network::pass::{Model, Pass};
use hive_engine::weights::config::Architecture;

use crate::fixtures::{adapter_config, decoder, distance, trained};

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
    let run = |stop: &[u32], limit| generate(model, &[3, 9, 27], limit, stop, Sampling::Greedy, |_| true).unwrap();
    let free = run(&[], 8);
    assert_eq!((free.ids.len(), free.reason), (8, StopReason::Length));
    assert_eq!(run(&[], 8), free);
    let stop = free.ids[4];
    let first = free.ids.iter().position(|id| *id == stop).unwrap();
    let stopped = run(&[stop], 8);
    assert_eq!((stopped.ids.as_slice(), stopped.reason), (&free.ids[..first], StopReason::StopToken));
    let cancelled = generate(model, &[3, 9, 27], 8, &[], Sampling::Greedy, |_| false).unwrap();
    assert_eq!((cancelled.ids.len(), cancelled.reason), (1, StopReason::Cancelled));
    let random = Sampling::Random { temperature: 1.0, top_p: 0.9, seed: 5 };
    let a = generate(model, &[3], 8, &[], random, |_| true).unwrap();
    assert_eq!(a, generate(model, &[3], 8, &[], random, |_| true).unwrap());
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
        let guessed = generate(model, &prompt, 60, &[], Sampling::Greedy, |_| true).unwrap();
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
