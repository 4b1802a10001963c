//! A chart as inline SVG: colours by class, so that the page's theme and the printer's apply.

use std::fmt::Write as _;

use super::scene::{Anchor, Item, Role, scene};
use crate::formats::clean;
use crate::views::chart::{Chart, Plot};

/// The chart as an `<svg>` element for HTML.
#[must_use]
pub fn svg(chart: &Chart) -> String {
    let scene = scene(chart);
    let mut out = format!(
        "<svg{} viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
        if matches!(chart.plot, Plot::Spark { .. }) { " class=\"spark\"" } else { "" },
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
    // Writing to a string cannot fail.
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
    clean::line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
