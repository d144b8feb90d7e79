//! Results do not depend on the number of threads, to the last bit.

use hive_engine::adapter::{Adapter, Method};
use hive_engine::data::Example;
use hive_engine::ops::dropout::key;
use hive_engine::train::Trainer;
use hive_engine::weights::config::{Architecture, ModelConfig};
use hive_engine::weights::decoder::Decoder;

use crate::fixtures::{adapter_config, config, train_config};

/// Large enough that matrix products, attention and the optimizer are split into parallel tasks.
fn wide() -> ModelConfig {
    ModelConfig {
        vocab_size: 3000,
        hidden_size: 192,
        intermediate_size: 512,
        num_heads: 6,
        num_kv_heads: 3,
        head_dim: 32,
        max_position_embeddings: 512,
        ..config(Architecture::Qwen3, true)
    }
}

#[test]
fn one_thread_and_several_give_the_same_bytes() {
    let base = Decoder::random(&wide(), 3).unwrap();
    let record = |n: u64, len: u64| {
        let ids = (0..len).map(|t| (key(&[n, t]) % 3000) as u32).collect();
        Example::new(ids, 20, n)
    };
    let records: Vec<Example> = (0..6).map(|n| record(n, 90 + 37 * n)).collect();
    let train = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut shape = adapter_config(Method::Dora);
            shape.dropout = 0.1;
            let adapter = Adapter::init(shape, &base, 1).unwrap();
            let mut config = train_config();
            config.micro_batch_tokens = 400;
            let mut trainer = Trainer::new(&base, adapter, config).unwrap();
            let losses: Vec<f64> =
                (0..3).map(|_| trainer.step(&records.iter().collect::<Vec<_>>(), 1e-3).unwrap().loss).collect();
            let loss = trainer.evaluate(&records).unwrap().mean();
            (losses, loss, trainer.adapter.params)
        })
    };
    let one = train(1);
    for threads in [2, 3, 4] {
        assert!(train(threads) == one, "{threads} threads");
    }
}
