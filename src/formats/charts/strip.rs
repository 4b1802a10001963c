//! Values in a line, a row a category: where each is, and how often it came.

use super::scene::{Anchor, FONT, Item, Role, Scene, WIDTH, fit, text, text_width};
use crate::model::words;
use crate::views::chart::StripRow;

const ROW: f64 = 34.0;
/// The height of a value that came every time, and of the rarest.
const HIGH: f64 = 26.0;
const LOW: f64 = 3.0;

/// Lays it out. The scale is the same in all rows, and has 0 in it.
#[expect(clippy::cast_precision_loss, reason = "a number of rows")]
pub(super) fn strip(x_label: &str, rows: &[StripRow]) -> Scene {
    let all = || rows.iter().flat_map(|r| &r.values).map(|v| v.0);
    let (least, most) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
    let span = if most > least { most - least } else { 1.0 };
    let label_width = rows.iter().map(|r| text_width(&r.label)).fold(40.0, f64::max).min(250.0);
    let note_width = rows.iter().map(|r| text_width(&r.note)).fold(40.0, f64::max).min(200.0);
    let (left, right, top) = (label_width + 26.0, WIDTH - note_width - 24.0, 10.0);
    let at = |value: f64| left + (value - least) / span * (right - left);
    let bottom = top + ROW * rows.len() as f64 + 4.0;
    let mut items = vec![Item::Line { from: (at(0.0), top), to: (at(0.0), bottom), role: Role::Muted, dashed: true }];
    for (i, row) in rows.iter().enumerate() {
        let ground = top + ROW * (i as f64 + 1.0) - 4.0;
        items.push(text((left - 14.0, ground - ROW / 2.0), Anchor::End, Role::Ink, fit(&row.label, label_width)));
        items.push(Item::Line { from: (left, ground), to: (right, ground), role: Role::Grid, dashed: false });
        let often = row.values.iter().map(|v| v.1).fold(f64::MIN_POSITIVE, f64::max);
        for (value, share) in &row.values {
            let h = LOW + (HIGH - LOW) * (share / often).clamp(0.0, 1.0);
            let title = format!("{}: {} ulp, {} of runs", row.label, words::number(*value), words::percent(*share));
            items.push(Item::Rect { x: at(*value) - 1.0, y: ground - h, w: 2.0, h, role: Role::Series(0), title });
        }
        items.push(text((right + 14.0, ground - ROW / 2.0), Anchor::Start, Role::Ink, fit(&row.note, note_width)));
    }
    items.push(Item::Line { from: (left, bottom), to: (right, bottom), role: Role::Muted, dashed: false });
    let mut ends = vec![least, 0.0, most];
    ends.dedup_by(|a, b| (at(*a) - at(*b)).abs() < 3.0 * FONT);
    for end in ends {
        items.push(Item::Line {
            from: (at(end), bottom),
            to: (at(end), bottom + 4.0),
            role: Role::Muted,
            dashed: false,
        });
        items.push(text((at(end), bottom + 14.0), Anchor::Middle, Role::Muted, words::number(end)));
    }
    items.push(text((f64::midpoint(left, right), bottom + 32.0), Anchor::Middle, Role::Muted, x_label));
    Scene { width: WIDTH, height: bottom + 44.0, items }
}
