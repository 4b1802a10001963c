//! The summary for a terminal: verdict first, the next commands last. Plain ANSI colours where wanted.

use anstyle::{AnsiColor, Style};

use super::text;
use super::view::{Cell, KernelRows, Tone, View};
use crate::record::{Record, Status};

/// Columns that every line but a case id fits in.
const WIDTH: usize = 110;
/// Drifts that are listed.
const DRIFTS: usize = 8;

/// The terminal summary. `color` writes ANSI escapes; text from drivers never carries any.
#[must_use]
pub fn table(record: &Record, color: bool) -> String {
    let view = View::new(record);
    let mut out = Text { lines: Vec::new(), color };
    headline(&mut out, &view, &record.notes);
    engines(&mut out, &view);
    matrix(&mut out, &view);
    findings(&mut out, &view);
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
        Status::Unjudged => AnsiColor::Magenta,
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

fn headline(out: &mut Text, view: &View, notes: &[String]) {
    let title = out.paint(color_of_tone(view.headline.tone).bold(), &text::printable(&view.headline.title));
    out.line(title);
    out.wrapped("", "", &view.headline.lead);
    out.line("");
    for s in &view.headline.statements {
        let first = format!("  {} {:<20} ", s.glyph, s.title);
        let styled = out.paint(color_of_tone(s.tone), &first);
        out.wrapped(&first, &styled, &text::printable(&s.text));
    }
    for note in notes {
        out.wrapped("  ! Note                 ", "  ! Note                 ", &text::printable(note));
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

/// A kernel's variants with the same statuses on every engine, as one row: a fraction of cases is not shown here.
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

/// Names in lines of at most `width`, broken at commas alone; a name that is longer has a line of its own.
fn at_commas(names: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let piece = if i + 1 < names.len() { format!("{name},") } else { name.clone() };
        match lines.last_mut() {
            Some(line) if wide(line) + 1 + wide(&piece) <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

fn wide(text: &str) -> usize {
    text.chars().count()
}

/// The matrix, laid out so that no word is broken: engines that do not fit beside one another follow in a block of
/// their own.
fn matrix(out: &mut Text, view: &View) {
    if view.columns.is_empty() {
        return;
    }
    out.heading("What each kernel's variants did on each engine (the worst of their cases)");
    let kernel = view.kernels.iter().map(|k| wide(&text::printable(&k.kernel))).max().unwrap_or(0).max("kernel".len());
    let variant = view.kernels.iter().flat_map(|k| &k.rows).map(|r| wide(&text::printable(&r.variant)) + 1).max();
    let variant = variant.unwrap_or(0).max("variants".len());
    let said = |c: &Cell, wordy: bool| if wordy { format!("{} {}", c.glyph, c.word) } else { c.glyph.to_owned() };
    let widths = |wordy: bool| -> Vec<usize> {
        let cells = |id: &str| {
            let rows = view.kernels.iter().flat_map(|k| &k.rows).flat_map(|r| &r.cells);
            rows.filter(|c| c.engine == id).map(|c| wide(&said(c, wordy))).max().unwrap_or(0)
        };
        // A header is wrapped at its spaces.
        let word = |id: &str| id.split(' ').map(wide).max().unwrap_or(0);
        view.columns.iter().map(|id| cells(id).max(word(&text::printable(id)))).collect()
    };
    let left = WIDTH.saturating_sub(2 + kernel + 2 + variant);
    let fits = |widths: &[usize]| widths.iter().map(|w| w + 2).sum::<usize>() <= left;
    let wordy = fits(&widths(true));
    let widths = widths(wordy);
    let mut from = 0;
    while from < widths.len() {
        let mut to = from + 1;
        while to < widths.len() && fits(&widths[from..=to]) {
            to += 1;
        }
        // What the engines leave free is the variants'.
        let used: usize = widths[from..to].iter().map(|w| w + 2).sum();
        let variant = variant.max(WIDTH.saturating_sub(2 + kernel + 2 + used)).min(44);
        block(out, view, &view.columns[from..to], &widths[from..to], [kernel, variant], &|c| said(c, wordy));
        from = to;
    }
    if !wordy {
        let legend: Vec<_> =
            text::STATUSES.iter().map(|(s, _)| format!("{} {}", text::glyph(*s), text::word(*s))).collect();
        out.line(format!("  {}", legend.join("   ")));
    }
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(wide(text))))
}

fn block(
    out: &mut Text,
    view: &View,
    columns: &[String],
    widths: &[usize],
    [kernel, variant]: [usize; 2],
    said: &dyn Fn(&Cell) -> String,
) {
    let headers: Vec<Vec<String>> = columns
        .iter()
        .zip(widths)
        .map(|(id, width)| {
            let mut lines: Vec<String> = Vec::new();
            for word in text::printable(id).split(' ') {
                match lines.last_mut() {
                    Some(line) if wide(line) + 1 + wide(word) <= *width => {
                        line.push(' ');
                        line.push_str(word);
                    }
                    _ => lines.push(word.to_owned()),
                }
            }
            lines
        })
        .collect();
    let high = headers.iter().map(Vec::len).max().unwrap_or(1);
    let rule = 4 + kernel + variant + widths.iter().map(|w| w + 2).sum::<usize>();
    for i in 0..high {
        let (k, v) = if i + 1 == high { ("kernel", "variants") } else { ("", "") };
        let mut line = format!("  {}  {}", padded(k, kernel), padded(v, variant));
        for (header, width) in headers.iter().zip(widths) {
            // Headers stand on the rule, whatever their number of lines.
            let word = (i + header.len()).checked_sub(high).and_then(|at| header.get(at)).map_or("", String::as_str);
            line.push_str(&format!("  {}", padded(word, *width)));
        }
        let line = out.paint(Style::new().dimmed(), line.trim_end());
        out.line(line);
    }
    let line = out.paint(Style::new().dimmed(), &format!("  {}", "─".repeat(rule - 2)));
    out.line(line);
    for rows in &view.kernels {
        for (i, (names, cells)) in collapsed(rows).into_iter().enumerate() {
            let names: Vec<String> = names.iter().map(|n| text::printable(n)).collect();
            for (j, line) in at_commas(&names, variant).into_iter().enumerate() {
                let name = if i + j == 0 { text::printable(&rows.kernel) } else { String::new() };
                let mut line = format!("  {}  {}", padded(&name, kernel), padded(&line, variant));
                for (id, width) in columns.iter().zip(widths).filter(|_| j == 0) {
                    let found = cells.iter().find(|c| c.engine == *id);
                    let plain = found.map(said).unwrap_or_default();
                    let gap = " ".repeat(width.saturating_sub(wide(&plain)));
                    let cell = found.map_or_else(String::new, |c| out.paint(color_of(c.status), &plain));
                    line.push_str(&format!("  {cell}{gap}"));
                }
                out.line(line.trim_end());
            }
        }
    }
}

fn findings(out: &mut Text, view: &View) {
    if view.findings.is_empty() {
        return;
    }
    out.heading("Findings: what the embedded interpreter noticed of the shaders");
    for finding in &view.findings {
        let glyph = out.paint(color_of_class(finding.class), finding.glyph);
        out.line(format!("  {glyph} {} in {}, on {}", finding.kind, text::printable(&finding.place()), finding.engine));
        // Never wrapped: an id is to be copied.
        out.line(format!("      {}", text::printable(&finding.case)));
        out.wrapped("      ", "      ", &text::printable(&finding.said()));
    }
}

fn drifts(out: &mut Text, view: &View) {
    if view.drifts.is_empty() {
        return;
    }
    out.heading("Worst drift of each kernel's variants");
    for drift in view.drifts.iter().take(DRIFTS) {
        let status = out.paint(color_of_class(drift.class), drift.glyph);
        // Never wrapped: an id is to be copied.
        out.line(format!("  {status} {}", text::printable(&drift.case)));
        let c = &drift.comparison;
        let said = format!(
            "{}: {} → {}; max {} ulp, {} of {} differ; {}.{}",
            c.axis,
            c.left,
            c.right,
            c.max_ulp,
            c.fraction,
            c.elements,
            c.because,
            if drift.others.is_empty() {
                String::new()
            } else {
                format!(" Also differs by {}.", drift.others.join(", "))
            }
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
    if view.headline.actions.is_empty() {
        return;
    }
    out.heading("Next");
    for action in view.headline.actions.iter().take(4) {
        out.wrapped("  ", "  ", &text::printable(&action.text));
        out.line(format!("      {}", text::printable(&action.command)));
    }
}
