//! Generation with its cache against the whole pass, token by token, and stop tokens.

use hive_engine::adapter::{AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::generate::{Sampling, StopReason, generate};
use hive_engine::model::config::Architecture;
use hive_engine::model::inference::Session;
use hive_engine::model::pass::{Model, Pass};

use crate::fixtures::{adapter_config, decoder, distance, trained};

#[test]
fn the_cache_changes_nothing() {
    for architecture in [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3] {
        let base = decoder(architecture, true);
        let adapter = trained(&base, adapter_config(Method::Dora));
        let scales = AdapterScales::new(&adapter, &base);
        let model = Model { base: &base, adapter: Some((&adapter, &scales)) };
        let ids: Vec<u32> = (0..20).map(|i| (i * 13 + 5) % 61).collect();
        let batch = Batch::new([&Example::new(ids.clone(), 0, 0)], 61).unwrap();
        let mut pass = Pass::new();
        pass.forward(model, &batch, None, false);
        let whole = pass.logits(&base, &[6, 7, 19]);
        let mut session = Session::new(model, 20);
        let at_6 = session.feed(&ids[..7]).unwrap();
        let at_7 = session.feed(&ids[7..8]).unwrap();
        let at_19 = session.feed(&ids[8..]).unwrap();
        for (got, want) in [at_6, at_7, at_19].iter().zip(whole.chunks(61)) {
            assert!(distance(got, want) < 1e-5, "{architecture:?}: {}", distance(got, want));
        }
    }
}

#[test]
fn greedy_text_is_repeatable_and_ends_at_stop_tokens() {
    let base = decoder(Architecture::Qwen3, true);
    let model = Model { base: &base, adapter: None };
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

#[test]
fn a_session_refuses_what_it_cannot_hold() {
    let base = decoder(Architecture::Llama, true);
    let mut session = Session::new(Model { base: &base, adapter: None }, 3);
    assert!(session.feed(&[61]).unwrap_err().to_string().contains("token id 61"));
    assert!(session.feed(&[1, 2, 3, 4]).unwrap_err().to_string().contains("4 tokens"));
    assert!(session.feed(&[]).is_err());
}
