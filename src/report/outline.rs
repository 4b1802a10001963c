//! A short document of paragraphs and tables, written for a terminal or as Markdown.

use super::markdown::{MAX_BYTES, escape};
use super::text::{count, printable};

/// A part of a document.
#[derive(Debug)]
pub(super) enum Part {
    /// A paragraph.
    Text(String),
    /// The title of what follows.
    Heading(&'static str),
    /// A table, and how many more rows there are.
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>>, more: usize },
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

impl Outline {
    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Text(text.into()));
    }

    /// A table with its heading; nothing where it has no rows.
    pub(super) fn table(&mut self, heading: &'static str, head: &[&'static str], rows: Vec<Vec<String>>, most: usize) {
        if rows.is_empty() {
            return;
        }
        self.parts.push(Part::Heading(heading));
        let more = rows.len().saturating_sub(most);
        let rows = rows.into_iter().take(most).collect();
        self.parts.push(Part::Table { head: head.to_vec(), rows, more });
    }

    /// For a terminal.
    pub(super) fn terminal(&self) -> String {
        let mut out = format!("{}\n", printable(&self.title));
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(&format!("{}\n", printable(text))),
                Part::Heading(title) => out.push_str(&format!("\n{title}\n")),
                Part::Table { head, rows, more } => {
                    let rows: Vec<Vec<String>> =
                        rows.iter().map(|r| r.iter().map(|c| printable(c)).collect()).collect();
                    let width = |i: usize| {
                        let cells = rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count());
                        cells.chain([head[i].chars().count()]).max().unwrap_or(0)
                    };
                    let widths: Vec<usize> = (0..head.len()).map(width).collect();
                    let line = |cells: &[String]| {
                        let padded = cells.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}"));
                        format!("  {}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
                    };
                    out.push_str(&line(&head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>()));
                    rows.iter().for_each(|r| out.push_str(&line(r)));
                    if *more > 0 {
                        out.push_str(&format!("  … and {} more; all are in --format json\n", count(*more as u64)));
                    }
                }
            }
        }
        out
    }

    /// As GitHub Markdown, at most 60 kB: what does not fit is left out by whole rows.
    pub(super) fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n", escape(&self.title));
        let mut dropped = false;
        let mut push = |out: &mut String, line: &str| {
            if out.len() + line.len() + 200 > MAX_BYTES {
                dropped = true;
            } else {
                out.push_str(line);
            }
        };
        for part in &self.parts {
            match part {
                Part::Text(text) => push(&mut out, &format!("{}\n\n", escape(text))),
                Part::Heading(title) => push(&mut out, &format!("### {title}\n\n")),
                Part::Table { head, rows, more } => {
                    push(&mut out, &format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len())));
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|c| escape(c)).collect();
                        push(&mut out, &format!("| {} |\n", cells.join(" | ")));
                    }
                    let rest = if *more > 0 {
                        format!("\n… and {} more.\n\n", count(*more as u64))
                    } else {
                        "\n".to_owned()
                    };
                    push(&mut out, &rest);
                }
            }
        }
        if dropped {
            out.push_str("*Shortened; `--format json` has all of it.*\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stays_whole_and_hostile_text_stays_text() {
        let mut outline = Outline { title: "a <b>\u{1b}[31m".to_owned(), parts: Vec::new() };
        let rows = (0..4000).map(|i| vec![format!("row {i} | x"), "y".repeat(20)]).collect();
        outline.table("Rows", &["name", "value"], rows, 3000);
        let markdown = outline.markdown();
        assert!(markdown.len() <= MAX_BYTES, "{} bytes", markdown.len());
        assert!(markdown.contains("Shortened") && !markdown.contains("<b>"), "what does not fit is told");
        assert!(markdown.lines().filter(|l| l.starts_with("| row")).all(|l| l.matches('|').count() == 3), "whole rows");
        let text = outline.terminal();
        assert!(!text.contains('\u{1b}') && text.contains("and 1,000 more"), "printable, and counted");
    }
}
