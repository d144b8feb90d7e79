//! Operands of an adapted linear layer: the frozen weight, the adapter, its gradients and scratch buffers.

/// A frozen linear layer.
#[derive(Debug, Clone, Copy)]
pub struct Linear<'a> {
    /// [out, in]
    pub weight: &'a [f32],
    /// `[out]`
    pub bias: Option<&'a [f32]>,
    /// Output features.
    pub out: usize,
    /// Input features.
    pub input: usize,
}

/// The adapter of one linear layer: the low-rank branch beside the frozen weight.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'a> {
    /// A [rank, in]
    pub a: &'a [f32],
    /// B [out, rank]
    pub b: &'a [f32],
    /// r
    pub rank: usize,
    /// s: alpha / rank, or alpha / √rank with rsLoRA.
    pub scaling: f32,
    /// The magnitudes of DoRA; `None` for LoRA.
    pub magnitude: Option<Magnitude<'a>>,
}

/// The magnitudes of DoRA and their ratios to the row norms, both `[out]`.
#[derive(Debug, Clone, Copy)]
pub struct Magnitude<'a> {
    /// c = m / ‖W + s·B·A‖, fixed between optimizer steps.
    pub ratio: &'a [f32],
    /// m
    pub m: &'a [f32],
}

/// Buffers that the gradients of a branch are added to.
#[derive(Debug)]
pub struct BranchGradient<'a> {
    /// [rank, in]
    pub a: &'a mut [f32],
    /// [out, rank]
    pub b: &'a mut [f32],
    /// `[out]`, for DoRA
    pub m: Option<&'a mut [f32]>,
}

/// Scratch buffers of the backward pass, kept by the caller for reuse.
#[derive(Debug, Default)]
pub struct Scratch {
    /// drop(x) [tokens, in]
    pub dropped: Vec<f32>,
    /// s·h·B [tokens, rank]
    pub(super) u: Vec<f32>,
    /// The gradient of B, transposed [rank, out]
    pub(super) transposed: Vec<f32>,
    /// Partial sums of the gradient of m [blocks, out]
    pub(super) partial: Vec<f32>,
    /// c ⊙ (W·drop(x) + s·B·z) [tokens, out], where the mask reaches the base
    pub(super) scaled: Vec<f32>,
    /// What passes through the mask to dx [tokens, in], where the mask reaches the base
    pub(super) masked: Vec<f32>,
}
