//! Laying a chart out: marks, lines and text at places, in CSS pixels, that SVG and PNG draw alike.

use crate::model::words;
use crate::views::chart::{Chart, MapRow, Plot, Series, Share, Tile};

/// What a mark is for; the palette decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ink,
    Muted,
    Grid,
    Good,
    Alarm,
    Series(usize),
}

/// Where text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Something to draw. Text is centred on its `y`.
#[derive(Debug)]
pub(super) enum Item {
    Line { from: (f64, f64), to: (f64, f64), role: Role, dashed: bool },
    Path { points: Vec<(f64, f64)>, role: Role },
    Rect { x: f64, y: f64, w: f64, h: f64, role: Role, title: String },
    Mark { at: (f64, f64), series: usize, hollow: bool, title: String },
    Text { at: (f64, f64), anchor: Anchor, role: Role, size: f64, text: String },
}

/// A laid-out chart.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) items: Vec<Item>,
}

pub(super) const WIDTH: f64 = 760.0;
pub(super) const FONT: f64 = 12.0;
/// The mean advance of a letter, in em; generous, because the reader's font is not known.
const ADVANCE: f64 = 0.58;

#[expect(clippy::cast_precision_loss, reason = "lengths of labels")]
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * ADVANCE * FONT
}

/// Shortened to a width, with an ellipsis.
pub(super) fn fit(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if text_width(&out) + 2.0 * ADVANCE * FONT > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Lays a chart out.
pub(super) fn scene(chart: &Chart) -> Scene {
    match &chart.plot {
        Plot::Lines { x, y, series, joined } => lines(x, y, series, *joined),
        Plot::Dots { x, rows, series, limit, limit_label } => dots(x, rows, series, *limit, limit_label),
        Plot::Shares { x, rows } => shares(x, rows),
        Plot::Strip { x, rows } => super::strip::strip(x, rows),
        Plot::Map { x, n, rows } => map(x, *n, rows),
        Plot::Tiles { columns, rows } => tiles(columns, rows),
        Plot::Spark { buckets } => spark(buckets),
    }
}

/// Buckets of distances as bars, small enough to stand beside a sentence.
#[expect(clippy::cast_precision_loss, reason = "counts of elements, drawn")]
fn spark(buckets: &[(u64, u64)]) -> Scene {
    let place = |up_to: u64| f64::from(up_to.checked_ilog2().unwrap_or(63));
    let many = buckets.last().map_or(1.0, |b| place(b.0) + 1.0);
    let most = buckets.iter().map(|b| b.1).max().unwrap_or(1).max(1) as f64;
    let pitch = (120.0 / many).min(12.0);
    let bar = |(up_to, count): &(u64, u64)| {
        // The square root keeps small buckets visible without the arbitrary floor of a logarithm.
        let h = (26.0 * (*count as f64 / most).sqrt()).max(1.0);
        let title = format!("up to {} ulp: {}", words::ulp(*up_to), words::count(*count));
        Item::Rect { x: pitch * place(*up_to), y: 28.0 - h, w: (pitch - 1.0).max(0.8), h, role: Role::Series(0), title }
    };
    Scene { width: 120.0, height: 28.0, items: buckets.iter().map(bar).collect() }
}

/// A table of letters: the first class calm, the others in the colours of series.
#[expect(clippy::cast_precision_loss, reason = "counts of rows and columns")]
fn tiles(columns: &[String], rows: &[(String, Vec<Tile>)]) -> Scene {
    const ROW: f64 = 22.0;
    let label = rows.iter().map(|(name, _)| text_width(name)).fold(60.0, f64::max).min(180.0) + 14.0;
    let width = ((WIDTH - label) / columns.len().max(1) as f64).min(64.0);
    let x = |i: usize| label + width * i as f64;
    let text = |at, anchor, role, text: String| Item::Text { at, anchor, role, size: FONT, text };
    let mut items: Vec<Item> = columns
        .iter()
        .enumerate()
        .map(|(i, name)| text((x(i) + width / 2.0, 12.0), Anchor::Middle, Role::Muted, name.clone()))
        .collect();
    for (r, (name, tiles)) in rows.iter().enumerate() {
        let y = 24.0 + ROW * r as f64;
        items.push(text((label - 10.0, y + ROW / 2.0), Anchor::End, Role::Ink, fit(name, label - 14.0)));
        for (i, tile) in tiles.iter().enumerate() {
            let role = match tile.series {
                None => Role::Grid,
                Some(0) => Role::Good,
                Some(n) => Role::Series(n - 1),
            };
            // A bar under the letter, so that the letter is legible on any colour.
            let (left, w) = (x(i) + 2.0, (width - 4.0).max(2.0));
            items.push(Item::Rect { x: left, y: y + ROW - 6.0, w, h: 4.0, role, title: tile.note.clone() });
            let ink = if tile.series.is_some() { Role::Ink } else { Role::Muted };
            items.push(text((x(i) + width / 2.0, y + 8.0), Anchor::Middle, ink, fit(&tile.text, width)));
        }
    }
    Scene { width: WIDTH, height: 24.0 + ROW * rows.len() as f64 + 8.0, items }
}

/// A logarithmic scale over whole powers of its base.
struct Log {
    base: f64,
    lo: i32,
    hi: i32,
    from: f64,
    to: f64,
}

impl Log {
    #[expect(clippy::cast_possible_truncation, reason = "exponents of binary64 are small")]
    fn new(values: impl Iterator<Item = f64>, base: f64, from: f64, to: f64) -> Self {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.filter(|v| v.is_finite() && *v > 0.0) {
            (lo, hi) = (lo.min(v), hi.max(v));
        }
        if lo > hi {
            (lo, hi) = (1.0, base);
        }
        let exponent = |v: f64| libm::log(v) / libm::log(base);
        let lo = (exponent(lo) + 1e-9).floor() as i32;
        let hi = ((exponent(hi) - 1e-9).ceil() as i32).max(lo + 1);
        Self { base, lo, hi, from, to }
    }

    /// The place of a value; zero and infinity are at the edges.
    fn place(&self, value: f64) -> f64 {
        let exponent = libm::log(value.max(f64::MIN_POSITIVE)) / libm::log(self.base);
        let t = (exponent - f64::from(self.lo)) / f64::from(self.hi - self.lo);
        self.from + t.clamp(0.0, 1.0) * (self.to - self.from)
    }

    fn is_outside(&self, value: f64) -> bool {
        value <= 0.0 || value.is_infinite()
    }

    /// At most nine ticks, with labels.
    fn ticks(&self) -> Vec<(f64, String)> {
        let step = ((self.hi - self.lo) / 9 + 1).max(1);
        (self.lo..=self.hi)
            .filter(|e| (e - self.lo) % step == 0)
            .map(|e| (self.place(libm::pow(self.base, f64::from(e))), self.label(e)))
            .collect()
    }

    fn label(&self, exponent: i32) -> String {
        if (0..=4).contains(&exponent) && self.base == 10.0 || (0..=16).contains(&exponent) && self.base == 2.0 {
            return format!("{}", libm::pow(self.base, f64::from(exponent)));
        }
        if (-2..0).contains(&exponent) && self.base == 10.0 {
            return format!("{}", libm::round(libm::pow(self.base, f64::from(exponent)) * 1e3) / 1e3);
        }
        let digits: String = exponent
            .to_string()
            .chars()
            .map(|c| match c {
                '-' => '⁻',
                '0' => '⁰',
                '1' => '¹',
                '2' => '²',
                '3' => '³',
                '4' => '⁴',
                '5' => '⁵',
                '6' => '⁶',
                '7' => '⁷',
                '8' => '⁸',
                _ => '⁹',
            })
            .collect();
        format!("{}{digits}", self.base)
    }
}

/// Legend entries in rows from `y`; returns where the plot may begin.
fn legend(items: &mut Vec<Item>, names: &[String], y: f64) -> f64 {
    let (mut x, mut y) = (8.0, y + 8.0);
    for (series, name) in names.iter().enumerate() {
        let name = fit(name, WIDTH - 60.0);
        let width = 20.0 + text_width(&name) + 18.0;
        if x > 8.0 && x + width > WIDTH {
            (x, y) = (8.0, y + 18.0);
        }
        items.push(Item::Mark { at: (x + 6.0, y), series, hollow: false, title: String::new() });
        items.push(text((x + 18.0, y), Anchor::Start, Role::Ink, name));
        x += width;
    }
    y + 18.0
}

pub(super) fn text(at: (f64, f64), anchor: Anchor, role: Role, text: impl Into<String>) -> Item {
    Item::Text { at, anchor, role, size: FONT, text: text.into() }
}

fn lines(x_label: &str, y_label: &str, series: &[Series], joined: f64) -> Scene {
    let mut items = Vec::new();
    let names: Vec<String> = series.iter().map(|s| s.name.clone()).collect();
    let top = legend(&mut items, &names, 4.0) + 20.0;
    let (left, right, bottom) = (64.0, WIDTH - 16.0, top + 240.0);
    let points = || series.iter().flat_map(|s| s.points.iter().copied());
    let x = Log::new(points().map(|p| p.0), 2.0, left + 12.0, right - 12.0);
    let y = Log::new(points().map(|p| p.1), 10.0, bottom, top);
    for (at, label) in y.ticks() {
        items.push(Item::Line { from: (left, at), to: (right, at), role: Role::Grid, dashed: false });
        items.push(text((left - 8.0, at), Anchor::End, Role::Muted, label));
    }
    for (at, label) in x.ticks() {
        items.push(Item::Line { from: (at, bottom), to: (at, bottom + 4.0), role: Role::Muted, dashed: false });
        items.push(text((at, bottom + 14.0), Anchor::Middle, Role::Muted, label));
    }
    items.push(Item::Line { from: (left, bottom), to: (right, bottom), role: Role::Muted, dashed: false });
    items.push(text((8.0, top - 16.0), Anchor::Start, Role::Muted, y_label));
    items.push(text((right, bottom + 34.0), Anchor::End, Role::Muted, x_label));
    for (index, s) in series.iter().enumerate() {
        let known: Vec<_> = s.points.iter().filter(|p| !p.1.is_nan()).collect();
        // A line over buckets that are empty would claim elements that are not there.
        for run in known.chunk_by(|a, b| b.0 <= a.0 * joined).filter(|run| run.len() > 1) {
            let points = run.iter().map(|p| (x.place(p.0), y.place(p.1))).collect();
            items.push(Item::Path { points, role: Role::Series(index) });
        }
        for p in known {
            items.push(Item::Mark {
                at: (x.place(p.0), y.place(p.1)),
                series: index,
                hollow: y.is_outside(p.1),
                title: format!("{}: {} at {}", s.name, words::number(p.1), p.0),
            });
        }
    }
    Scene { width: WIDTH, height: bottom + 46.0, items }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of rows")]
fn dots(x_label: &str, rows: &[String], series: &[(String, Vec<Option<f64>>)], limit: f64, limit_label: &str) -> Scene {
    let mut items = Vec::new();
    let names: Vec<String> = series.iter().map(|s| s.0.clone()).collect();
    let top = legend(&mut items, &names, 4.0) + 18.0;
    let label_width = rows.iter().map(|r| text_width(r)).fold(40.0, f64::max).min(220.0);
    let (left, right) = (label_width + 20.0, WIDTH - 16.0);
    let pitch = (6.0 * series.len() as f64).max(14.0) + 10.0;
    let bottom = top + pitch * rows.len() as f64;
    let values = series.iter().flat_map(|s| s.1.iter().flatten().copied()).chain([limit, limit * 10.0]);
    let x = Log::new(values, 10.0, left + 12.0, right - 12.0);
    for (at, label) in x.ticks() {
        items.push(Item::Line { from: (at, top), to: (at, bottom), role: Role::Grid, dashed: false });
        items.push(text((at, bottom + 12.0), Anchor::Middle, Role::Muted, label));
    }
    let at = x.place(limit);
    items.push(Item::Line { from: (at, top - 4.0), to: (at, bottom), role: Role::Alarm, dashed: true });
    items.push(text((at, top - 12.0), Anchor::Middle, Role::Alarm, limit_label));
    for (i, row) in rows.iter().enumerate() {
        let middle = top + pitch * (i as f64 + 0.5);
        items.push(text((left - 8.0, middle), Anchor::End, Role::Ink, fit(row, label_width)));
        items.push(Item::Line {
            from: (left, middle + pitch / 2.0),
            to: (right, middle + pitch / 2.0),
            role: Role::Grid,
            dashed: false,
        });
        for (index, (name, values)) in series.iter().enumerate() {
            let Some(value) = values.get(i).copied().flatten() else { continue };
            // Engines that agree would hide one another on one line, so each has its own.
            let y = middle + 6.0 * (index as f64 - (series.len() as f64 - 1.0) / 2.0);
            items.push(Item::Mark {
                at: (x.place(value), y),
                series: index,
                hollow: x.is_outside(value),
                title: format!("{row} on {name}: {}", words::number(value)),
            });
        }
    }
    items.push(text((right, bottom + 32.0), Anchor::End, Role::Muted, x_label));
    Scene { width: WIDTH, height: bottom + 44.0, items }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of rows")]
fn shares(x_label: &str, rows: &[Share]) -> Scene {
    let mut items = Vec::new();
    let label_width = rows.iter().map(|r| text_width(&r.label)).fold(40.0, f64::max).min(330.0);
    let note_width = rows.iter().map(|r| text_width(&r.note)).fold(40.0, f64::max).min(200.0);
    let (left, right, top) = (label_width + 20.0, WIDTH - note_width - 18.0, 10.0);
    let (pitch, bar) = (28.0, 16.0);
    for (i, row) in rows.iter().enumerate() {
        let middle = top + pitch * (i as f64 + 0.5);
        items.push(text((left - 8.0, middle), Anchor::End, Role::Ink, fit(&row.label, label_width)));
        let mut x = left;
        for (j, part) in row.parts.iter().enumerate() {
            let w = part.clamp(0.0, 1.0) * (right - left);
            if w <= 0.0 {
                continue;
            }
            let role = match (row.first_is_good, j) {
                (true, 0) => Role::Good,
                (true, _) => Role::Alarm,
                (false, j) => Role::Series(j % 2),
            };
            // A sliver is still a difference, and a gap keeps neighbours apart without colour.
            let shown = if w > 3.0 { w - 1.0 } else { w.max(0.75) };
            let title = format!("{}: {}", row.label, words::percent(*part));
            items.push(Item::Rect { x, y: middle - bar / 2.0, w: shown, h: bar, role, title });
            x += w;
        }
        items.push(text((right + 10.0, middle), Anchor::Start, Role::Ink, fit(&row.note, note_width)));
    }
    let bottom = top + pitch * rows.len() as f64 + 4.0;
    for (t, label) in [(0.0, "0"), (0.5, "50 %"), (1.0, "100 %")] {
        let at = left + t * (right - left);
        items.push(Item::Line { from: (at, bottom), to: (at, bottom + 4.0), role: Role::Muted, dashed: false });
        items.push(text((at, bottom + 14.0), Anchor::Middle, Role::Muted, label));
    }
    items.push(Item::Line { from: (left, bottom), to: (right, bottom), role: Role::Muted, dashed: false });
    items.push(text((f64::midpoint(left, right), bottom + 32.0), Anchor::Middle, Role::Muted, x_label));
    Scene { width: WIDTH, height: bottom + 44.0, items }
}

/// Neighbouring parts that differ by less are drawn as one.
const ALIKE: f64 = 0.05;

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in a tensor"
)]
fn map(x_label: &str, n: u64, rows: &[MapRow]) -> Scene {
    let mut items = Vec::new();
    let label_width = rows.iter().map(|r| text_width(&r.label)).fold(40.0, f64::max).min(250.0);
    let note_width = rows.iter().map(|r| text_width(&r.note)).fold(40.0, f64::max).min(190.0);
    let (left, right, top) = (label_width + 20.0, WIDTH - note_width - 18.0, 10.0);
    let (pitch, bar) = (32.0, 22.0);
    for (i, row) in rows.iter().enumerate() {
        let middle = top + pitch * (i as f64 + 0.5);
        items.push(text((left - 8.0, middle), Anchor::End, Role::Ink, fit(&row.label, label_width)));
        items.push(text((right + 10.0, middle), Anchor::Start, Role::Ink, fit(&row.note, note_width)));
        let mut start = 0;
        let cells = row.cells.len();
        let place = |cell: usize| left + (right - left) * cell as f64 / cells.max(1) as f64;
        while start < cells {
            let first = row.cells[start];
            let differs = first > 0.0;
            let alike = |x: f64| (x > 0.0) == differs && (x - first).abs() < ALIKE;
            let end = start + row.cells[start..].iter().take_while(|x| alike(**x)).count();
            let share = row.cells[start..end].iter().sum::<f64>() / (end - start) as f64;
            let element = |cell: usize| (n as f64 * cell as f64 / cells as f64) as u64;
            let title = format!(
                "{}: of elements {} to {}, {} differ",
                row.label,
                words::count(element(start)),
                words::count(element(end).saturating_sub(1)),
                words::percent(share)
            );
            let (x, w) = (place(start), place(end) - place(start));
            // What agrees is a calm ground, what differs stands on it as high as its share; both are told by the title.
            items.push(Item::Rect { x, y: middle - bar / 2.0, w, h: bar, role: Role::Good, title: title.clone() });
            if differs {
                let h = (bar * share).max(2.0);
                items.push(Item::Rect { x, y: middle + bar / 2.0 - h, w: w.max(0.75), h, role: Role::Alarm, title });
            }
            start = end;
        }
    }
    let bottom = top + pitch * rows.len() as f64 + 4.0;
    for (t, label) in [(0.0, "0".to_owned()), (0.5, words::count(n / 2)), (1.0, words::count(n))] {
        let at = left + t * (right - left);
        items.push(Item::Line { from: (at, bottom), to: (at, bottom + 4.0), role: Role::Muted, dashed: false });
        items.push(text((at, bottom + 14.0), Anchor::Middle, Role::Muted, label));
    }
    items.push(Item::Line { from: (left, bottom), to: (right, bottom), role: Role::Muted, dashed: false });
    items.push(text((f64::midpoint(left, right), bottom + 32.0), Anchor::Middle, Role::Muted, x_label));
    Scene { width: WIDTH, height: bottom + 44.0, items }
}
