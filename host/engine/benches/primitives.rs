//! Benchmarks of every primitive at the sizes of SmolLM2-135M and Qwen3-0.6B: `just bench-primitives [FILTER]`.
//!
//! Two rates are printed beside the times. "B/s" counts the bytes that must be read and written if every operand is
//! transferred between memory and processor once. "item/s" counts the floating-point operations of the result (a multiply-add
//! is two, an exponential one), so 100 Gitem/s are 100 GFLOP/s. Additional work (packing, recomputing) counts in neither.
//! `hive bench machine` measures the processor's peak for comparison.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use hive_engine::ops::cross_entropy::Head;
use hive_engine::ops::decode_linear::{self, Layer, Weight};
use hive_engine::ops::dora::{self, Branch, BranchGradient, Linear, Magnitude, Scratch};
use hive_engine::ops::dropout::{Mask, key};
use hive_engine::ops::matmul::{nn, nt, tn};
use hive_engine::ops::matrix::Write;
use hive_engine::ops::quantised::{Kind, Quantised};
use hive_engine::ops::rope::{self, Segment, Table};
use hive_engine::ops::{attention, cross_entropy, embedding, rms_norm, swiglu};
use hive_engine::train::optimizer::{AdamW, Update};
use hive_engine::weights::config::ModelConfig;
use hive_engine::weights::shapes;

/// Rows of a batch: 2 records of 256 tokens.
const TOKENS: usize = 512;

/// Rank of the adapters.
const RANK: usize = 12;

fn main() {
    // On a thread of the pool, as in training: from outside, every call would wake the other threads first.
    rayon::scope(|_| divan::main());
}

/// Values between -0.5 and 0.5, the same in every run.
fn values(n: usize) -> Vec<f32> {
    (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 - 0.5).collect()
}

/// Measures, with both rates.
fn measure(bencher: Bencher, values: usize, flops: usize, f: impl FnMut()) {
    bencher.counter(BytesCount::new(4 * values)).counter(ItemsCount::new(flops)).bench_local(f);
}

/// The weights of a linear layer.
#[derive(Debug, Clone, Copy)]
struct Size {
    name: &'static str,
    out: usize,
    input: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}×{}", self.name, self.out, self.input)
    }
}

const SIZES: [Size; 7] = [
    Size { name: "SmolLM2 k, v", out: 192, input: 576 },
    Size { name: "SmolLM2 q, o", out: 576, input: 576 },
    Size { name: "SmolLM2 up", out: 1536, input: 576 },
    Size { name: "SmolLM2 down", out: 576, input: 1536 },
    Size { name: "Qwen3 q", out: 2048, input: 1024 },
    Size { name: "Qwen3 up", out: 3072, input: 1024 },
    Size { name: "Qwen3 down", out: 1024, input: 3072 },
];

mod matmul {
    use super::*;

    /// Values and operations of [TOKENS, input] with [out, input].
    fn count(size: Size) -> (usize, usize) {
        let Size { out, input, .. } = size;
        (TOKENS * (input + out) + out * input, 2 * TOKENS * out * input)
    }

    #[divan::bench(args = SIZES)]
    fn linear_forward(bencher: Bencher, size: Size) {
        let Size { out, input, .. } = size;
        let (x, w, mut y) = (values(TOKENS * input), values(out * input), values(TOKENS * out));
        let (moved, flops) = count(size);
        measure(bencher, moved, flops, || nt(&mut y, &x, &w, (TOKENS, out, input), 1.0, Write::Replace));
    }

    #[divan::bench(args = SIZES)]
    fn linear_input_gradient(bencher: Bencher, size: Size) {
        let Size { out, input, .. } = size;
        let (g, w, mut dx) = (values(TOKENS * out), values(out * input), values(TOKENS * input));
        let (moved, flops) = count(size);
        measure(bencher, moved, flops, || nn(&mut dx, &g, &w, (TOKENS, input, out), 1.0, Write::Replace));
    }

    #[divan::bench(args = SIZES)]
    fn rank_forward(bencher: Bencher, size: Size) {
        let input = size.input;
        let (x, a, mut z) = (values(TOKENS * input), values(RANK * input), values(TOKENS * RANK));
        let flops = 2 * TOKENS * RANK * input;
        let moved = (TOKENS + RANK) * input + TOKENS * RANK;
        measure(bencher, moved, flops, || nt(&mut z, &x, &a, (TOKENS, RANK, input), 1.0, Write::Replace));
    }

    #[divan::bench(args = SIZES)]
    fn rank_weight_gradient(bencher: Bencher, size: Size) {
        let input = size.input;
        let (u, x, mut da) = (values(TOKENS * RANK), values(TOKENS * input), values(RANK * input));
        let flops = 2 * TOKENS * RANK * input;
        let moved = (TOKENS + RANK) * input + TOKENS * RANK;
        measure(bencher, moved, flops, || tn(&mut da, &u, &x, (RANK, input, TOKENS), 1.0, Write::Add));
    }
}

mod adapted_linear {
    use super::*;

    const SCALING: f32 = 2.0;

    /// Operands of one adapted layer.
    struct Adapted {
        x: Vec<f32>,
        w: Vec<f32>,
        a: Vec<f32>,
        b: Vec<f32>,
        ratio: Vec<f32>,
        m: Vec<f32>,
        keys: Vec<u64>,
    }

    impl Adapted {
        fn new(size: Size) -> Self {
            let Size { out, input, .. } = size;
            Self {
                x: values(TOKENS * input),
                w: values(out * input),
                a: values(RANK * input),
                b: values(out * RANK),
                ratio: vec![1.1; out],
                m: vec![1.2; out],
                keys: (0..TOKENS as u64).map(|t| key(&[0, t])).collect(),
            }
        }

        fn linear(&self, size: Size) -> Linear<'_> {
            Linear { weight: &self.w, bias: None, out: size.out, input: size.input }
        }

        fn branch(&self, dora: bool) -> Branch<'_> {
            let magnitude = dora.then_some(Magnitude { ratio: &self.ratio, m: &self.m });
            Branch { a: &self.a, b: &self.b, rank: RANK, scaling: SCALING, magnitude }
        }

        fn mask(&self, probability: f64) -> Option<Mask<'_>> {
            (probability > 0.0).then_some(Mask { key: 7, token_keys: &self.keys, probability, reaches_base: false })
        }
    }

    fn forward(bencher: Bencher, size: Size, dora: bool, dropout: f64) {
        let Size { out, input, .. } = size;
        let adapted = Adapted::new(size);
        let (mut y, mut z, mut dropped) = (vec![0.0; TOKENS * out], Vec::new(), Vec::new());
        let flops = 2 * TOKENS * (out * input + RANK * (out + input));
        let moved = TOKENS * (input + out + RANK) + out * input + RANK * (out + input);
        measure(bencher, moved, flops, || {
            let branch = Some(adapted.branch(dora));
            let linear = adapted.linear(size);
            dora::forward(&mut y, &mut z, &mut dropped, &adapted.x, linear, branch, adapted.mask(dropout));
        });
    }

    fn backward(bencher: Bencher, size: Size, dora: bool, dropout: f64) {
        let Size { out, input, .. } = size;
        let adapted = Adapted::new(size);
        let (y, z) = (values(TOKENS * out), values(TOKENS * RANK));
        let (mut g, mut dx) = (values(TOKENS * out), vec![0.0; TOKENS * input]);
        let (mut da, mut db, mut dm) = (vec![0.0; RANK * input], vec![0.0; out * RANK], vec![0.0; out]);
        let mut scratch = Scratch::default();
        let flops = 2 * TOKENS * (out * input + 2 * RANK * (out + input));
        let moved = TOKENS * (2 * input + 2 * out + RANK) + out * input + 2 * RANK * (out + input);
        measure(bencher, moved, flops, || {
            let gradient = BranchGradient { a: &mut da, b: &mut db, m: dora.then_some(&mut dm[..]) };
            let (branch, mask) = (adapted.branch(dora), adapted.mask(dropout));
            let dx = Some((&mut dx[..], Write::Replace));
            let saved = (&y[..], &adapted.x[..], &z[..]);
            dora::backward(dx, &mut g, saved, adapted.linear(size), Some((branch, gradient)), mask, &mut scratch);
        });
    }

    #[divan::bench(args = SIZES)]
    fn lora_forward(bencher: Bencher, size: Size) {
        forward(bencher, size, false, 0.0);
    }

    #[divan::bench(args = SIZES)]
    fn lora_backward(bencher: Bencher, size: Size) {
        backward(bencher, size, false, 0.0);
    }

    #[divan::bench(args = SIZES)]
    fn dora_dropout_forward(bencher: Bencher, size: Size) {
        forward(bencher, size, true, 0.1);
    }

    #[divan::bench(args = SIZES)]
    fn dora_dropout_backward(bencher: Bencher, size: Size) {
        backward(bencher, size, true, 0.1);
    }

    /// Once per optimizer step.
    #[divan::bench(args = SIZES)]
    fn dora_row_norms(bencher: Bencher, size: Size) {
        let Size { out, input, .. } = size;
        let adapted = Adapted::new(size);
        let mut norms = vec![0.0; out];
        let flops = 2 * out * input * (RANK + 1);
        measure(bencher, out * input + RANK * (out + input) + out, flops, || {
            dora::row_norms(&mut norms, adapted.linear(size), &adapted.a, &adapted.b, RANK, SCALING);
        });
    }

    #[divan::bench(args = SIZES)]
    fn dropout(bencher: Bencher, size: Size) {
        let adapted = Adapted::new(size);
        let mut out = vec![0.0; adapted.x.len()];
        let Some(mask) = adapted.mask(0.1) else { return };
        measure(bencher, 2 * out.len(), out.len(), || mask.apply(&mut out, &adapted.x, size.input));
    }
}

/// The decoders, and the lengths of two records.
#[derive(Debug, Clone, Copy)]
struct Records {
    model: &'static str,
    len: usize,
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 2×{}", self.model, self.len)
    }
}

impl Records {
    fn config(self) -> ModelConfig {
        if self.model == "Qwen3" { shapes::qwen3_0_6b() } else { shapes::smollm2_135m() }
    }

    fn tokens(self) -> usize {
        2 * self.len
    }

    fn segments(self) -> [Segment; 2] {
        [Segment { start: 0, len: self.len }, Segment { start: self.len, len: self.len }]
    }
}

const RECORDS: [Records; 4] = [
    Records { model: "SmolLM2", len: 256 },
    Records { model: "SmolLM2", len: 800 },
    Records { model: "Qwen3", len: 256 },
    Records { model: "Qwen3", len: 800 },
];

mod heads {
    use super::*;

    /// Operands of attention, head-major.
    struct Heads {
        q: Vec<f32>,
        k: Vec<f32>,
        v: Vec<f32>,
        out: Vec<f32>,
        lse: Vec<f32>,
        shape: attention::Shape,
        /// Multiply-adds of one product over the half that is seen.
        pairs: usize,
    }

    impl Heads {
        fn new(records: Records) -> Self {
            let config = records.config();
            let (heads, kv_heads, dim) = (config.num_heads, config.num_kv_heads, config.head_dim);
            let tokens = records.tokens();
            let (q, kv) = (tokens * heads * dim, tokens * kv_heads * dim);
            Self {
                q: values(q),
                k: values(kv),
                v: values(kv),
                out: vec![0.0; q],
                lse: vec![0.0; tokens * heads],
                shape: attention::Shape { heads, kv_heads, dim },
                pairs: tokens * (records.len + 1) / 2 * heads * dim,
            }
        }
    }

    #[divan::bench(args = RECORDS)]
    fn attention_forward(bencher: Bencher, records: Records) {
        let Heads { q, k, v, mut out, mut lse, shape, pairs } = Heads::new(records);
        let moved = q.len() + k.len() + v.len() + out.len() + lse.len();
        measure(bencher, moved, 2 * 2 * pairs, || {
            attention::forward(&mut out, &mut lse, &q, &k, &v, shape, &records.segments());
        });
    }

    #[divan::bench(args = RECORDS)]
    fn attention_backward(bencher: Bencher, records: Records) {
        let Heads { q, k, v, mut out, mut lse, shape, pairs } = Heads::new(records);
        attention::forward(&mut out, &mut lse, &q, &k, &v, shape, &records.segments());
        let (mut dq, mut dk, mut dv) = (vec![0.0; q.len()], vec![0.0; k.len()], vec![0.0; v.len()]);
        let dout = values(out.len());
        let moved = 4 * q.len() + 2 * (k.len() + v.len()) + lse.len();
        let saved = attention::Saved { q: &q, k: &k, v: &v, out: &out, lse: &lse };
        measure(bencher, moved, 4 * 2 * pairs, || {
            attention::backward(&mut dq, &mut dk, &mut dv, &dout, saved, shape, &records.segments());
        });
    }

    /// A change between token-major and head-major order, as [`rope::split`] and [`rope::join`] are.
    type Change = fn(&mut [f32], &[f32], usize, usize, &[Segment], Option<&Table>, usize);

    /// One of the two with the rotation of the query heads.
    fn rotated(bencher: Bencher, records: Records, change: Change) {
        let config = records.config();
        let table = Table::new(&config.rope(), records.len);
        let (heads, dim) = (config.num_heads, config.head_dim);
        let x = values(records.tokens() * heads * dim);
        let mut out = vec![0.0; x.len()];
        measure(bencher, 2 * x.len(), 3 * x.len(), || {
            change(&mut out, &x, heads, dim, &records.segments(), Some(&table), 0);
        });
    }

    #[divan::bench(args = RECORDS)]
    fn rope_split(bencher: Bencher, records: Records) {
        rotated(bencher, records, rope::split);
    }

    #[divan::bench(args = RECORDS)]
    fn rope_join(bencher: Bencher, records: Records) {
        rotated(bencher, records, rope::join);
    }
}

mod rows {
    use super::*;

    const WIDTHS: [usize; 2] = [576, 1024];
    const FEED_FORWARD: [usize; 2] = [1536, 3072];

    #[divan::bench(args = WIDTHS)]
    fn rms_norm_forward(bencher: Bencher, width: usize) {
        let (x, w) = (values(TOKENS * width), values(width));
        let (mut y, mut inv) = (vec![0.0; x.len()], vec![0.0; TOKENS]);
        measure(bencher, 2 * x.len(), 4 * x.len(), || rms_norm::forward(&mut y, &mut inv, &x, &w, 1e-5));
    }

    #[divan::bench(args = WIDTHS)]
    fn rms_norm_recompute(bencher: Bencher, width: usize) {
        let (x, w, inv) = (values(TOKENS * width), values(width), vec![0.3; TOKENS]);
        let mut y = vec![0.0; x.len()];
        measure(bencher, 2 * x.len(), 2 * x.len(), || rms_norm::recompute(&mut y, &inv, &x, &w));
    }

    #[divan::bench(args = WIDTHS)]
    fn rms_norm_backward(bencher: Bencher, width: usize) {
        let (x, w, inv, dy) = (values(TOKENS * width), values(width), vec![0.3; TOKENS], values(TOKENS * width));
        let mut dx = vec![0.0; x.len()];
        measure(bencher, 4 * x.len(), 7 * x.len(), || rms_norm::backward(&mut dx, &dy, &x, &inv, &w));
    }

    #[divan::bench(args = FEED_FORWARD)]
    fn swiglu_forward(bencher: Bencher, width: usize) {
        let (gate, up) = (values(TOKENS * width), values(TOKENS * width));
        let mut act = vec![0.0; gate.len()];
        measure(bencher, 3 * gate.len(), 5 * gate.len(), || swiglu::forward(&mut act, &gate, &up));
    }

    #[divan::bench(args = FEED_FORWARD)]
    fn swiglu_backward(bencher: Bencher, width: usize) {
        let (gate, up) = (values(TOKENS * width), values(TOKENS * width));
        let (mut dgate, mut dup) = (values(gate.len()), vec![0.0; gate.len()]);
        measure(bencher, 5 * gate.len(), 11 * gate.len(), || swiglu::backward(&mut dgate, &mut dup, &gate, &up));
    }

    #[divan::bench(args = WIDTHS)]
    fn embedding(bencher: Bencher, width: usize) {
        let table = values(49152 * width);
        let ids: Vec<u32> = (0..TOKENS as u32).map(|i| i * 97 % 49152).collect();
        let mut out = vec![0.0; TOKENS * width];
        measure(bencher, 2 * out.len(), 0, || embedding::forward(&mut out, &table, &ids, width));
    }
}

mod loss {
    use super::*;

    const VOCABULARIES: [(usize, usize); 2] = [(49_152, 576), (151_936, 1024)];

    /// Loss and its gradient: the head's product in both directions.
    #[divan::bench(args = VOCABULARIES, sample_count = 10)]
    fn cross_entropy(bencher: Bencher, (vocab, width): (usize, usize)) {
        let (hidden, head) = (values(TOKENS * width), values(vocab * width));
        let targets: Vec<u32> = (0..TOKENS as u32).map(|i| i * 97 % vocab as u32).collect();
        let (mut logits, mut dhidden) = (Vec::new(), vec![0.0; hidden.len()]);
        let flops = 2 * 2 * TOKENS * vocab * width + 3 * TOKENS * vocab;
        measure(bencher, 2 * hidden.len() + head.len(), flops, || {
            let gradient = Some((&mut dhidden[..], 1.0));
            cross_entropy::forward_backward(
                &hidden,
                &targets,
                Head { weight: &head, width },
                &mut logits,
                gradient,
                &|| false,
            );
        });
    }
}

mod optimizer {
    use super::*;

    /// As many parameters as DoRA 12 on six modules has: SmolLM2, Qwen3.
    const PARAMETERS: [usize; 2] = [3_012_480, 6_451_200];

    #[divan::bench(args = PARAMETERS)]
    fn adamw(bencher: Bencher, n: usize) {
        let (mut params, gradients, mut state) = (values(n), values(n), AdamW::new(n));
        let numbers = Update { learning_rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
        measure(bencher, 7 * n, 13 * n, || state.update(&mut params, &gradients, numbers, &[]));
    }
}

mod decode {
    use super::*;

    /// A weight and how many tokens meet it.
    #[derive(Debug, Clone, Copy)]
    struct Case(Size, usize);

    impl fmt::Display for Case {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}, {} tokens", self.0, self.1)
        }
    }

    const CASES: [Case; 4] = [Case(SIZES[2], 1), Case(SIZES[2], 8), Case(SIZES[5], 1), Case(SIZES[5], 8)];

    fn run(bencher: Bencher, Case(size, tokens): Case, weight: Weight, float: &[f32], bytes: usize) {
        let Size { out, input, .. } = size;
        let (x, mut y) = (values(tokens * input), vec![0.0; tokens * out]);
        let linear = Linear { weight: float, bias: None, out, input };
        let layer = Layer { linear, weight, branch: None };
        let mut scratch = decode_linear::Scratch::default();
        let flops = ItemsCount::new(2 * tokens * out * input);
        bencher.counter(BytesCount::new(bytes + 4 * tokens * (out + input))).counter(flops).bench_local(|| {
            decode_linear::forward(&[layer], &mut [&mut y], &x, &mut scratch);
        });
    }

    #[divan::bench(args = CASES)]
    fn quantised(bencher: Bencher, case: Case) {
        let Size { out, input, .. } = case.0;
        // Scales and offsets of every block of 20 bytes are small numbers.
        let blocks: Vec<u8> = (0..out * input / 32 * Kind::Q4Offset.block_bytes())
            .map(|i| if i % 20 < 4 { 0x2c } else { (i * 37) as u8 })
            .collect();
        let weight = Quantised::new(Kind::Q4Offset, input, &blocks);
        run(bencher, case, Weight::Quantised(&weight), &[], weight.bytes());
    }

    #[divan::bench(args = CASES)]
    fn float(bencher: Bencher, case: Case) {
        let weight = values(case.0.out * case.0.input);
        run(bencher, case, Weight::Float(&weight), &weight, 4 * weight.len());
    }
}
