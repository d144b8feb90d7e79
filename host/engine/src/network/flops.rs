//! The floating-point operations of a training step, for utilisation figures (FLOP/s as a share of the machine's peak).
//!
//! Only operations that the result needs are counted: no logits of tokens without loss, nothing of the last layer after
//! its keys and values for such tokens, no recomputed products, no gradients of frozen weights or below the first adapter.
//! A multiply-add is two operations.

use crate::adapter::Adapter;
use crate::data::Example;
use crate::weights::Module;
use crate::weights::config::ModelConfig;

/// Floating-point operations for the loss of `examples` and its gradient.
pub fn training_flops(config: &ModelConfig, adapter: &Adapter, examples: &[&Example]) -> f64 {
    let tokens: usize = examples.iter().map(|e| e.ids.len()).sum();
    let loss_tokens: usize = examples.iter().map(|e| e.loss_tokens()).sum();
    let lowest = adapter.slots().first().map_or(config.num_layers, |slot| slot.site.layer);
    let mut linear = 0.0;
    for layer in 0..config.num_layers {
        for module in Module::ALL {
            let (out, input) = module.shape(config);
            let for_all_tokens = layer + 1 < config.num_layers || matches!(module, Module::KProj | Module::VProj);
            let rows = if for_all_tokens { tokens } else { loss_tokens } as f64;
            let product = 2.0 * (out * input) as f64;
            let reads_layer_input = matches!(module, Module::QProj | Module::KProj | Module::VProj);
            let backward = layer > lowest || (layer == lowest && !reads_layer_input);
            linear += rows * product * if backward { 2.0 } else { 1.0 };
            if let Some(slot) = adapter.place(layer, module) {
                // Forward; and for each of A and B, its own gradient and that of its input.
                linear += rows * 3.0 * 2.0 * (adapter.slots()[slot].site.rank * (out + input)) as f64;
            }
        }
    }
    // The products q·kᵀ and p·v over the causal half; then the gradients of q, k, v and of the probabilities.
    let seen = |n: usize| (n * (n + 1)) as f64 / 2.0;
    let pairs: f64 = examples.iter().map(|e| seen(e.ids.len())).sum();
    // In the last layer only the queries that predict a token with loss; such a token is predicted by the one before it.
    let pairs_in_last_layer: f64 = examples
        .iter()
        .map(|e| seen(e.ids.len().saturating_sub(1)) - seen(e.ids.len().saturating_sub(1 + e.loss_tokens())))
        .sum();
    let width = (config.num_heads * config.head_dim) as f64;
    let attention =
        |pairs: f64, layers: usize, backward: usize| pairs * width * 2.0 * (2 * layers + 4 * backward) as f64;
    let (below, backward) = (config.num_layers.saturating_sub(1), config.num_layers - lowest);
    let attention =
        attention(pairs, below, backward.saturating_sub(1)) + attention(pairs_in_last_layer, 1, backward.min(1));
    let head = 2.0 * 2.0 * (config.vocab_size * config.hidden_size) as f64;
    linear + attention + head * loss_tokens as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::adapter::config::Targets;
    use crate::adapter::{AdapterConfig, DropoutSemantics, Method};
    use crate::weights::shapes;

    #[test]
    fn a_token_of_smollm2_costs_what_its_parameters_say() {
        let config = shapes::smollm2_135m();
        let adapter = Adapter::zeros(
            AdapterConfig {
                method: Method::Dora,
                rank: 12,
                alpha: 24.0,
                dropout: 0.0,
                dropout_semantics: DropoutSemantics::Branch,
                rslora: false,
                targets: Targets::Names(
                    ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"].map(String::from).to_vec(),
                ),
                layers: None,
                rank_pattern: BTreeMap::new(),
                alpha_pattern: BTreeMap::new(),
            },
            &config,
        )
        .unwrap();
        let cost = |prompt: usize| {
            let example = Example::new(vec![1; 800], prompt, 0);
            training_flops(&config, &adapter, &[&example]) / 800.0
        };
        // 106 million weights in linears, twice each forward and backward; 28 million in the head,
        // the same; 2.9 million in A and B, six times; 400 tokens seen on the mean.
        let (linears, head, ab) = (106.2e6, 28.3e6, 2.93e6);
        let attention = 400.0 * 576.0 * 2.0 * 6.0 * 30.0;
        let want = 4.0 * (linears + head) + 6.0 * ab + attention;
        assert!((cost(1) / want - 1.0).abs() < 0.01, "{} and {want}", cost(1));
        // Of the last layer all but K and V, 3.3 million weights with 78 thousand of A and B, and the
        // attention of all but the last 240 tokens, which see 680 on the mean.
        let last = 0.7 * (4.0 * 3.318e6 + 6.0 * 78.3e3) + (400.5 - 0.3 * 680.0) * 576.0 * 2.0 * 6.0;
        let saved = 0.7 * 4.0 * head + last;
        assert!(
            (cost(1) - cost(560) - saved).abs() < 0.01 * head,
            "masked tokens need no logits and little of the last layer: {} and {saved}",
            cost(1) - cost(560)
        );
    }
}
