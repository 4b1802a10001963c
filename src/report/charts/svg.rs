//! A chart as inline SVG: colours by class, so that the page's theme and the printer's apply.

use std::fmt::Write as _;

use super::Chart;
use super::scene::{Anchor, Item, Role, scene};
use crate::numerics::drift::UlpBucket;

/// The chart as an `<svg>` element for HTML.
pub(in crate::report) fn svg(chart: &Chart) -> String {
    let scene = scene(chart);
    let mut out = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
        round(scene.width),
        round(scene.height),
        escape(&format!("{}. {} The numbers are in the table below.", chart.title, chart.about))
    );
    for item in &scene.items {
        write(&mut out, item);
    }
    out.push_str("</svg>");
    out
}

fn write(out: &mut String, item: &Item) {
    // Writing to a string can not fail.
    let _ = match item {
        Item::Line { from, to, role, dashed } => write!(
            out,
            "<line class=\"l {}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>",
            class(*role),
            round(from.0),
            round(from.1),
            round(to.0),
            round(to.1),
            if *dashed { " stroke-dasharray=\"4 3\"" } else { "" }
        ),
        Item::Path { points, role } => {
            let list: Vec<_> = points.iter().map(|p| format!("{},{}", round(p.0), round(p.1))).collect();
            write!(out, "<polyline class=\"p {}\" points=\"{}\"/>", class(*role), list.join(" "))
        }
        Item::Rect { x, y, w, h, role, title } => write!(
            out,
            "<rect class=\"f {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">{}</rect>",
            class(*role),
            round(*x),
            round(*y),
            round(*w),
            round(*h),
            hint(title)
        ),
        Item::Mark { at: (x, y), series, hollow, title } => {
            let class = format!("{} s{}", if *hollow { "h" } else { "f" }, series % 6);
            let hint = hint(title);
            match series % 4 {
                0 => {
                    write!(
                        out,
                        "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"4\">{hint}</circle>",
                        round(*x),
                        round(*y)
                    )
                }
                shape => {
                    let list: Vec<_> = super::png::outline(shape)
                        .iter()
                        .map(|p| format!("{},{}", round(x + p.0), round(y + p.1)))
                        .collect();
                    write!(out, "<polygon class=\"{class}\" points=\"{}\">{hint}</polygon>", list.join(" "))
                }
            }
        }
        Item::Text { at, anchor, role, size, text } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            write!(
                out,
                "<text class=\"t {}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>",
                class(*role),
                round(at.0),
                round(at.1 + 0.35 * size),
                escape(text)
            )
        }
    };
}

fn hint(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) }
}

fn class(role: Role) -> String {
    match role {
        Role::Ink => "ink".to_owned(),
        Role::Muted => "muted".to_owned(),
        Role::Grid => "grid".to_owned(),
        Role::Good => "good".to_owned(),
        Role::Alarm => "alarm".to_owned(),
        Role::Series(n) => format!("s{}", n % 6),
    }
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A small histogram of distances, one bar a bucket of powers of two, for a table's row.
#[expect(clippy::cast_precision_loss, reason = "counts of elements are drawn")]
pub(in crate::report) fn spark(histogram: &[UlpBucket], label: &str) -> String {
    let Some(last) = histogram.last() else { return String::new() };
    let buckets = f64::from(last.up_to.checked_ilog2().unwrap_or(63) + 1);
    let most = histogram.iter().map(|b| b.count).max().unwrap_or(1).max(1) as f64;
    let pitch = (120.0 / buckets).min(12.0);
    let mut out = format!("<svg class=\"spark\" viewBox=\"0 0 120 28\" role=\"img\" aria-label=\"{}\">", escape(label));
    for bucket in histogram {
        // The square root keeps small buckets visible without the arbitrary floor of a logarithm.
        let h = 26.0 * (bucket.count as f64 / most).sqrt();
        let x = pitch * f64::from(bucket.up_to.checked_ilog2().unwrap_or(63));
        let _ = write!(
            out,
            "<rect class=\"f s0\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>up to {} ulp: {}</title></rect>",
            round(x),
            round(28.0 - h.max(1.0)),
            round((pitch - 1.0).max(0.8)),
            round(h.max(1.0)),
            crate::report::text::ulp(bucket.up_to),
            crate::report::text::count(bucket.count)
        );
    }
    out.push_str("</svg>");
    out
}
