//! LaTeX, to paste into a paper: paragraphs and tables, without a preamble.

use super::{Format, FormatError, Options, clean};
use crate::views::View;
use crate::views::document::{Block, Detail, Document, Section, Table};

/// See the module.
pub const FORMAT: Format = Format { name: "latex", about: "Paragraphs and tables for a paper", write: shown };

fn shown(view: &dyn View, _: &Options) -> Result<String, FormatError> {
    Ok(write(&view.document()))
}

/// Writes a document: its headline in bold, sentences as paragraphs, tables as `tabular`. What is on pages alone is left
/// out.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut out = format!("\\textbf{{{}}}\n", escape(&document.headline));
    if !document.lead.is_empty() {
        out.push_str(&format!("\n{}\n", escape(&document.lead.words())));
    }
    document.sections.iter().filter(|s| s.detail < Detail::Page).for_each(|s| section(&mut out, s));
    out.lines().flat_map(|line| [clean::start(line), "\n".to_owned()]).collect()
}

fn section(out: &mut String, section: &Section) {
    if !section.title.is_empty() {
        out.push_str(&format!("\n\\paragraph{{{}}}\n", escape(&section.title)));
    }
    for block in &section.blocks {
        match block {
            Block::Paragraph(text) => out.push_str(&format!("\n{}\n", escape(&text.words()))),
            Block::Statements(list) => {
                for s in list {
                    out.push_str(&format!("\n\\textbf{{{}}} {}\n", escape(&s.title), escape(&s.text.words())));
                }
            }
            Block::Facts(list) => {
                for (name, value) in list {
                    out.push_str(&format!("\n\\textbf{{{}}} {}\n", escape(name), escape(&value.words())));
                }
            }
            Block::Steps(list) => {
                for step in list {
                    let command = escape(&step.command);
                    out.push_str(&format!("\n{} \\texttt{{{command}}}\n", escape(&step.text.words())));
                }
            }
            Block::Table(t) => table(out, t),
            // Its numbers are in the tables.
            Block::Chart(_) => {}
            Block::Section(below) if below.detail < Detail::Page => self::section(out, below),
            Block::Section(_) => {}
        }
    }
}

fn table(out: &mut String, table: &Table) {
    let columns: String = table.columns.iter().map(|c| if c.right { 'r' } else { 'l' }).collect();
    let row = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    out.push_str(&format!("\n\\begin{{tabular}}{{{columns}}}\n\\hline\n"));
    out.push_str(&row(table.columns.iter().map(|c| escape(&c.name)).collect()));
    out.push_str("\\hline\n");
    for r in table.rows.iter().take(table.most) {
        out.push_str(&row(r.cells.iter().map(|c| escape(&c.words())).collect()));
    }
    if table.rows.len() > table.most {
        let more = table.rows.len() - table.most;
        out.push_str(&format!("\\multicolumn{{{}}}{{l}}{{and {more} more}} \\\\\n", table.columns.len()));
    }
    out.push_str("\\hline\n\\end{tabular}\n");
}

/// Text as LaTeX shows it: what would command is written out. Marks and signs that fonts of papers lack have commands.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in clean::line(text).chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                out.push('\\');
                out.push(c);
            }
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '±' => out.push_str("$\\pm$"),
            '→' => out.push_str("$\\rightarrow$"),
            '≈' => out.push_str("$\\approx$"),
            '≠' => out.push_str("$\\neq$"),
            '×' => out.push_str("$\\times$"),
            '−' => out.push_str("$-$"),
            '·' => out.push_str("$\\cdot$"),
            '…' => out.push_str("\\ldots{}"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::document::{Cell, Column, Tone};

    #[test]
    fn nothing_in_a_text_commands_the_typesetter() {
        let bad = "\\input{/etc/passwd} 50 % of $x_1$ & #2 ~ ^ {} \u{1b}[31m\n\\end{document}";
        let mut document = Document::new(Tone::Plain, bad);
        let mut section = Section::new("s", bad);
        section.text(bad);
        let mut table = Table::new("t", &[Column::text(bad), Column::number("n")]);
        table.push([Cell::text(bad), Cell::number("3e-7")]);
        section.table(table);
        document.push(section);
        let text = write(&document);
        assert!(!text.contains("\\input") && !text.contains("\\end{document}"), "no command: {text}");
        assert!(text.starts_with("\\textbf{\\textbackslash{}input"), "the headline is in bold: {text}");
        assert!(!text.contains('\u{1b}'), "no control character");
        assert!(text.contains("50 \\% of \\$x\\_1\\$ \\& \\#2"), "written out: {text}");
        assert!(text.contains("\\begin{tabular}{lr}"), "a table: {text}");
    }

    #[test]
    fn no_line_is_a_command_of_a_runner() {
        let bad = "::error title=x::y";
        let mut document = Document::new(Tone::Plain, "a headline");
        let mut section = Section::new("s", "");
        section.text(bad);
        let mut table = Table::new("t", &[Column::text(bad)]);
        table.push([Cell::text(bad)]);
        section.table(table);
        document.push(section);
        let text = write(&document);
        assert_eq!(text.matches(": :error title=x::y").count(), 3, "a paragraph, a head and a row: {text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    }
}
