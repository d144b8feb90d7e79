//! Embedding lookup. The table is frozen, so there is no backward pass.

/// `out[t] = table[ids[t]]`, with table [vocab, width] and out [tokens, width].
///
/// # Panics
/// When an id is not below vocab; [`crate::data::Batch`] checks that.
pub fn forward(out: &mut [f32], table: &[f32], ids: &[u32], width: usize) {
    assert_eq!(out.len(), ids.len() * width);
    for (row, &id) in out.chunks_exact_mut(width).zip(ids) {
        row.copy_from_slice(&table[id as usize * width..][..width]);
    }
}
