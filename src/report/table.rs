//! The summary for a terminal: verdict first, the next commands last. Plain ANSI colours where wanted.

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, LineStyle, Table, presets};

use super::text;
use super::view::{Cell, KernelRows, Tone, View};
use crate::record::{Record, Status};

/// Columns that every line but a case id fits in.
const WIDTH: usize = 110;
/// Drifts that are listed.
const DRIFTS: usize = 8;
/// More engines than this are shown by glyph alone.
const WORDY: usize = 4;

/// The terminal summary. `color` writes ANSI escapes; text from drivers never carries any.
#[must_use]
pub fn table(record: &Record, color: bool) -> String {
    let view = View::new(record);
    let mut out = Text { lines: Vec::new(), color };
    headline(&mut out, &view);
    engines(&mut out, &view);
    matrix(&mut out, &view);
    drifts(&mut out, &view);
    reasons(&mut out, &view);
    next(&mut out, &view);
    let mut text = out.lines.join("\n");
    text.push('\n');
    text
}

struct Text {
    lines: Vec<String>,
    color: bool,
}

impl Text {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn heading(&mut self, title: &str) {
        self.line("");
        let title = self.paint(Style::new().bold(), title);
        self.line(title);
    }

    /// Words wrapped to the width, the first line after `first` and the others after as many spaces.
    fn wrapped(&mut self, first: &str, styled: &str, text: &str) {
        let indent = first.chars().count();
        let mut line = String::new();
        let mut lead = styled.to_owned();
        for word in text.split(' ') {
            if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.lines.push(format!("{lead}{line}"));
                lead = " ".repeat(indent);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.lines.push(format!("{lead}{line}"));
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn color_of(status: Status) -> Style {
    let color = match status {
        Status::BitExact => AnsiColor::Green,
        Status::WithinSpecification => AnsiColor::Cyan,
        Status::NotRepeatable => AnsiColor::Yellow,
        Status::OutsideSpecification | Status::Failed => AnsiColor::Red,
        Status::Skipped => return Style::new().dimmed(),
    };
    Style::new().fg_color(Some(color.into()))
}

fn color_of_tone(tone: Tone) -> Style {
    let color = match tone {
        Tone::Held => AnsiColor::Green,
        Tone::Untested => return Style::new().dimmed(),
        Tone::Broke => AnsiColor::Yellow,
        Tone::Bad => AnsiColor::Red,
    };
    Style::new().fg_color(Some(color.into()))
}

fn headline(out: &mut Text, view: &View) {
    let title = out.paint(color_of_tone(view.headline.tone).bold(), &text::printable(&view.headline.title));
    out.line(title);
    out.wrapped("", "", &view.headline.lead);
    out.line("");
    for s in &view.headline.statements {
        let first = format!("  {} {:<20} ", s.glyph, s.title);
        let styled = out.paint(color_of_tone(s.tone), &first);
        out.wrapped(&first, &styled, &text::printable(&s.text));
    }
}

fn engines(out: &mut Text, view: &View) {
    out.heading("Engines");
    let widest = view.engines.iter().map(|e| e.id.chars().count()).max().unwrap_or(0);
    for engine in &view.engines {
        let state = if engine.complete { String::new() } else { format!(" — {}", engine.state) };
        let first = format!("  {:<widest$}  ", text::printable(&engine.id));
        out.wrapped(&first, &first, &text::printable(&format!("{}{state}", engine.label)));
    }
}

/// A kernel's variants that look the same on every engine, as one row.
fn collapsed(kernel: &KernelRows) -> Vec<(Vec<String>, &[Cell])> {
    let mut rows: Vec<(Vec<String>, &[Cell])> = Vec::new();
    for row in &kernel.rows {
        let same = rows.iter_mut().find(|(_, cells)| {
            cells.len() == row.cells.len()
                && cells.iter().zip(&row.cells).all(|(a, b)| a.engine == b.engine && a.status == b.status)
        });
        match same {
            Some((names, _)) => names.push(row.variant.clone()),
            None => rows.push((vec![row.variant.clone()], &row.cells)),
        }
    }
    rows
}

fn matrix(out: &mut Text, view: &View) {
    if view.columns.is_empty() {
        return;
    }
    out.heading("What each kernel's variants did on each engine (the worst of their cases)");
    let wordy = view.columns.len() <= WORDY;
    let mut table = Table::new();
    // Rules above and below, none between rows: the table is long enough.
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(WIDTH).unwrap_or(u16::MAX));
    let mut header = vec!["kernel".to_owned(), "variants".to_owned()];
    header.extend(view.columns.iter().map(|c| text::printable(c)));
    table.set_header(header);
    for kernel in &view.kernels {
        for (i, (names, cells)) in collapsed(kernel).into_iter().enumerate() {
            let mut row = vec![if i == 0 { kernel.kernel.clone() } else { String::new() }, names.join(", ")];
            row.extend(view.columns.iter().map(|id| {
                cells.iter().find(|c| c.engine == *id).map_or_else(String::new, |c| {
                    if wordy { format!("{} {}", c.glyph, c.word) } else { c.glyph.to_owned() }
                })
            }));
            table.add_row(row);
        }
    }
    let mut text = table.trim_fmt();
    if out.color {
        // The table is laid out plain, because escapes would count as width; the cells are coloured afterwards.
        for (status, _) in text::STATUSES {
            let plain = if wordy {
                format!("{} {}", text::glyph(status), text::word(status))
            } else {
                format!(" {} ", text::glyph(status))
            };
            let painted = out.paint(color_of(status), &plain);
            text = text.replace(&plain, &painted);
        }
    }
    out.line(text);
    if !wordy {
        let legend: Vec<_> =
            text::STATUSES.iter().map(|(s, _)| format!("{} {}", text::glyph(*s), text::word(*s))).collect();
        out.line(format!("  {}", legend.join("   ")));
    }
}

fn drifts(out: &mut Text, view: &View) {
    if view.drifts.is_empty() {
        return;
    }
    out.heading("Worst drift of each kernel, variant and axis");
    for drift in view.drifts.iter().take(DRIFTS) {
        let status = out.paint(color_of_class(drift.class), drift.glyph);
        // Never wrapped: an id is to be copied.
        out.line(format!("  {status} {}", text::printable(&drift.case)));
        let c = &drift.comparison;
        let said = format!(
            "{}: {} → {}; max {} ulp, {} of {} differ; {}",
            c.axis, c.left, c.right, c.max_ulp, c.fraction, c.elements, c.because
        );
        out.wrapped("      ", "      ", &text::printable(&said));
    }
    if view.drifts.len() > DRIFTS {
        out.line(format!("    and {} more in the report", view.drifts.len() - DRIFTS));
    }
}

fn color_of_class(class: &str) -> Style {
    text::STATUSES.iter().find(|(s, _)| text::class(*s) == class).map_or_else(Style::new, |(s, _)| color_of(*s))
}

fn reasons(out: &mut Text, view: &View) {
    for (title, reasons) in [("Failures", &view.failures), ("Skipped", &view.skips)] {
        if reasons.is_empty() {
            continue;
        }
        out.heading(title);
        for reason in reasons.iter() {
            let cases =
                if reason.cases == 0 { String::new() } else { format!(" ({})", text::plural(reason.cases, "case")) };
            let said = format!("{}: {}{cases}: {}", reason.engine, reason.reason, reason.variants);
            out.wrapped("  ", "  ", &text::printable(&said));
        }
    }
}

fn next(out: &mut Text, view: &View) {
    out.heading("Next");
    for action in view.headline.actions.iter().take(4) {
        out.wrapped("  ", "  ", &text::printable(&action.text));
        out.line(format!("      {}", text::printable(&action.command)));
    }
    out.line("  Everything, with charts: index.html in the output folder, or of any record:");
    out.line("      repro-audit report record.json --out report");
}
