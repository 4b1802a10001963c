//! A chart as PNG, drawn by plotters at twice its size with the embedded font: no system font is asked for, and the
//! same record gives the same bytes.

use std::sync::OnceLock;

use plotters::prelude::{
    BitMapBackend, Circle, DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, Polygon, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::scene::{Anchor, Item, Role, Scene, scene};
use crate::formats::FormatError;
use crate::model::words::short;
use crate::views::chart::Chart;

/// The keyword of the text chunk that holds the record's id.
pub const KEYWORD: &str = "repro-audit record";
const FONT: &[u8] = include_bytes!("../../../assets/repro-audit-sans.ttf");
const FAMILY: &str = "sans-serif";
/// Device pixels a CSS pixel.
const SCALE: f64 = 2.0;
/// Room for the title above and the record's id below, in CSS pixels.
const HEAD: f64 = 44.0;
const FOOT: f64 = 30.0;
const SIDE: f64 = 20.0;

fn font() -> Result<(), FormatError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let ok = *REGISTERED.get_or_init(|| plotters::style::register_font(FAMILY, FontStyle::Normal, FONT).is_ok());
    if ok {
        Ok(())
    } else {
        Err(FormatError::Chart { name: "any".to_owned(), why: "the embedded font is damaged".to_owned() })
    }
}

/// The points of a marker around its centre: square, triangle and diamond.
pub(super) fn outline(shape: usize) -> &'static [(f64, f64)] {
    match shape {
        1 => &[(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)],
        2 => &[(0.0, -4.8), (4.6, 3.6), (-4.6, 3.6)],
        _ => &[(0.0, -5.2), (5.2, 0.0), (0.0, 5.2), (-5.2, 0.0)],
    }
}

fn color(role: Role) -> RGBColor {
    match role {
        Role::Ink => RGBColor(0x1c, 0x1f, 0x23),
        Role::Muted => RGBColor(0x5b, 0x62, 0x6b),
        Role::Grid => RGBColor(0xe3, 0xe5, 0xe8),
        Role::Good => RGBColor(0xa9, 0xcf, 0xc0),
        Role::Alarm => RGBColor(0xb8, 0x3b, 0x10),
        Role::Series(n) => match n % 6 {
            0 => RGBColor(0x00, 0x72, 0xb2),
            1 => RGBColor(0xd5, 0x5e, 0x00),
            2 => RGBColor(0x00, 0x9e, 0x73),
            3 => RGBColor(0xcc, 0x79, 0xa7),
            4 => RGBColor(0x8a, 0x6d, 0x00),
            _ => RGBColor(0x56, 0xb4, 0xe9),
        },
    }
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

/// The chart as a PNG file, with the record's id in a `tEXt` chunk.
///
/// # Errors
/// When the drawing or the encoder fails.
pub fn png(chart: &Chart, record_id: &str) -> Result<Vec<u8>, FormatError> {
    png_with_foot(chart, record_id, &format!("record {} · repro-audit", short(record_id)))
}

/// [`png`] with another line below the chart.
///
/// # Errors
/// As [`png`].
pub fn png_with_foot(chart: &Chart, record_id: &str, foot: &str) -> Result<Vec<u8>, FormatError> {
    font()?;
    let scene = scene(chart);
    let (width, height) = (pixel(scene.width + 2.0 * SIDE), pixel(scene.height + HEAD + FOOT));
    let (w, h) = (width.unsigned_abs(), height.unsigned_abs());
    let mut buffer = vec![255u8; 3 * w as usize * h as usize];
    {
        let area = BitMapBackend::with_buffer(&mut buffer, (w, h)).into_drawing_area();
        draw(&area, chart, &scene, foot).map_err(|e| failed(chart, &e))?;
        area.present().map_err(|e| failed(chart, &e))?;
    }
    encode(&buffer, w, h, chart, record_id).map_err(|e| failed(chart, &e))
}

fn failed(chart: &Chart, why: &dyn std::fmt::Display) -> FormatError {
    FormatError::Chart { name: chart.name.clone(), why: why.to_string() }
}

fn encode(pixels: &[u8], w: u32, h: u32, chart: &Chart, record_id: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, w, h);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    // A tEXt chunk is Latin-1; an id from a foreign record may be anything.
    let latin: String = record_id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    encoder.add_text_chunk(KEYWORD.to_owned(), latin)?;
    let name: String = chart.name.chars().filter(char::is_ascii).take(60).collect();
    encoder.add_text_chunk("chart".to_owned(), name)?;
    encoder.add_text_chunk("Title".to_owned(), chart.title.chars().filter(char::is_ascii).collect())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[expect(clippy::cast_possible_truncation, reason = "a chart is a few thousand pixels wide")]
fn pixel(x: f64) -> i32 {
    (x * SCALE).round() as i32
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    (pixel(x + SIDE), pixel(y + HEAD))
}

fn stroke(role: Role, width: u32) -> ShapeStyle {
    color(role).stroke_width(width)
}

type DrawError = Box<dyn std::error::Error + Send + Sync>;

fn draw(area: &Area<'_>, chart: &Chart, scene: &Scene, foot: &str) -> Result<(), DrawError> {
    write(area, (0.0, -HEAD + 22.0), Anchor::Start, Role::Ink, 17.0, &chart.title)?;
    write(area, (scene.width, scene.height + 12.0), Anchor::End, Role::Muted, 10.5, foot)?;
    for item in &scene.items {
        match item {
            Item::Line { from, to, role, dashed } => {
                let width = if *role == Role::Grid { 1 } else { 2 };
                for (a, b) in dashes(*from, *to, *dashed) {
                    area.draw(&PathElement::new([place(a), place(b)], stroke(*role, width)))?;
                }
            }
            Item::Path { points, role } => {
                let points: Vec<_> = points.iter().map(|p| place(*p)).collect();
                area.draw(&PathElement::new(points, stroke(*role, 3)))?;
            }
            Item::Rect { x, y, w, h, role, .. } => {
                let (x0, y0) = place((*x, *y));
                let (x1, y1) = place((x + w, y + h));
                area.draw(&Rectangle::new([(x0, y0), (x1.max(x0 + 1), y1)], color(*role).filled()))?;
            }
            Item::Mark { at, series, hollow, .. } => mark(area, *at, *series, *hollow)?,
            Item::Text { at, anchor, role, size, text } => write(area, *at, *anchor, *role, *size, text)?,
        }
    }
    Ok(())
}

fn dashes(from: (f64, f64), to: (f64, f64), dashed: bool) -> Vec<((f64, f64), (f64, f64))> {
    if !dashed {
        return vec![(from, to)];
    }
    let length = libm::hypot(to.0 - from.0, to.1 - from.1);
    let at = |d: f64| (from.0 + (to.0 - from.0) * d / length, from.1 + (to.1 - from.1) * d / length);
    let mut out = Vec::new();
    let mut d = 0.0;
    while d < length {
        out.push((at(d), at((d + 4.0).min(length))));
        d += 7.0;
    }
    out
}

fn mark(area: &Area<'_>, at: (f64, f64), series: usize, hollow: bool) -> Result<(), DrawError> {
    let role = Role::Series(series);
    let white = RGBColor(255, 255, 255);
    if series.is_multiple_of(4) {
        area.draw(&Circle::new(place(at), pixel(4.0), color(role).filled()))?;
        if hollow {
            area.draw(&Circle::new(place(at), pixel(2.6), white.filled()))?;
        }
        return Ok(());
    }
    let shape = |scale: f64| -> Vec<(i32, i32)> {
        outline(series % 4).iter().map(|p| place((at.0 + scale * p.0, at.1 + scale * p.1))).collect()
    };
    area.draw(&Polygon::new(shape(1.0), color(role).filled()))?;
    if hollow {
        area.draw(&Polygon::new(shape(0.55), white.filled()))?;
    }
    Ok(())
}

fn write(area: &Area<'_>, at: (f64, f64), anchor: Anchor, role: Role, size: f64, text: &str) -> Result<(), DrawError> {
    if text.is_empty() {
        return Ok(());
    }
    let h = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let ink = color(role);
    // plotters' sizes are of the em box of its own metric, a little larger than CSS's.
    let style = TextStyle::from((FAMILY, size * SCALE * 1.12).into_font()).color(&ink).pos(Pos::new(h, VPos::Center));
    // Its centre is of the whole line, descenders included; the letters' own is a little lower.
    area.draw(&Text::new(text.to_owned(), place((at.0, at.1 + 0.13 * size)), style))?;
    Ok(())
}
