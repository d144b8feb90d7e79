//! The HTML pages that hive writes, and everything that they share: layout, style and script, charts, links between
//! pages, and what each says about its making. A page is one file that fetches nothing, and it is complete without its
//! script. What a page is about is known by the crate that writes it.
//!
//! ```text
//! page       renders a template within the layout     chart      curves over steps, with axes and what they show
//! smooth     moving averages of curves                histogram  bars over intervals, with axes and what they show
//! made       when, where and how long                 links      from page to page
//! numbers    short forms of numbers
//! ```
//!
//! Templates extend `layout.html` and import `parts.html`; both are documented there. Data is escaped by the template
//! engine, as the names of all templates end with `.html`.

mod chart;
mod histogram;
mod links;
mod made;
mod numbers;
mod page;
mod smooth;

pub use chart::{Chart, ChartSpec, Mark, Series, Style, line_chart};
pub use histogram::{Bar, Histogram, HistogramSpec, histogram};
pub use links::{link_list, relative, with_link_list};
pub use made::{Machine, Made, Stopwatch, duration};
pub use minijinja::Error as PageError;
pub use numbers::{shown, thousands};
pub use page::{is_page, render};
pub use smooth::{half_life, smoothed};
