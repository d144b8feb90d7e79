//! Products of every form, layout and size against their definition in f64.

use super::*;
use hive_tests::check_all;

/// Numbers without a pattern that a wrong index could survive.
fn noise(n: usize, seed: u64) -> Vec<f32> {
    (0..n as u64).map(|i| (crate::ops::dropout::mix(seed << 32 | i) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn at(view: View, i: usize, j: usize) -> f64 {
    let (row_stride, col_stride) = view.strides();
    f64::from(view.data()[i * row_stride + j * col_stride])
}

/// `before · add + scale · lhs · rhs` in f64.
fn defined(before: &[f32], lhs: View, rhs: View, scale: f32, write: Write) -> Vec<f64> {
    let mut out = Vec::new();
    for i in 0..lhs.rows() {
        for j in 0..rhs.cols() {
            let sum: f64 = (0..lhs.cols()).map(|l| at(lhs, i, l) * at(rhs, l, j)).sum();
            let before = if write == Write::Add { f64::from(before[i * rhs.cols() + j]) } else { 0.0 };
            out.push(before + f64::from(scale) * sum);
        }
    }
    out
}

/// For comparisons in which 0 is not -0.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Every instruction set that this machine has, and plain Rust.
fn arches() -> Vec<pulp::Arch> {
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
    let mut arches = vec![pulp::Arch::Scalar, pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    arches.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    arches
}

fn check(lhs: View, rhs: View, what: &str) {
    let (m, n, k) = (lhs.rows(), rhs.cols(), lhs.cols());
    for (scale, write) in [(1.0, Write::Replace), (0.5, Write::Add)] {
        let before = noise(m * n, 9);
        let want = defined(&before, lhs, rhs, scale, write);
        let mut found = Vec::new();
        for (arch, threads) in arches().into_iter().flat_map(|a| [(a, Threads::One), (a, Threads::All)]) {
            let mut got = before.clone();
            gemm::multiply(arch, &mut got, n, [Term { lhs, rhs, scale }], write, None, threads);
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                let error = (f64::from(*got) - want).abs();
                assert!(error < 3e-6 * (1.0 + (k as f64).sqrt()), "{what} {m}×{n}×{k} {write:?} at {i}: {got}, {want}");
            }
            found.push(got);
        }
        for other in &found[1..] {
            assert_eq!(bits(&found[0]), bits(other), "{what} {m}×{n}×{k}: depends on threads or vectors");
        }
    }
}

#[test]
fn every_shape_and_layout_agrees_with_the_definition() {
    let sizes = [
        (1, 1, 1),
        (2, 3, 0),
        (5, 7, 11),
        (6, 16, 8),
        (7, 17, 9),
        (12, 70, 33),
        (13, 15, 385),
        (23, 31, 50),
        (41, 65, 193),
        (24, 96, 100),
        (25, 33, 129),
        (70, 12, 400),
        (121, 130, 40),
        (130, 300, 12),
        (200, 200, 800),
    ];
    for (m, n, k) in sizes {
        let (a, b) = (noise(m * k, 1), noise(k * n, 2));
        check(View::new(&a, m, k), View::new(&b, k, n), "nn");
        check(View::new(&a, m, k), View::new(&b, n, k).t(), "nt");
        check(View::new(&a, k, m).t(), View::new(&b, k, n), "tn");
        check(View::new(&a, k, m).t(), View::new(&b, n, k).t(), "tt");
    }
}

#[test]
fn sums_of_products_with_factors_for_the_columns() {
    check_all(
        [
            (1, 1, (1, 1)),
            (13, 40, (200, 12)),
            (26, 96, (7, 0)),
            (37, 33, (0, 5)),
            (9, 40, (0, 0)),
            (125, 200, (576, 12)),
        ],
        |(m, n, (k1, k2))| {
            let (a1, b1, a2, b2) = (noise(m * k1, 1), noise(n * k1, 2), noise(m * k2, 3), noise(n * k2, 4));
            let (before, factors) = (noise(m * n, 5), noise(n, 6));
            let first = Term { lhs: View::new(&a1, m, k1), rhs: View::new(&b1, n, k1).t(), scale: 1.0 };
            let second = Term { lhs: View::new(&a2, m, k2), rhs: View::new(&b2, n, k2).t(), scale: 0.5 };
            for write in [Write::Replace, Write::Add] {
                let one = defined(&before, first.lhs, first.rhs, first.scale, write);
                let two = defined(&before, second.lhs, second.rhs, second.scale, Write::Replace);
                let mut found = Vec::new();
                for (arch, threads) in arches().into_iter().flat_map(|a| [(a, Threads::One), (a, Threads::All)]) {
                    let mut got = before.clone();
                    gemm::multiply(arch, &mut got, n, [first, second], write, Some(&factors), threads);
                    for (i, got) in got.iter().enumerate() {
                        let want = f64::from(factors[i % n]) * (one[i] + two[i]);
                        let error = (f64::from(*got) - want).abs();
                        assert!(
                            error < 1e-5 * (1.0 + ((k1 + k2) as f64).sqrt()),
                            "{m}×{n} {write:?} at {i}: {got}, {want}"
                        );
                    }
                    found.push(got);
                }
                for other in &found[1..] {
                    assert_eq!(bits(&found[0]), bits(other), "{m}×{n}: depends on threads or vectors");
                }
            }
        },
    );
}

#[test]
fn a_transposed_copy_is_read_as_it_lies() {
    for (keys, dim) in [(70, 64), (5, 20), (130, 16)] {
        let (q, k) = (noise(30 * dim, 1), noise(keys * dim, 2));
        let mut transposed = Transposed::default();
        let transposed = transposed.fill(View::new(&k, keys, dim));
        for n in [1, 7, 16, 17, keys].into_iter().filter(|n| *n <= keys) {
            check(View::new(&q, 30, dim), transposed.columns(n), "transposed");
        }
    }
}

#[test]
fn views_inside_larger_matrices() {
    let (a, b) = (noise(40 * 50, 3), noise(60 * 70, 4));
    check(View::strided(&a, 31, 50, 50), View::strided(&b, 50, 20, 70), "row-major");
    check(View::strided(&a[7..], 30, 33, 50), View::strided(&b[5..], 33, 64, 70), "inside");
    // The last row ends with the slice: nothing may be read beyond it.
    check(View::new(&a[..33 * 7], 33, 7), View::strided(&b[60 * 70 - 6 * 70 - 5..], 7, 5, 70), "to the end");
}

#[test]
fn only_the_asked_columns_are_written() {
    let (a, b) = (noise(9 * 20, 5), noise(20 * 10, 6));
    for threads in [Threads::One, Threads::All] {
        let mut out = vec![7.0; 9 * 13];
        multiply(&mut out, 13, View::new(&a, 9, 20), View::new(&b, 20, 10), 1.0, Write::Replace, threads);
        for row in out.chunks(13) {
            assert!(row[..10].iter().all(|v| *v != 7.0) && row[10..] == [7.0; 3]);
        }
    }
}

#[test]
fn one_row_and_the_three_forms() {
    let (m, n, k) = (5, 70, 11);
    let (a, b) = (noise(m * k, 1), noise(k * n, 2));
    let near = |got: &[f32], want: &[f64]| got.iter().zip(want).all(|(g, w)| (f64::from(*g) - w).abs() < 1e-5);
    let mut out = vec![1.0; m * n];
    nt(&mut out, &a, &b, (m, n, k), 2.0, Write::Add);
    assert!(near(&out, &defined(&vec![1.0; m * n], View::new(&a, m, k), View::new(&b, n, k).t(), 2.0, Write::Add)));
    nn(&mut out, &a, &b, (m, n, k), 1.0, Write::Replace);
    assert!(near(&out, &defined(&[], View::new(&a, m, k), View::new(&b, k, n), 1.0, Write::Replace)));
    tn(&mut out, &a, &b, (m, n, k), 1.0, Write::Replace);
    assert!(near(&out, &defined(&[], View::new(&a, k, m).t(), View::new(&b, k, n), 1.0, Write::Replace)));
    let mut out = vec![1.0; n];
    nt(&mut out, &a[..k], &b, (1, n, k), 2.0, Write::Add);
    assert!(near(&out, &defined(&vec![1.0; n], View::new(&a[..k], 1, k), View::new(&b, n, k).t(), 2.0, Write::Add)));
}
