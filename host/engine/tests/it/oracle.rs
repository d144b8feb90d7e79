//! The oracle: the same decoder written with candle's differentiable operations, one record at a time, with DoRA as in the
//! paper. candle's autograd gives every gradient.

use candle_core::{D, DType, Device, Tensor, Var};
use hive_engine::adapter::{Adapter, DropoutSemantics, Method, Part};
use hive_engine::data::{Batch, Example};
use hive_engine::network::pass::Dropout;
use hive_engine::ops::dropout::{Mask, key};
use hive_engine::weights::Module;
use hive_engine::weights::decoder::Decoder;

pub struct Oracle<'a> {
    base: &'a Decoder,
    /// The type of all values.
    dtype: DType,
    method: Method,
    /// Dropout in [`Oracle::loss`].
    pub dropout: Option<Dropout>,
    /// One variable per tensor, in the order of `Adapter::tensors`.
    pub vars: Vec<(usize, Module, Part, f64, Var)>,
}

fn tensor_of(dtype: DType, data: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(data, shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

impl<'a> Oracle<'a> {
    /// The oracle in f32.
    pub fn new(base: &'a Decoder, adapter: &Adapter) -> Self {
        Self::of(DType::F32, base, adapter)
    }

    /// The oracle that computes in `dtype`.
    pub fn of(dtype: DType, base: &'a Decoder, adapter: &Adapter) -> Self {
        let vars = adapter
            .tensors()
            .map(|(slot, part, range, shape)| {
                let var = Var::from_tensor(&tensor_of(dtype, &adapter.params[range], &shape)).unwrap();
                (slot.site.layer, slot.site.module, part, f64::from(slot.site.scaling), var)
            })
            .collect();
        Self { base, dtype, method: adapter.config.method, dropout: None, vars }
    }

    fn tensor(&self, data: &[f32], shape: &[usize]) -> Tensor {
        tensor_of(self.dtype, data, shape)
    }

    fn var(&self, layer: usize, module: Module, part: Part) -> Option<(&Var, f64)> {
        self.vars.iter().find(|(l, m, p, ..)| (*l, *m, *p) == (layer, module, part)).map(|(_, _, _, s, v)| (v, *s))
    }

    /// drop(x) of one adapter, if there is dropout.
    fn drop(&self, layer: usize, module: Module, x: &Tensor, token_keys: &[u64]) -> Tensor {
        let Some(Dropout { seed, step, probability, .. }) = self.dropout else {
            return x.clone();
        };
        let (tokens, width) = x.dims2().unwrap();
        let key = key(&[seed, step, layer as u64, module as u64]);
        let mut keep = vec![0.0; tokens * width];
        Mask { key, token_keys, probability, reaches_base: false }.apply(&mut keep, &vec![1.0; tokens * width], width);
        (x * self.tensor(&keep, &[tokens, width])).unwrap()
    }

    fn linear(&self, layer: usize, module: Module, x: &Tensor, token_keys: &[u64]) -> Tensor {
        let mut scratch = Vec::new();
        let linear = self.base.linear(layer, module, &mut scratch);
        let w = self.tensor(linear.weight, &[linear.out, linear.input]);
        let mut y = x.matmul(&w.t().unwrap()).unwrap();
        if let Some((a, s)) = self.var(layer, module, Part::A) {
            let (b, _) = self.var(layer, module, Part::B).unwrap();
            let d = self.drop(layer, module, x, token_keys);
            let low = d.matmul(&a.t().unwrap()).unwrap().matmul(&b.t().unwrap()).unwrap();
            // As in PEFT's code: result + (m/n − 1)·base(d) + m/n·s·B·A·d.
            let peft = self.dropout.is_some_and(|d| d.semantics == DropoutSemantics::Peft);
            let base = y.clone();
            if peft {
                y = d.matmul(&w.t().unwrap()).unwrap();
            }
            let dropped_base = y.clone();
            y = (y + (low * s).unwrap()).unwrap();
            if self.method == Method::Dora {
                let (m, _) = self.var(layer, module, Part::Magnitude).unwrap();
                let merged = (&w + (b.matmul(a).unwrap() * s).unwrap()).unwrap();
                let norm = merged.sqr().unwrap().sum(1).unwrap().sqrt().unwrap().detach();
                let ratio = (m.as_tensor() / norm).unwrap();
                y = y.broadcast_mul(&ratio).unwrap();
            }
            if peft {
                y = ((y - dropped_base).unwrap() + base).unwrap();
            }
        }
        match linear.bias {
            Some(bias) => y.broadcast_add(&self.tensor(bias, &[linear.out])).unwrap(),
            None => y,
        }
    }

    fn norm(&self, x: &Tensor, w: &[f32]) -> Tensor {
        let mean = x.sqr().unwrap().mean_keepdim(D::Minus1).unwrap();
        let root = (mean + f64::from(self.base.config.rms_norm_eps)).unwrap().sqrt().unwrap();
        x.broadcast_div(&root).unwrap().broadcast_mul(&self.tensor(w, &[w.len()])).unwrap()
    }

    /// [tokens, heads · dim] to rotated [heads, tokens, dim].
    fn heads(&self, x: &Tensor, heads: usize, norm: Option<&Vec<f32>>, rotate: bool) -> Tensor {
        let dim = self.base.config.head_dim;
        let tokens = x.dim(0).unwrap();
        let mut x = x.reshape((tokens, heads, dim)).unwrap();
        if let Some(w) = norm {
            x = self.norm(&x, w);
        }
        let x = x.transpose(0, 1).unwrap().contiguous().unwrap();
        if !rotate {
            return x;
        }
        let half = dim / 2;
        // Rounded to f32, as in PyTorch, whatever the type of other values.
        let angles: Vec<f32> = (0..tokens)
            .flat_map(|p| (0..half).map(move |i| (p, i)))
            .map(|(p, i)| {
                let exponent = f64::from(2.0 * i as f32 / dim as f32);
                p as f32 * (1.0 / self.base.config.rope_theta.powf(exponent)) as f32
            })
            .collect();
        let angles = self.tensor(&angles, &[1, tokens, half]);
        let (cos, sin) = (angles.cos().unwrap(), angles.sin().unwrap());
        let (x0, x1) = (x.narrow(2, 0, half).unwrap(), x.narrow(2, half, half).unwrap());
        let times = |a: &Tensor, b: &Tensor| a.broadcast_mul(b).unwrap();
        let y0 = (times(&x0, &cos) - times(&x1, &sin)).unwrap();
        let y1 = (times(&x1, &cos) + times(&x0, &sin)).unwrap();
        Tensor::cat(&[y0, y1], 2).unwrap()
    }

    /// Logits [tokens, vocab] of one record, whose tokens have these dropout keys.
    fn logits(&self, ids: &[u32], keys: &[u64]) -> Tensor {
        let c = &self.base.config;
        let (n, dim) = (ids.len(), c.head_dim);
        let table = self.tensor(self.base.embedding(&mut Vec::new()), &[c.vocab_size, c.hidden_size]);
        let mut x = table.index_select(&Tensor::new(ids, &Device::Cpu).unwrap(), 0).unwrap();
        let hidden: Vec<f32> =
            (0..n).flat_map(|t| (0..n).map(move |s| if s > t { f32::NEG_INFINITY } else { 0.0 })).collect();
        let causal = self.tensor(&hidden, &[1, n, n]);
        for (l, layer) in self.base.layers.iter().enumerate() {
            let h = self.norm(&x, &layer.input_norm);
            let q = self.heads(&self.linear(l, Module::QProj, &h, keys), c.num_heads, layer.q_norm.as_ref(), true);
            let k = self.heads(&self.linear(l, Module::KProj, &h, keys), c.num_kv_heads, layer.k_norm.as_ref(), true);
            let v = self.heads(&self.linear(l, Module::VProj, &h, keys), c.num_kv_heads, None, false);
            let group = c.num_heads / c.num_kv_heads;
            let repeat = |x: &Tensor| {
                let x = x.unsqueeze(1).unwrap().repeat((1, group, 1, 1)).unwrap();
                x.reshape((c.num_heads, n, dim)).unwrap().contiguous().unwrap()
            };
            let scores = q.matmul(&repeat(&k).transpose(1, 2).unwrap().contiguous().unwrap()).unwrap();
            let scores = (scores / (dim as f64).sqrt()).unwrap().broadcast_add(&causal).unwrap();
            let p = candle_nn::ops::softmax(&scores, D::Minus1).unwrap();
            let o = p.matmul(&repeat(&v)).unwrap().transpose(0, 1).unwrap().reshape((n, c.num_heads * dim)).unwrap();
            x = (x + self.linear(l, Module::OProj, &o, keys)).unwrap();
            let h = self.norm(&x, &layer.post_attention_norm);
            let gate = self.linear(l, Module::GateProj, &h, keys).silu().unwrap();
            let act = (gate * self.linear(l, Module::UpProj, &h, keys)).unwrap();
            x = (x + self.linear(l, Module::DownProj, &act, keys)).unwrap();
        }
        let head = self.tensor(self.base.head(&mut Vec::new()), &[c.vocab_size, c.hidden_size]);
        self.norm(&x, &self.base.norm).matmul(&head.t().unwrap()).unwrap()
    }

    /// Mean loss per loss token over all records, as a differentiable scalar.
    pub fn loss(&self, examples: &[&Example]) -> Tensor {
        let mut total: Option<Tensor> = None;
        let mut count = 0;
        for example in examples {
            let n = example.ids.len();
            let rows: Vec<u32> = (0..n - 1).filter(|t| example.loss[t + 1]).map(|t| t as u32).collect();
            if rows.is_empty() {
                continue;
            }
            count += rows.len();
            let targets: Vec<u32> = rows.iter().map(|t| example.ids[*t as usize + 1]).collect();
            let rows = Tensor::new(rows, &Device::Cpu).unwrap();
            let keys = Batch::new([*example], self.base.config.vocab_size).unwrap().token_keys;
            let logits = self.logits(&example.ids, &keys).index_select(&rows, 0).unwrap();
            let log_p = candle_nn::ops::log_softmax(&logits, D::Minus1).unwrap();
            let targets = Tensor::new(targets, &Device::Cpu).unwrap().unsqueeze(1).unwrap();
            let sum = log_p.gather(&targets, 1).unwrap().sum_all().unwrap().neg().unwrap();
            total = Some(match total {
                None => sum,
                Some(total) => (total + sum).unwrap(),
            });
        }
        (total.unwrap() / count as f64).unwrap()
    }

    /// Loss and gradients, one per variable.
    pub fn gradients(&self, examples: &[&Example]) -> (f64, Vec<Vec<f32>>) {
        let loss = self.loss(examples);
        let grads = loss.backward().unwrap();
        let gradients = self
            .vars
            .iter()
            .map(|(.., var)| match grads.get(var) {
                Some(g) => g.flatten_all().unwrap().to_dtype(DType::F32).unwrap().to_vec1().unwrap(),
                None => vec![0.0; var.elem_count()],
            })
            .collect();
        (loss.to_dtype(DType::F64).unwrap().to_scalar().unwrap(), gradients)
    }
}
