//! Bars over intervals of a value: where bars, ticks and labels are, and what is to be seen in words. The macro
//! `histogram` of `parts.html` draws it.

use serde::Serialize;

use super::numbers::{multiples, thousands, tick_step};

/// Width of the plotting area, in SVG units.
const WIDTH: f64 = 480.0;
/// Height of the plotting area.
const HEIGHT: f64 = 130.0;
/// Approximate number of ticks per axis.
const TICKS: f64 = 4.0;

/// A bar: the records whose value is from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Lower end of its interval.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// How many.
    pub count: usize,
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct HistogramSpec<'a> {
    /// Title.
    pub title: &'a str,
    /// What the horizontal axis measures, with its unit.
    pub unit: &'a str,
    /// What is counted: `records`.
    pub counted: &'a str,
    /// The bars, in rising order. The last one has all larger values too.
    pub bars: Vec<Bar>,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The largest value.
    pub max: f64,
    /// A limit to mark, with its name.
    pub limit: Option<(&'a str, f64)>,
    /// More about it.
    pub note: String,
}

/// A histogram, laid out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    title: String,
    unit: String,
    counted: String,
    /// What is to be seen, in words.
    pub text: String,
    note: String,
    width: f64,
    height: f64,
    bars: Vec<Rectangle>,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    limit: Option<Tick>,
}

/// One bar as a rectangle.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Rectangle {
    x: String,
    y: String,
    width: String,
    height: String,
    label: String,
}

/// A position on an axis and its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    at: String,
    label: String,
    /// Which end of the label is at the position: `start`, `middle` or `end`.
    anchor: &'static str,
}

/// The histogram; `None` when there is nothing to draw.
pub fn histogram(spec: HistogramSpec<'_>) -> Option<Histogram> {
    let (low, high) = (spec.bars.first()?.from, spec.bars.last()?.to);
    let tallest = *spec.bars.iter().max_by_key(|bar| bar.count)?;
    let total: usize = spec.bars.iter().map(|bar| bar.count).sum();
    if total == 0 || high <= low {
        return None;
    }
    let most = tallest.count as f64;
    let each = tick_step(0.0, most, TICKS).max(1.0);
    let top = (most / each).ceil() * each;
    let x = |value: f64| WIDTH * (value - low) / (high - low);
    let y = |count: f64| HEIGHT * (1.0 - count / top);
    let one = |value: f64| format!("{value:.1}");
    let cut = spec.max > high;
    let between = |bar: &Bar| {
        let last = cut && bar.to == high;
        format!("{} to {}", number(bar.from), number(if last { spec.max } else { bar.to }))
    };
    let bars = spec.bars.iter().map(|bar| Rectangle {
        x: one(x(bar.from)),
        y: one(y(bar.count as f64)),
        width: one((x(bar.to) - x(bar.from) - 1.0).max(0.5)),
        height: one(HEIGHT - y(bar.count as f64)),
        label: format!("{}: {}", between(bar), thousands(bar.count as f64)),
    });
    let x_tick = |value: f64| Tick { at: one(x(value)), label: number(value), anchor: "middle" };
    let y_tick = |count: f64| Tick { at: one(y(count)), label: thousands(count), anchor: "end" };
    let limit = spec.limit.filter(|(_, value)| (low..=high).contains(value)).map(|(name, value)| Tick {
        at: one(x(value)),
        label: format!("{name} = {}", number(value)),
        anchor: if x(value) > 0.5 * WIDTH { "end" } else { "start" },
    });
    let text = format!(
        "{} {}: half of them are at most {}, 95 % at most {}, the largest is {}; the tallest bar, {}, has {}.",
        thousands(total as f64),
        spec.counted,
        number(spec.median),
        number(spec.p95),
        number(spec.max),
        between(&tallest),
        thousands(most)
    );
    let mut note = spec.note;
    if cut {
        note = format!("{note} The last bar has all larger values.").trim_start().to_owned();
    }
    Some(Histogram {
        title: spec.title.to_owned(),
        unit: spec.unit.to_owned(),
        counted: spec.counted.to_owned(),
        text,
        note,
        width: WIDTH,
        height: HEIGHT,
        bars: bars.collect(),
        x_ticks: multiples(low, high, tick_step(low, high, TICKS)).into_iter().map(x_tick).collect(),
        y_ticks: multiples(0.0, top, each).into_iter().map(y_tick).collect(),
        limit,
    })
}

/// A number without a useless fraction.
fn number(figure: f64) -> String {
    if figure.fract() == 0.0 { thousands(figure) } else { format!("{figure:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(bars: &[(f64, f64, usize)], max: f64) -> HistogramSpec<'static> {
        HistogramSpec {
            title: "t",
            unit: "tokens",
            counted: "records",
            bars: bars.iter().map(|&(from, to, count)| Bar { from, to, count }).collect(),
            median: 12.0,
            p95: 28.0,
            max,
            limit: Some(("max_seq_len", 25.0)),
            note: String::new(),
        }
    }

    #[test]
    fn bars_have_axes_with_round_ticks_and_words() {
        let drawn = histogram(spec(&[(0.0, 10.0, 3), (10.0, 20.0, 8), (20.0, 30.0, 1)], 30.0)).unwrap();
        let labels = |ticks: &[Tick]| ticks.iter().map(|t| t.label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&drawn.x_ticks), ["0", "10", "20", "30"]);
        assert_eq!(labels(&drawn.y_ticks), ["0", "2", "4", "6", "8"]);
        assert_eq!(
            drawn.text,
            "12 records: half of them are at most 12, 95 % at most 28, the largest is 30; the tallest bar, 10 to 20, \
             has 8."
        );
        let tallest = &drawn.bars[1];
        assert_eq!((tallest.x.as_str(), tallest.y.as_str(), tallest.height.as_str()), ("160.0", "0.0", "130.0"));
        assert_eq!(drawn.limit.as_ref().map(|l| l.label.as_str()), Some("max_seq_len = 25"));
        assert_eq!(drawn.note, "");
    }

    #[test]
    fn outliers_are_told_and_nothing_is_not_drawn() {
        let drawn = histogram(spec(&[(0.0, 10.0, 3), (10.0, 20.0, 8)], 1000.0)).unwrap();
        assert_eq!(drawn.note, "The last bar has all larger values.");
        assert!(drawn.text.contains("the tallest bar, 10 to 1,000, has 8"), "{}", drawn.text);
        assert_eq!(drawn.limit, None, "beyond the axis");
        assert_eq!(histogram(spec(&[], 0.0)), None);
        assert_eq!(histogram(spec(&[(0.0, 10.0, 0)], 10.0)), None);
    }
}
