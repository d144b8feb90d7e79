//! Every primitive's backward pass compared with finite differences, in f64, of its forward pass.

use hive_engine::ops::attention::{self, Saved, Shape};
use hive_engine::ops::cross_entropy::Head;
use hive_engine::ops::dora::{self, Branch, BranchGradient, Linear, Magnitude, Scratch};
use hive_engine::ops::dropout::Mask;
use hive_engine::ops::matrix::Write;
use hive_engine::ops::rope::{self, RopeScaling, Segment, Table};
use hive_engine::ops::{cross_entropy, rms_norm, swiglu};
use hive_engine::weights::config::Architecture;
use hive_tests::check_all;

use crate::fixtures::{config, distance, noise};

/// The gradient of f at x by central differences.
fn numeric(x: &[f32], f: impl Fn(&[f32]) -> f64) -> Vec<f32> {
    let step = 4e-3f32;
    (0..x.len())
        .map(|i| {
            let mut moved = x.to_vec();
            moved[i] = x[i] + step;
            let above = f(&moved);
            moved[i] = x[i] - step;
            ((above - f(&moved)) / (2.0 * f64::from(step))) as f32
        })
        .collect()
}

/// Σ w·y: a scalar whose gradient in y is w.
fn weigh(y: &[f32], w: &[f32]) -> f64 {
    y.iter().zip(w).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum()
}

fn close(what: &str, got: &[f32], want: &[f32]) {
    let off = distance(got, want);
    assert!(off < 2e-3, "{what}: relative distance {off}");
}

#[test]
fn rms_norm_backward() {
    let (rows, width) = (3, 7);
    let (x, w, g) = (noise(rows * width, 1), noise(width, 2), noise(rows * width, 3));
    let forward = |x: &[f32]| {
        let (mut y, mut inv) = (vec![0.0; x.len()], vec![0.0; rows]);
        rms_norm::forward(&mut y, &mut inv, x, &w, 1e-5);
        (y, inv)
    };
    let (y, inv) = forward(&x);
    let mut again = vec![0.0; x.len()];
    rms_norm::recompute(&mut again, &inv, &x, &w);
    assert_eq!(again, y);
    let mut dx = vec![1.0; x.len()];
    rms_norm::backward(&mut dx, &g, &x, &inv, &w);
    dx.iter_mut().for_each(|v| *v -= 1.0);
    close("dx", &dx, &numeric(&x, |x| weigh(&forward(x).0, &g)));
}

#[test]
fn swiglu_backward() {
    let (gate, up, g) = (noise(50, 1), noise(50, 2), noise(50, 3));
    let forward = |gate: &[f32], up: &[f32]| {
        let mut act = vec![0.0; gate.len()];
        swiglu::forward(&mut act, gate, up);
        weigh(&act, &g)
    };
    let (mut dgate, mut dup) = (g.clone(), vec![0.0; 50]);
    swiglu::backward(&mut dgate, &mut dup, &gate, &up);
    close("dgate", &dgate, &numeric(&gate, |gate| forward(gate, &up)));
    close("dup", &dup, &numeric(&up, |up| forward(&gate, up)));
}

#[test]
fn rope_join_undoes_split_and_is_its_backward() {
    let (heads, dim) = (2, 6);
    let segments = [Segment { start: 0, len: 4 }, Segment { start: 4, len: 3 }];
    let mut shape = config(Architecture::Llama, true);
    shape.head_dim = dim;
    check_all(
        [
            None,
            Some(RopeScaling::Linear { factor: 2.0 }),
            Some(RopeScaling::Llama3 {
                factor: 8.0,
                low_freq_factor: 1.0,
                high_freq_factor: 4.0,
                original_context: 64.0,
            }),
        ],
        |scaling| {
            shape.rope_scaling = scaling;
            let table = Table::new(&shape.rope(), 8);
            let (x, g) = (noise(7 * heads * dim, 1), noise(7 * heads * dim, 2));
            let forward = |x: &[f32]| {
                let mut y = vec![0.0; x.len()];
                rope::split(&mut y, x, heads, dim, &segments, Some(&table), 1);
                y
            };
            let mut back = vec![0.0; x.len()];
            rope::join(&mut back, &forward(&x), heads, dim, &segments, Some(&table), 1);
            assert!(distance(&back, &x) < 1e-6);
            rope::join(&mut back, &g, heads, dim, &segments, Some(&table), 1);
            close("dx", &back, &numeric(&x, |x| weigh(&forward(x), &g)));
        },
    );
}

#[test]
fn attention_backward() {
    let shape = Shape { heads: 4, kv_heads: 2, dim: 6 };
    let segments = [Segment { start: 0, len: 5 }, Segment { start: 5, len: 3 }];
    let (tokens, wide, narrow) = (8, 24, 12);
    let (q, k, v, g) =
        (noise(tokens * wide, 1), noise(tokens * narrow, 2), noise(tokens * narrow, 3), noise(tokens * wide, 4));
    let forward = |q: &[f32], k: &[f32], v: &[f32]| {
        let (mut out, mut lse) = (vec![0.0; tokens * wide], vec![0.0; tokens * 4]);
        attention::forward(&mut out, &mut lse, q, k, v, shape, &segments);
        (out, lse)
    };
    let (out, lse) = forward(&q, &k, &v);
    let (mut dq, mut dk, mut dv) = (vec![9.0; q.len()], vec![9.0; k.len()], vec![9.0; v.len()]);
    let saved = Saved { q: &q, k: &k, v: &v, out: &out, lse: &lse };
    attention::backward(&mut dq, &mut dk, &mut dv, &g, saved, shape, &segments);
    close("dq", &dq, &numeric(&q, |q| weigh(&forward(q, &k, &v).0, &g)));
    close("dk", &dk, &numeric(&k, |k| weigh(&forward(&q, k, &v).0, &g)));
    close("dv", &dv, &numeric(&v, |v| weigh(&forward(&q, &k, v).0, &g)));
}

#[test]
fn cross_entropy_backward() {
    let (n, width, vocab) = (4, 6, 11);
    let (hidden, head) = (noise(n * width, 1), noise(vocab * width, 2));
    let targets = [3, 0, 10, 5];
    let loss = |hidden: &[f32], gradient: Option<(&mut [f32], f32)>| {
        cross_entropy::forward_backward(
            hidden,
            &targets,
            Head { weight: &head, width },
            &mut Vec::new(),
            gradient,
            &|| false,
        )
    };
    let mut dhidden = vec![0.0; hidden.len()];
    let with = loss(&hidden, Some((&mut dhidden, 0.25)));
    assert_eq!(with.sum, loss(&hidden, None).sum);
    close("dhidden", &dhidden, &numeric(&hidden, |h| 0.25 * loss(h, None).sum));
}

#[test]
fn linear_and_its_branch_backward() {
    let (tokens, input, out, rank) = (5, 6, 7, 3);
    let (x, w, bias) = (noise(tokens * input, 1), noise(out * input, 2), noise(out, 3));
    let (a, b, g) = (noise(rank * input, 4), noise(out * rank, 5), noise(tokens * out, 6));
    let m: Vec<f32> = noise(out, 7).iter().map(|v| v + 2.0).collect();
    let linear = Linear { weight: &w, bias: Some(&bias), out, input };
    let token_keys = [1, 2, 3, 4, 5];
    let scaling = 0.7;
    let mut norms = vec![0.0; out];
    dora::row_norms(&mut norms, linear, &a, &b, rank, scaling);
    let mask = |reaches_base| Some(Mask { key: 9, token_keys: &token_keys, probability: 0.4, reaches_base });
    let (branch, peft) = (mask(false), mask(true));
    for (dora, mask) in [(true, None), (false, None), (true, branch), (false, branch), (true, peft)] {
        let ratio_of = |m: &[f32]| {
            let mut ratio = vec![0.0; out];
            dora::ratios(&mut ratio, m, &norms);
            ratio
        };
        // The norm is detached, so it does not depend on A and B here.
        let forward = |x: &[f32], a: &[f32], b: &[f32], m: &[f32]| {
            let ratio = ratio_of(m);
            let magnitude = dora.then_some(Magnitude { ratio: &ratio, m });
            let branch = Branch { a, b, rank, scaling, magnitude };
            let (mut y, mut z) = (vec![0.0; tokens * out], Vec::new());
            dora::forward(&mut y, &mut z, &mut Vec::new(), x, linear, Some(branch), mask);
            (y, z)
        };
        let (y, z) = forward(&x, &a, &b, &m);
        let ratio = ratio_of(&m);
        let branch =
            Branch { a: &a, b: &b, rank, scaling, magnitude: dora.then_some(Magnitude { ratio: &ratio, m: &m }) };
        let (mut da, mut db, mut dm) = (vec![0.0; a.len()], vec![0.0; b.len()], vec![0.0; out]);
        let mut dx = vec![0.0; x.len()];
        let gradient = BranchGradient { a: &mut da, b: &mut db, m: dora.then_some(&mut dm[..]) };
        let mut spent = g.clone();
        dora::backward(
            Some((&mut dx, Write::Replace)),
            &mut spent,
            (&y, &x, &z),
            linear,
            Some((branch, gradient)),
            mask,
            &mut Scratch::default(),
        );
        close("dx", &dx, &numeric(&x, |x| weigh(&forward(x, &a, &b, &m).0, &g)));
        close("dA", &da, &numeric(&a, |a| weigh(&forward(&x, a, &b, &m).0, &g)));
        close("dB", &db, &numeric(&b, |b| weigh(&forward(&x, &a, b, &m).0, &g)));
        if dora {
            close("dm", &dm, &numeric(&m, |m| weigh(&forward(&x, &a, &b, m).0, &g)));
        }
    }
}

#[test]
fn row_norms_are_those_of_the_merged_weight() {
    let (input, out, rank) = (100, 130, 4);
    let (w, a, b) = (noise(out * input, 1), noise(rank * input, 2), noise(out * rank, 3));
    let linear = Linear { weight: &w, bias: None, out, input };
    let mut norms = vec![0.0; out];
    dora::row_norms(&mut norms, linear, &a, &b, rank, 0.5);
    for (j, norm) in norms.iter().enumerate() {
        let row: f64 = (0..input)
            .map(|i| {
                let low: f64 = (0..rank).map(|r| f64::from(b[j * rank + r]) * f64::from(a[r * input + i])).sum();
                (f64::from(w[j * input + i]) + 0.5 * low).powi(2)
            })
            .sum();
        assert!((f64::from(*norm) / row.sqrt() - 1.0).abs() < 1e-6);
    }
}
