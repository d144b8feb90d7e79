//! The peaks of arithmetic and of memory bandwidth.

use hive_engine::ops::roofline::multiply_adds;

use super::rate;

/// Values in each array of the triad: 64 MiB, more than the caches hold.
const TRIAD: usize = 16 << 20;

/// Multiply-adds in registers, in GFLOP/s, on this many threads.
pub(super) fn multiply_add_peak(threads: usize) -> f64 {
    /// About a tenth of a second.
    const ROUNDS: u64 = 20_000_000;
    let work = multiply_adds(1) as f64 * ROUNDS as f64 * threads as f64;
    rate(work / 1e9, || {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| multiply_adds(ROUNDS));
            }
        });
    })
}

/// Memory bandwidth of a = b + s·c in GB/s; counts the read of the written line.
pub(super) fn triad(threads: usize) -> f64 {
    let (mut a, b, c) = (vec![0.0f32; TRIAD], vec![1.0f32; TRIAD], vec![2.0f32; TRIAD]);
    let part = TRIAD.div_ceil(threads);
    rate((4 * TRIAD * size_of::<f32>()) as f64 / 1e9, || {
        std::thread::scope(|scope| {
            for ((a, b), c) in a.chunks_mut(part).zip(b.chunks(part)).zip(c.chunks(part)) {
                scope.spawn(move || a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = b + 3.0 * c));
            }
        });
    })
}
