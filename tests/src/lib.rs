//! Tools for hive's tests; the integration tests of the binary are in `it/`. Depends on nothing, so that every crate's
//! tests can use it.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls `check` on every case of a table, and fails at the end if one failed: one run of a test reports every failing
/// case, each with the message of its own assertion.
///
/// # Panics
/// When `check` panics on a case; the message says on which, counted from 1.
#[track_caller]
pub fn check_all<T>(cases: impl IntoIterator<Item = T>, mut check: impl FnMut(T)) {
    let mut count = 0;
    let mut failed = String::new();
    for case in cases {
        count += 1;
        if catch_unwind(AssertUnwindSafe(|| check(case))).is_err() {
            let comma = if failed.is_empty() { "" } else { ", " };
            let _ = write!(failed, "{comma}{count}");
        }
    }
    assert!(count > 0, "a table without cases checks nothing");
    assert!(failed.is_empty(), "of {count} cases, these failed (messages above): {failed}");
}

#[cfg(test)]
mod tests {
    use super::check_all;

    #[test]
    fn every_case_is_checked_and_each_that_fails_is_named() {
        let mut checked = Vec::new();
        let run = || {
            check_all([1, 2, 3, 4, 5], |n| {
                checked.push(n);
                assert!(n % 2 == 1, "{n} is even");
            });
        };
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert_eq!(message, "of 5 cases, these failed (messages above): 2, 4");
        assert_eq!(checked, [1, 2, 3, 4, 5]);
    }
}
