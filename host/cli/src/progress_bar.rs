//! The look that hive's progress bars have in common. Whether a bar is shown at all is decided by whoever shows it.

use indicatif::{ProgressBar, ProgressStyle};

use crate::screen::Screen;

/// The part of a template that is the bar itself, as wide as the screen allows beside the text.
pub(crate) fn bar(screen: Screen) -> &'static str {
    match bar_width(screen) {
        5 => "{bar:5.cyan/dim}",
        10 => "{bar:10.cyan/dim}",
        _ => "{bar:24.cyan/dim}",
    }
}

/// The columns of the bar itself.
pub(crate) fn bar_width(screen: Screen) -> usize {
    match screen.width() {
        0..70 => 5,
        70..100 => 10,
        _ => 24,
    }
}

/// The bar, drawn by this template of indicatif's.
pub(crate) fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The template is constant; if it did not parse, the default bar is used.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("━╸─"))
}

/// The template of the bar over a transfer of this size; the file's name is last, where it is cut if the terminal is narrow.
pub(crate) fn transfer(screen: Screen, size: Option<u64>) -> String {
    match size {
        Some(_) => format!(
            "  {} {{percent:>3}} %  {{decimal_bytes}}/{{decimal_total_bytes}}  {{eta}} left  {{wide_msg}}",
            bar(screen)
        ),
        None => "  {spinner} {decimal_bytes}, {decimal_bytes_per_sec}  {wide_msg}".to_owned(),
    }
}
