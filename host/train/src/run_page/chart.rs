//! Computes curves for SVG: points, ticks and their labels. The page's template draws them.

use serde::Serialize;

/// Width of the plotting area, in SVG units.
pub const WIDTH: f64 = 560.0;
/// Height of the plotting area.
pub const HEIGHT: f64 = 170.0;
/// Maximum number of points of a curve; more are averaged in groups.
const POINTS: usize = 400;
/// Approximate number of ticks per axis.
const TICKS: f64 = 4.0;

/// One chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Title.
    pub title: String,
    /// Its curves.
    pub curves: Vec<Curve>,
    /// Ticks of the horizontal axis.
    pub x_ticks: Vec<Tick>,
    /// Ticks of the vertical axis.
    pub y_ticks: Vec<Tick>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// CSS class for its colour.
    pub class: String,
    /// `x,y x,y …`
    pub points: String,
    /// Labelled points to mark; none for a dense curve.
    pub dots: Vec<Tick>,
    /// Its last value.
    pub last: String,
}

/// A position and its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Horizontal position.
    pub x: String,
    /// Vertical position.
    pub y: String,
    /// Label.
    pub label: String,
}

/// A named series of points.
pub struct Series<'a> {
    /// Its name.
    pub name: &'a str,
    /// CSS class for its colour.
    pub class: &'a str,
    /// (step, value); values that are not finite are skipped.
    pub points: Vec<(f64, f64)>,
}

/// A chart of these series over steps 0 to `last`; `None` when there is nothing to draw.
pub fn chart(title: &str, last: u64, series: Vec<Series<'_>>) -> Option<Chart> {
    let series: Vec<Series> = series
        .into_iter()
        .map(|s| Series { points: s.points.into_iter().filter(|(_, y)| y.is_finite()).collect(), ..s })
        .filter(|s| !s.points.is_empty())
        .collect();
    let values = || series.iter().flat_map(|s| s.points.iter().map(|p| p.1));
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return None;
    }
    // If the values come close to zero the axis starts at zero; a flat curve is centred.
    let low = if low >= 0.0 && low < 0.35 * high { 0.0 } else { low };
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
    let each = step_of(low, high);
    let (bottom, top) = ((low / each).floor() * each, (high / each).ceil() * each);
    let last = last.max(1) as f64;
    let x = |step: f64| format!("{:.1}", WIDTH * step / last);
    let y = |value: f64| format!("{:.1}", HEIGHT * (1.0 - (value - bottom) / (top - bottom)));
    let curves = series
        .iter()
        .map(|s| {
            let thin = thinned(&s.points);
            let points: Vec<String> = thin.iter().map(|(a, b)| format!("{},{}", x(*a), y(*b))).collect();
            let dot = |(a, b): &(f64, f64)| Tick { x: x(*a), y: y(*b), label: format!("step {a}: {}", shown(*b)) };
            Curve {
                name: s.name.to_owned(),
                class: s.class.to_owned(),
                points: points.join(" "),
                dots: if s.points.len() <= 60 { s.points.iter().map(dot).collect() } else { Vec::new() },
                last: s.points.last().map_or_else(String::new, |p| shown(p.1)),
            }
        })
        .collect();
    let ticks = |from: f64, to: f64, each: f64| {
        let n = ((to - from) / each).round() as usize;
        (0..=n).map(move |i| from + i as f64 * each)
    };
    let each_x = step_of(0.0, last).max(1.0);
    let x_ticks = ticks(0.0, (last / each_x).floor() * each_x, each_x)
        .map(|step| Tick { x: x(step), y: format!("{HEIGHT:.1}"), label: shown(step) })
        .collect();
    let y_ticks =
        ticks(bottom, top, each).map(|value| Tick { x: "0".into(), y: y(value), label: shown(value) }).collect();
    Some(Chart { title: title.to_owned(), curves, x_ticks, y_ticks })
}

/// A round tick distance: 1, 2 or 5 times a power of ten.
fn step_of(low: f64, high: f64) -> f64 {
    let rough = (high - low) / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= rough * 0.999).unwrap_or(10.0);
    factor * power
}

/// Reduces the number of points by averaging neighbours.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let group = points.len().div_ceil(POINTS).max(1);
    points
        .chunks(group)
        .map(|c| {
            let n = c.len() as f64;
            (c.iter().map(|p| p.0).sum::<f64>() / n, c.iter().map(|p| p.1).sum::<f64>() / n)
        })
        .collect()
}

/// A short form of a number.
pub fn shown(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 1000.0 || value == value.round() && size < 1e15 {
        return format!("{value:.0}");
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 0.01 {
        format!("{value:.4}")
    } else {
        return format!("{value:.2e}");
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: Vec<(f64, f64)>) -> Vec<Series<'static>> {
        vec![Series { name: "s", class: "c", points }]
    }

    #[test]
    fn points_lie_within_the_area_and_ticks_are_round() {
        let chart = chart("t", 10, series(vec![(0.0, 3.2), (5.0, 1.4), (10.0, 0.3)])).unwrap();
        assert_eq!(chart.y_ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
        assert_eq!(chart.x_ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["0", "5", "10"]);
        assert_eq!(chart.curves[0].points, "0.0,34.0 280.0,110.5 560.0,157.2");
        assert_eq!(chart.curves[0].last, "0.3");
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        assert_eq!(chart("t", 10, series(vec![])), None);
        assert_eq!(chart("t", 10, series(vec![(1.0, f64::NAN)])), None);
        assert!(chart("t", 0, series(vec![(0.0, 2.0)])).is_some(), "one point is a flat curve");
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_mean() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thin = thinned(&points);
        assert!(thin.len() <= POINTS && thin.iter().all(|p| (p.1 - 0.5).abs() < 0.05));
    }

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 12345.6, 123.456, 1.5, 0.034_21, 0.000_05];
        assert_eq!(all.map(shown), ["0", "12346", "123.5", "1.5", "0.0342", "5.00e-5"]);
    }
}
