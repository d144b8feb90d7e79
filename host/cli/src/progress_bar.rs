//! The look that hive's progress bars have in common. Whether a bar is shown at all is decided by whoever shows it.

use indicatif::{ProgressBar, ProgressStyle};

/// The bar, drawn by this template of indicatif's.
pub(crate) fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The template is constant; if it did not parse, the default bar is used.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("━╸─"))
}
