//! Generation: the decoder over one chunk of tokens after another, with a key/value cache.
//!
//! The adapter is applied as in training, beside the base weights, never merged into them. A prompt
//! goes through the matrix products of training. A decode step of a few tokens reads the weights as they are stored
//! (see [`crate::ops::decode_linear`]), and computes each token as if it were alone.

use rayon::prelude::*;

use crate::error::{EngineError, Result};
use crate::network::pass::Model;
use crate::ops::decode_linear::{self, Layer};
use crate::ops::matmul::Transposed;
use crate::ops::matrix::View;
use crate::ops::rope::{self, Segment, Table};
use crate::ops::{attention, dora, rms_norm, swiglu};
use crate::weights::Module;

/// The longest chunk that is computed as a decode step; a longer one is computed as a prompt.
pub const MAX_DECODE_TOKENS: usize = 2 * decode_linear::TOKENS_PER_READ;

/// Tokens that caches are allocated for beyond the present ones, up to the session's capacity.
const AHEAD: usize = 256;

/// Keys and values of one layer, [kv_heads, room, head_dim] each.
#[derive(Debug)]
struct Cache {
    k: Vec<f32>,
    v: Vec<f32>,
}

/// The state of one text: its tokens so far as keys and values.
#[derive(Debug)]
pub struct Session<'a> {
    model: Model<'a>,
    caches: Vec<Cache>,
    table: Table,
    /// Maximum number of tokens.
    capacity: usize,
    /// Number of tokens that the caches are allocated for.
    room: usize,
    len: usize,
    buffers: Buffers,
    logits: Vec<f32>,
}

/// Activations of the current chunk, reused for the next one. N is the number of tokens in the chunk.
#[derive(Debug, Default)]
struct Buffers {
    /// [N, hidden]
    x: Vec<f32>,
    normed: Vec<f32>,
    inv: Vec<f32>,
    /// Token-major outputs of the q, k and v projections, and of attention
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    attention: Vec<f32>,
    heads: Heads,
    /// Output of o or down [N, hidden]
    y: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    act: Vec<f32>,
    scratch: decode_linear::Scratch,
    /// A weight of a base that is quantised alone, in f32.
    weight: Vec<f32>,
}

fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    buffer.resize(n, 0.0);
    buffer
}

impl<'a> Session<'a> {
    /// A session of at most `capacity` tokens. Memory grows with the tokens that are read.
    pub fn new(model: Model<'a>, capacity: usize) -> Self {
        let config = &model.base.config;
        let caches = (0..config.num_layers).map(|_| Cache { k: Vec::new(), v: Vec::new() }).collect();
        let (table, buffers) = (Table::new(&config.rope(), 0), Buffers::default());
        Self { model, caches, table, capacity, room: 0, len: 0, buffers, logits: Vec::new() }
    }

    /// Number of tokens read.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no token was read yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Maximum number of tokens.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Keeps the first `len` tokens and forgets the others.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Reads `ids` and returns the logits `[vocab]` of the next token.
    ///
    /// # Errors
    /// When `ids` is empty, an id is not in the vocabulary, or the capacity is exceeded.
    pub fn feed(&mut self, ids: &[u32]) -> Result<&[f32]> {
        self.read(ids, 1)
    }

    /// Reads `ids`, at most [`MAX_DECODE_TOKENS`], and returns the logits [ids, vocab] of the
    /// token after each. They are those of feeding one token at a time, to the last bit.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub fn feed_each(&mut self, ids: &[u32]) -> Result<&[f32]> {
        if ids.len() > MAX_DECODE_TOKENS {
            return Err(EngineError::unsupported(format!(
                "{} tokens at once, expected at most {MAX_DECODE_TOKENS}",
                ids.len()
            )));
        }
        self.read(ids, ids.len())
    }

    /// Reads `ids` and returns the logits after each of the last `wanted` tokens; those of earlier tokens when the model is
    /// stopped meanwhile.
    fn read(&mut self, ids: &[u32], wanted: usize) -> Result<&[f32]> {
        self.check(ids)?;
        self.reserve(self.len + ids.len());
        crate::on_pool(|| self.compute(ids, wanted));
        Ok(&self.logits)
    }

    fn compute(&mut self, ids: &[u32], wanted: usize) {
        let base = self.model.base;
        let config = &base.config;
        let (tokens, hidden) = (ids.len(), config.hidden_size);
        base.embed(sized(&mut self.buffers.x, tokens * hidden), ids);
        for l in 0..config.num_layers {
            if self.model.stopped() {
                return;
            }
            self.layer(l, tokens);
        }
        self.len += tokens;
        let Buffers { x, normed, inv, scratch, .. } = &mut self.buffers;
        let rows = &x[(tokens - wanted) * hidden..];
        rms_norm::forward(sized(normed, rows.len()), sized(inv, wanted), rows, &base.norm, config.rms_norm_eps);
        let linear = dora::Linear { weight: &[], bias: None, out: config.vocab_size, input: hidden };
        let head = Layer { linear, weight: base.decode_head(), branch: None };
        let logits = sized(&mut self.logits, wanted * config.vocab_size);
        decode_linear::forward(&[head], &mut [logits], normed, scratch);
    }

    /// Grows the caches to hold `tokens` tokens in all.
    fn reserve(&mut self, tokens: usize) {
        if tokens <= self.room {
            return;
        }
        let room = (tokens.saturating_add(AHEAD)).max(2 * self.room).min(self.capacity);
        let config = &self.model.base.config;
        let (before, read) = (self.room * config.head_dim, self.len * config.head_dim);
        for cached in self.caches.iter_mut().flat_map(|cache| [&mut cache.k, &mut cache.v]) {
            let mut more = vec![0.0; config.kv_size() * room];
            // Head by head, because the distance between heads changes.
            for (head, more) in more.chunks_exact_mut(room * config.head_dim).enumerate().filter(|_| read > 0) {
                more[..read].copy_from_slice(&cached[head * before..][..read]);
            }
            *cached = more;
        }
        self.table.extend_to(&config.rope(), room);
        self.room = room;
    }

    fn check(&self, ids: &[u32]) -> Result<()> {
        let vocab = self.model.base.config.vocab_size;
        if ids.is_empty() {
            return Err(EngineError::unsupported("There are no tokens to read"));
        }
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocab) {
            let last = vocab - 1;
            return Err(EngineError::unsupported(format!(
                "The token id {id} is not in the vocabulary, which ends at {last}"
            )));
        }
        if self.len + ids.len() > self.capacity {
            let (n, capacity) = (self.len + ids.len(), self.capacity);
            return Err(EngineError::unsupported(format!("The text has {n} tokens, this session holds {capacity}")));
        }
        Ok(())
    }

    /// Replaces the input of layer `l`, in `buffers.x`, by its output.
    fn layer(&mut self, l: usize, tokens: usize) {
        let Self { model, caches, table, room, len, buffers, .. } = self;
        let (config, layer) = (&model.base.config, &model.base.layers[l]);
        let eps = config.rms_norm_eps;
        let Buffers { x, normed, inv, q, k, v, attention, y, gate, up, act, heads, scratch, weight } = buffers;
        let mut buffers = (scratch, weight);
        rms_norm::forward(sized(normed, x.len()), sized(inv, tokens), x, &layer.input_norm, eps);
        linears(*model, l, [(Module::QProj, q), (Module::KProj, k), (Module::VProj, v)], normed, &mut buffers);
        let place = Place { tokens, before: *len, room: *room };
        heads.fill(*model, l, [q, k, v], table, place, &mut caches[l]);
        heads.attend(*model, attention, place, &caches[l]);
        linears(*model, l, [(Module::OProj, y)], attention, &mut buffers);
        add(x, y);
        rms_norm::forward(normed, inv, x, &layer.post_attention_norm, eps);
        linears(*model, l, [(Module::GateProj, gate), (Module::UpProj, up)], normed, &mut buffers);
        swiglu::forward(sized(act, gate.len()), gate, up);
        linears(*model, l, [(Module::DownProj, y)], act, &mut buffers);
        add(x, y);
    }
}

fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

/// Linear layers that share the input x, with their adapters.
fn linears<const N: usize>(
    model: Model,
    l: usize,
    layers: [(Module, &mut Vec<f32>); N],
    x: &[f32],
    (scratch, weight): &mut (&mut decode_linear::Scratch, &mut Vec<f32>),
) {
    let tokens = x.len() / layers[0].0.shape(&model.base.config).1;
    let (modules, mut ys): (Vec<Module>, Vec<&mut [f32]>) =
        layers.into_iter().map(|(module, y)| (module, sized(y, tokens * module.shape(&model.base.config).0))).unzip();
    let branch = |module| model.branch(l, module).map(|(_, branch)| branch);
    if tokens <= MAX_DECODE_TOKENS {
        let layers = modules.into_iter().map(|module| Layer {
            linear: model.base.sizes(l, module),
            weight: model.base.decode_weight(l, module),
            branch: branch(module),
        });
        return decode_linear::forward(&layers.collect::<Vec<_>>(), &mut ys, x, scratch);
    }
    for (module, y) in modules.into_iter().zip(ys) {
        let linear = model.base.linear(l, module, weight);
        dora::forward(y, &mut Vec::new(), &mut Vec::new(), x, linear, branch(module), None);
    }
}

/// The position of the current chunk.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Tokens of the chunk.
    tokens: usize,
    /// Tokens before them.
    before: usize,
    /// Number of tokens that a cache is allocated for.
    room: usize,
}

/// Activations of attention, head-major.
#[derive(Debug, Default)]
struct Heads {
    norm: Vec<f32>,
    inv: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    out: Vec<f32>,
}

impl Heads {
    /// Splits the projections into heads, normalised (Qwen3) and rotated, and stores keys and values in the cache.
    fn fill(
        &mut self,
        model: Model,
        l: usize,
        projected: [&mut Vec<f32>; 3],
        table: &Table,
        place: Place,
        cache: &mut Cache,
    ) {
        let (config, layer) = (&model.base.config, &model.base.layers[l]);
        let (dim, segment) = (config.head_dim, [Segment { start: 0, len: place.tokens }]);
        let Self { norm, inv, q, k, v, .. } = self;
        let [from_q, from_k, from_v] = projected;
        let jobs = [
            (q, from_q, config.num_heads, layer.q_norm.as_ref(), Some(table)),
            (&mut *k, from_k, config.num_kv_heads, layer.k_norm.as_ref(), Some(table)),
            (&mut *v, from_v, config.num_kv_heads, None, None),
        ];
        for (to, from, heads, weight, table) in jobs {
            let from = match weight {
                None => &from[..],
                Some(weight) => {
                    let eps = config.rms_norm_eps;
                    rms_norm::forward(sized(norm, from.len()), sized(inv, from.len() / dim), from, weight, eps);
                    &norm[..]
                }
            };
            rope::split(sized(to, from.len()), from, heads, dim, &segment, table, place.before);
        }
        for (cache, new) in [(&mut cache.k, k), (&mut cache.v, v)] {
            let heads = cache.chunks_exact_mut(place.room * dim).zip(new.chunks_exact(place.tokens * dim));
            heads.for_each(|(cache, new)| cache[place.before * dim..][..new.len()].copy_from_slice(new));
        }
    }

    /// Attention of the chunk over all tokens so far, token-major into `out`.
    fn attend(&mut self, model: Model, out: &mut Vec<f32>, place: Place, cache: &Cache) {
        let config = &model.base.config;
        let Place { tokens, before, room } = place;
        let (dim, heads) = (config.head_dim, config.num_heads);
        let group = heads / config.num_kv_heads;
        // Where a cache holds the first `seen` tokens of the head that query head `head` attends to.
        let cached = |head: usize, seen: usize| {
            let start = head / group * room * dim;
            start..start + seen * dim
        };
        let q = &self.q;
        sized(out, q.len());
        if tokens <= MAX_DECODE_TOKENS {
            out.par_chunks_mut(dim).enumerate().with_min_len(2).for_each_init(Vec::new, |scores, (i, out)| {
                let (t, head) = (i / heads, i % heads);
                let range = cached(head, before + t + 1);
                let (k, v) = (&cache.k[range.clone()], &cache.v[range]);
                attention::one_query(out, &q[(head * tokens + t) * dim..][..dim], k, v, scores);
            });
            return;
        }
        let seen = before + tokens;
        let heads_out = sized(&mut self.out, q.len());
        heads_out.par_chunks_mut(tokens * dim).enumerate().for_each_init(
            || (Transposed::default(), Vec::new(), vec![0.0; tokens]),
            |(keys, scores, lse), (head, out)| {
                let range = cached(head, seen);
                let keys = keys.fill(View::new(&cache.k[range.clone()], seen, dim));
                let v = &cache.v[range];
                attention::head_forward(out, lse, &q[head * tokens * dim..][..tokens * dim], keys, v, before, scores);
            },
        );
        rope::join(out, heads_out, heads, dim, &[Segment { start: 0, len: tokens }], None, 0);
    }
}
