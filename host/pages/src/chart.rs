//! Curves over optimizer steps: where lines, ticks and labels are, and what is to be seen in words. The macro
//! `line_chart` of `parts.html` draws it.

use serde::Serialize;

use super::numbers::{multiples, shown, tick_step};

/// Width of the plotting area, in SVG units.
const WIDTH: f64 = 480.0;
/// Height of the plotting area.
const HEIGHT: f64 = 190.0;
/// Maximum number of points of a curve; more are averaged in groups.
const POINTS: usize = 400;
/// Maximum number of points that are marked with dots.
const DOTS: usize = 60;
/// Approximate number of ticks per axis.
const TICKS: f64 = 5.0;
/// A change of less than this share of the larger value is called none.
const LEVEL: f64 = 0.005;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A line, with dots if there are few points.
    Plain,
    /// A line without dots.
    Line,
    /// A faint line without dots, which the description leaves out: the same curve is there smoothed.
    Faint,
}

/// A named series of points.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name, in the legend.
    pub name: String,
    /// What it is, in the description: `held-out loss of sql-1`.
    pub what: String,
    /// Number of its colour and dash pattern, from 1.
    pub colour: usize,
    /// How it is drawn.
    pub style: Style,
    /// (step, value), by step; values that are not finite are skipped.
    pub points: Vec<(f64, f64)>,
}

/// A step that is pointed out.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The step.
    pub step: f64,
    /// What it is: `best`.
    pub what: String,
    /// Position of the series whose point is marked.
    pub series: usize,
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct ChartSpec<'a> {
    /// Title.
    pub title: &'a str,
    /// What the vertical axis measures, with its unit.
    pub unit: &'a str,
    /// The ends of the vertical axis, where they are given, as for a share; otherwise those of the values.
    pub span: Option<(f64, f64)>,
    /// The last step of the horizontal axis.
    pub last: u64,
    /// The curves; those without points are left out.
    pub series: Vec<Series>,
    /// The steps to point out.
    pub marks: Vec<Mark>,
    /// How it was made, where this must be said.
    pub note: String,
}

/// A chart, laid out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    title: String,
    unit: String,
    note: String,
    /// What is to be seen, in words.
    pub text: String,
    width: f64,
    height: f64,
    curves: Vec<Curve>,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    marks: Vec<Marked>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Curve {
    name: String,
    colour: usize,
    style: Style,
    /// `x,y x,y …`
    points: String,
    /// Labelled points; none for a dense curve.
    dots: Vec<Tick>,
    /// Its last value.
    last: String,
}

/// A position and its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    x: String,
    y: String,
    label: String,
}

/// A step that is pointed out.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Marked {
    x: String,
    y: String,
    colour: usize,
    label: String,
    /// On which side of the line its label is: `start` or `end`.
    side: &'static str,
    /// Line of the label, from 0.
    row: usize,
}

/// The chart; `None` when there is nothing to draw.
pub fn line_chart(spec: ChartSpec<'_>) -> Option<Chart> {
    let series: Vec<Series> = spec
        .series
        .into_iter()
        .map(|s| Series { points: s.points.into_iter().filter(|(_, y)| y.is_finite()).collect(), ..s })
        .collect();
    let area = Area::of(&series, spec.last, spec.span)?;
    let curves = series.iter().filter(|s| !s.points.is_empty()).map(|s| area.curve(s)).collect();
    let marks = spec.marks.iter().filter_map(|mark| Some((mark, point_at(series.get(mark.series)?, mark.step)?)));
    let marks: Vec<Marked> =
        marks.enumerate().map(|(row, (mark, value))| area.mark(row, mark, value, &series)).collect();
    let mut text: Vec<String> = series.iter().filter(|s| s.style != Style::Faint).filter_map(course).collect();
    text.extend(spec.marks.iter().map(|mark| format!("{} at step {}", capital(&mark.what), shown(mark.step))));
    Some(Chart {
        title: spec.title.to_owned(),
        unit: spec.unit.to_owned(),
        note: spec.note,
        text: text.join(". ") + ".",
        width: WIDTH,
        height: HEIGHT,
        curves,
        x_ticks: area.x_ticks(),
        y_ticks: area.y_ticks(),
        marks,
    })
}

/// The value of a series at a step.
fn point_at(series: &Series, step: f64) -> Option<f64> {
    series.points.iter().find(|p| p.0 == step).map(|p| p.1)
}

/// `Held-out loss falls from 1.66 at step 0 to 0.56 at step 40; lowest 0.55 at step 30`
fn course(series: &Series) -> Option<String> {
    let (first, last) = (series.points.first()?, series.points.last()?);
    let name = capital(&series.what);
    let at = |point: &(f64, f64)| format!("{} at step {}", brief(point.1), shown(point.0));
    if series.points.len() == 1 {
        return Some(format!("{name} is {}", at(first)));
    }
    let change = last.1 - first.1;
    let level = change.abs() <= LEVEL * first.1.abs().max(last.1.abs());
    let verb = if level {
        "goes"
    } else if change < 0.0 {
        "falls"
    } else {
        "rises"
    };
    let mut text = format!("{name} {verb} from {} to {}", at(first), at(last));
    let extreme = |sign: f64| series.points.iter().min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
    for (what, sign) in [("lowest", 1.0), ("highest", -1.0)] {
        // What the ends have said already is not said again.
        let beyond = |point: &&(f64, f64)| {
            sign * point.1 < sign * first.1 && sign * point.1 < sign * last.1 && brief(point.1) != brief(last.1)
        };
        if let Some(point) = extreme(sign).filter(beyond).filter(|p| brief(p.1) != brief(first.1)) {
            text += &format!("; {what} {}", at(point));
        }
    }
    Some(text)
}

/// A number with three significant digits.
fn brief(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || value.abs() < 1e-3 {
        return shown(value);
    }
    let places = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The plotting area: which values it spans.
struct Area {
    last: f64,
    bottom: f64,
    top: f64,
    each: f64,
}

impl Area {
    fn of(series: &[Series], last: u64, span: Option<(f64, f64)>) -> Option<Self> {
        let values = || series.iter().flat_map(|s| s.points.iter().map(|p| p.1));
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if low > high {
            return None;
        }
        // If the values come close to zero the axis starts at zero; a flat curve is centred.
        let close = if low >= 0.0 && low < 0.35 * high { 0.0 } else { low };
        let (low, high) = match span {
            Some((bottom, top)) => (low.min(bottom), high.max(top)),
            None if high > close => (close, high),
            None if low >= 0.0 => ((low - 0.5).max(0.0), high + 0.5),
            None => (low - 0.5, high + 0.5),
        };
        let each = tick_step(low, high, TICKS);
        let furthest = series.iter().flat_map(|s| s.points.last()).map(|p| p.0).fold(last.max(1) as f64, f64::max);
        Some(Self { last: furthest, bottom: (low / each).floor() * each, top: (high / each).ceil() * each, each })
    }

    fn x(&self, step: f64) -> String {
        format!("{:.1}", WIDTH * step / self.last)
    }

    fn y(&self, value: f64) -> String {
        format!("{:.1}", HEIGHT * (1.0 - (value - self.bottom) / (self.top - self.bottom)))
    }

    fn curve(&self, series: &Series) -> Curve {
        let points: Vec<String> =
            thinned(&series.points).iter().map(|(a, b)| format!("{},{}", self.x(*a), self.y(*b))).collect();
        let dot = |(a, b): &(f64, f64)| Tick {
            x: self.x(*a),
            y: self.y(*b),
            label: format!("{}, step {}: {}", series.name, shown(*a), shown(*b)),
        };
        let dotted = series.style == Style::Plain && series.points.len() <= DOTS;
        Curve {
            name: series.name.clone(),
            colour: series.colour,
            style: series.style,
            points: points.join(" "),
            dots: if dotted { series.points.iter().map(dot).collect() } else { Vec::new() },
            last: series.points.last().map_or_else(String::new, |p| shown(p.1)),
        }
    }

    fn mark(&self, row: usize, mark: &Mark, value: f64, series: &[Series]) -> Marked {
        Marked {
            x: self.x(mark.step),
            y: self.y(value),
            colour: series[mark.series].colour,
            label: format!("{}: step {}", mark.what, shown(mark.step)),
            side: if mark.step > 0.5 * self.last { "end" } else { "start" },
            row,
        }
    }

    fn x_ticks(&self) -> Vec<Tick> {
        let each = tick_step(0.0, self.last, TICKS).max(1.0);
        let tick = |step: f64| Tick { x: self.x(step), y: format!("{HEIGHT:.1}"), label: shown(step) };
        multiples(0.0, self.last, each).into_iter().map(tick).collect()
    }

    fn y_ticks(&self) -> Vec<Tick> {
        let tick = |value: f64| Tick { x: "0".into(), y: self.y(value), label: shown(value) };
        multiples(self.bottom, self.top, self.each).into_iter().map(tick).collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: Vec<(f64, f64)>) -> Series {
        Series { name: "held out".to_owned(), what: "held-out loss".to_owned(), colour: 1, style: Style::Plain, points }
    }

    fn chart(last: u64, points: Vec<(f64, f64)>, marks: Vec<Mark>) -> Option<Chart> {
        let series = vec![series(points)];
        line_chart(ChartSpec { title: "t", unit: "nats", last, span: None, series, marks, note: String::new() })
    }

    #[test]
    fn points_lie_within_the_area_and_ticks_are_round() {
        let chart = chart(10, vec![(0.0, 3.2), (5.0, 1.4), (10.0, 0.3)], Vec::new()).unwrap();
        assert_eq!(chart.y_ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
        assert_eq!(chart.x_ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(chart.curves[0].points, "0.0,38.0 240.0,123.5 480.0,175.8");
        assert_eq!(chart.curves[0].last, "0.3");
    }

    #[test]
    fn a_share_has_the_whole_axis_and_no_axis_goes_below_zero_needlessly() {
        let labels = |span, value: f64| {
            let series = vec![series(vec![(0.0, value), (4.0, value)])];
            let spec =
                ChartSpec { title: "t", unit: "u", span, last: 4, series, marks: Vec::new(), note: String::new() };
            let labels: Vec<String> = line_chart(spec).unwrap().y_ticks.into_iter().map(|tick| tick.label).collect();
            (labels[0].clone(), labels[labels.len() - 1].clone())
        };
        let ends = |low: &str, high: &str| (low.to_owned(), high.to_owned());
        assert_eq!(labels(Some((0.0, 1.0)), 0.25), ends("0", "1"));
        assert_eq!(labels(None, 0.0), ends("0", "0.5"));
        assert_eq!(labels(None, 3.0), ends("2.4", "3.6"));
        assert_eq!(labels(None, -3.0), ends("-3.6", "-2.4"));
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        assert_eq!(chart(10, vec![], Vec::new()), None);
        assert_eq!(chart(10, vec![(1.0, f64::NAN)], Vec::new()), None);
        assert!(chart(0, vec![(0.0, 2.0)], Vec::new()).is_some(), "one point is a flat curve");
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_mean() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thin = thinned(&points);
        assert!(thin.len() <= POINTS && thin.iter().all(|p| (p.1 - 0.5).abs() < 0.05));
    }

    #[test]
    fn what_is_to_be_seen_is_said() {
        let text = |points: &[(f64, f64)]| course(&series(points.to_vec())).unwrap();
        assert_eq!(
            text(&[(0.0, 1.6587), (20.0, 0.7), (40.0, 0.5568)]),
            "Held-out loss falls from 1.66 at step 0 to 0.557 at step 40"
        );
        assert_eq!(
            text(&[(0.0, 1.0), (10.0, 0.25), (20.0, 0.5)]),
            "Held-out loss falls from 1 at step 0 to 0.5 at step 20; lowest 0.25 at step 10"
        );
        assert_eq!(text(&[(0.0, 0.1), (2.0, 0.9)]), "Held-out loss rises from 0.1 at step 0 to 0.9 at step 2");
        assert_eq!(text(&[(0.0, 2.0), (2.0, 2.001)]), "Held-out loss goes from 2 at step 0 to 2 at step 2");
        assert_eq!(text(&[(3.0, 0.0)]), "Held-out loss is 0 at step 3");
    }

    #[test]
    fn the_best_step_is_marked_on_its_curve_and_named() {
        let mark = |step| vec![Mark { step, what: "best checkpoint".to_owned(), series: 0 }];
        let points = vec![(0.0, 1.0), (10.0, 0.25), (20.0, 0.5)];
        let chart = chart(20, points.clone(), mark(10.0)).unwrap();
        let [marked] = &chart.marks[..] else { panic!("{chart:?}") };
        assert_eq!((marked.label.as_str(), marked.x.as_str()), ("best checkpoint: step 10", "240.0"));
        assert!(chart.curves[0].points.contains(&format!("{},{}", marked.x, marked.y)), "{chart:?}");
        assert!(chart.text.ends_with(" Best checkpoint at step 10."), "{}", chart.text);
    }

    #[test]
    fn a_faint_curve_is_not_described_and_has_no_dots() {
        let faint = Series { style: Style::Faint, ..series(vec![(1.0, 1.0), (2.0, 9.0)]) };
        let smooth = Series { what: "smoothed".to_owned(), ..series(vec![(1.0, 1.0), (2.0, 5.0)]) };
        let spec = ChartSpec {
            title: "t",
            unit: "u",
            span: None,
            last: 2,
            series: vec![faint, smooth],
            marks: Vec::new(),
            note: String::new(),
        };
        let chart = line_chart(spec).unwrap();
        assert_eq!(chart.text, "Smoothed rises from 1 at step 1 to 5 at step 2.");
        assert!(chart.curves[0].dots.is_empty() && chart.curves[1].dots.len() == 2);
    }
}
