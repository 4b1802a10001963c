//! GitHub's Markdown, for a step summary, an issue or a pull request.

use super::{Format, FormatError, Options, clean};
use crate::views::View;
use crate::views::document::{Block, Cell, Detail, Document, Section, Span, Table, Text};

/// See the module.
pub const FORMAT: Format =
    Format { name: "markdown", about: "For pull requests and step summaries, under 60 kB", write: shown };

/// GitHub refuses a step summary beyond 1 MiB and an issue beyond 64 KiB; this fits both.
pub const MAX_BYTES: usize = 60_000;
/// Room for what is said of what was left out.
const FOOT: usize = 400;

fn shown(view: &dyn View, _: &Options) -> Result<String, FormatError> {
    Ok(write(&view.document()))
}

/// Writes a document, at most [`MAX_BYTES`] long. What is on pages alone is left out. What does not fit is left out by whole
/// rows and paragraphs, from the end, and counted.
#[must_use]
pub fn write(document: &Document) -> String {
    let about: Vec<String> =
        document.about.iter().map(|(name, value)| format!("{} {}", escape(name), code(value))).collect();
    let about = if about.is_empty() { String::new() } else { format!("<sub>{}</sub>\n", about.join(" · ")) };
    let mut out = Out { text: String::new(), room: MAX_BYTES.saturating_sub(about.len() + FOOT), left_out: 0 };
    out.push(&format!("## {}\n\n", escape(&document.headline)));
    if !document.lead.is_empty() {
        out.push(&format!("{}\n\n", text(&document.lead)));
    }
    document.sections.iter().for_each(|s| section(&mut out, s, 3));
    let mut text = out.text;
    if out.left_out > 0 {
        let n = crate::model::words::plural(out.left_out, "row");
        text.push_str(&format!("\n*Shortened by {n}; `--format json` and the files of the report have all.*\n\n"));
    }
    text.push_str(&about);
    text
}

/// The text so far.
struct Out {
    text: String,
    room: usize,
    left_out: usize,
}

impl Out {
    /// Adds what fits whole. After the first piece that does not fit, nothing more is added: what matters most comes first.
    fn push(&mut self, piece: &str) {
        let piece = &clean::start(piece);
        if self.left_out > 0 || self.text.len() + piece.len() > self.room {
            self.left_out += usize::from(!piece.trim().is_empty());
        } else {
            self.text.push_str(piece);
        }
    }
}

fn section(out: &mut Out, section: &Section, level: usize) {
    if section.detail > Detail::Full {
        return;
    }
    if !section.title.is_empty() {
        out.push(&format!("{} {}\n\n", "#".repeat(level.min(6)), escape(&section.title)));
    }
    for block in &section.blocks {
        match block {
            Block::Paragraph(paragraph) => out.push(&format!("{}\n\n", text(paragraph))),
            Block::Statements(list) => {
                for s in list {
                    let title = if s.title.is_empty() { String::new() } else { format!("**{}** ", escape(&s.title)) };
                    out.push(&format!("- {} {title}({}): {}\n", s.mark.glyph(), s.mark.word(), text(&s.text)));
                }
                out.push("\n");
            }
            Block::Facts(list) => {
                list.iter().for_each(|(name, value)| out.push(&format!("- {}: {}\n", escape(name), text(value))));
                out.push("\n");
            }
            Block::Steps(list) => {
                for step in list {
                    let command =
                        if step.command.is_empty() { String::new() } else { format!(" {}", code(&step.command)) };
                    out.push(&format!("- {}{command}\n", text(&step.text)));
                }
                out.push("\n");
            }
            Block::Table(rows) => table(out, rows),
            // Its numbers are in the tables.
            Block::Chart(_) => {}
            Block::Section(below) => self::section(out, below, level + 1),
        }
    }
}

fn table(out: &mut Out, table: &Table) {
    let rows = &table.rows[..table.rows.len().min(table.most)];
    let head: Vec<String> = table.columns.iter().map(|c| escape(&c.name)).collect();
    let rule: String = table.columns.iter().map(|c| if c.right { "--:|" } else { "---|" }).collect();
    out.push(&format!("| {} |\n|{rule}\n", head.join(" | ")));
    for row in rows {
        let cells: Vec<String> = (0..head.len()).map(|i| row.cells.get(i).map(cell).unwrap_or_default()).collect();
        out.push(&format!("| {} |\n", cells.join(" | ")));
    }
    if table.rows.len() > rows.len() {
        let more = crate::model::words::count((table.rows.len() - rows.len()) as u64);
        let rest = if table.rest.is_empty() { String::new() } else { format!("; {}", escape(&table.rest)) };
        out.push(&format!("\n… and {more} more{rest}.\n"));
    }
    out.push("\n");
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(words) => text(words),
        Cell::Case { id, .. } => code(id),
        other => escape(&other.words()),
    }
}

fn text(text: &Text) -> String {
    text.0
        .iter()
        .map(|span| match span {
            Span::Plain(words) | Span::Link(words) => escape(words),
            Span::Strong(words) => format!("**{}**", escape(words)),
            Span::Code(words) => code(words),
        })
        .collect()
}

/// Text for a paragraph or a table's cell: what Markdown or HTML would take for markup is escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean::line(&text.replace(['\n', '\r', '\t'], " ")).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '@' => out.push_str("&#64;"),
            '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Code, in a table's cell too. `<code>` and not backticks, in which a bar cannot be escaped.
#[must_use]
pub fn code(text: &str) -> String {
    let escaped: String = clean::line(text)
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '|' => "&#124;".to_owned(),
            '`' => "&#96;".to_owned(),
            '*' => "&#42;".to_owned(),
            '_' => "&#95;".to_owned(),
            '[' => "&#91;".to_owned(),
            ']' => "&#93;".to_owned(),
            '@' => "&#64;".to_owned(),
            '\\' => "&#92;".to_owned(),
            '~' => "&#126;".to_owned(),
            '#' => "&#35;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("<code>{escaped}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::document::{Column, Tone};

    #[test]
    fn a_table_stays_whole_and_hostile_text_stays_text() {
        let mut document = Document::new(Tone::Plain, "a <b>\u{1b}[31m @team #1 ![x](y)");
        let mut table = Table::new("rows", &[Column::text("name"), Column::text("value")]).most(3000);
        (0..4000).for_each(|i| table.push([Cell::text(format!("row {i} | x")), Cell::code("y|`".repeat(9))]));
        let mut section = Section::new("rows", "Rows");
        section.table(table);
        document.push(section);
        let written = write(&document);
        assert!(written.len() <= MAX_BYTES, "{} bytes", written.len());
        assert!(
            written.contains("Shortened by 2,") && !written.contains("<b>"),
            "what does not fit is counted: {written}"
        );
        assert!(written.lines().filter(|l| l.starts_with("| row")).all(|l| l.matches('|').count() == 3), "whole rows");
        assert!(!written.contains("@team") && !written.contains("![x]"), "nobody is called, nothing is loaded");
    }
}
