//! Attention over blocks and records compared with its definition, at lengths around the block size.

use hive_engine::ops::attention::{self, Shape};
use hive_engine::ops::rope::Segment;

use crate::fixtures::{distance, noise};

fn plain(q: &[f32], k: &[f32], v: &[f32], dim: usize) -> Vec<f32> {
    let rows = q.len() / dim;
    let mut out = vec![0.0; q.len()];
    for t in 0..rows {
        let score = |s: usize| {
            let dot: f64 = (0..dim).map(|i| f64::from(q[t * dim + i]) * f64::from(k[s * dim + i])).sum();
            dot / (dim as f64).sqrt()
        };
        let scores: Vec<f64> = (0..=t).map(score).collect();
        let top = scores.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = scores.iter().map(|s| (s - top).exp()).sum();
        for (s, score) in scores.iter().enumerate() {
            for i in 0..dim {
                out[t * dim + i] += ((score - top).exp() / sum) as f32 * v[s * dim + i];
            }
        }
    }
    out
}

#[test]
fn blocks_and_records_change_nothing() {
    let shape = Shape { heads: 2, kv_heads: 1, dim: 8 };
    let lens = [1, 63, 64, 65, 130];
    let mut segments = Vec::new();
    let mut start = 0;
    for len in lens {
        segments.push(Segment { start, len });
        start += len;
    }
    let (q, k, v) = (noise(start * 16, 1), noise(start * 8, 2), noise(start * 8, 3));
    let (mut out, mut lse) = (vec![0.0; q.len()], vec![0.0; start * 2]);
    attention::forward(&mut out, &mut lse, &q, &k, &v, shape, &segments);
    for s in segments {
        for head in 0..2 {
            let at = s.start * 16 + head * s.len * 8..s.start * 16 + (head + 1) * s.len * 8;
            let kv = s.start * 8..(s.start + s.len) * 8;
            let want = plain(&q[at.clone()], &k[kv.clone()], &v[kv], 8);
            assert!(distance(&out[at], &want) < 1e-5, "{s:?} head {head}");
        }
    }
}
