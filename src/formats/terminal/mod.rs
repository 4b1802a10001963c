//! For people at a terminal: what matters first, in the columns that there are.

mod table;
mod wrap;

use anstyle::{AnsiColor, Style};

use super::{Format, FormatError, Options, clean};
use crate::views::View;
use crate::views::document::{Block, Detail, Document, Mark, Section, Statement, Text, Tone};

/// See the module.
pub const FORMAT: Format = Format { name: "table", about: "For people at a terminal", write: shown };

fn shown(view: &dyn View, options: &Options) -> Result<String, FormatError> {
    Ok(write(&view.document(), options))
}

/// The columns of the narrowest terminal that is written for.
const NARROWEST: usize = 40;

/// The lines of the lowest terminal that a first screen is written for, without that of the next prompt.
const LINES: usize = 23;

/// What a first screen of more than [`LINES`] lines does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tight {
    /// Nothing.
    No,
    /// Empty lines.
    Lines,
    /// Titles that a section can be read without, too.
    Titles,
}

/// One that is longer than this whatever it does without comes as it is.
const TALL: usize = 30;

/// Writes a document. What is on pages alone is left out, and without [`Options::full`] what is not on the first screen.
/// A first screen that does not fit in a low terminal comes without empty lines, and then without titles that can go.
#[must_use]
pub fn write(document: &Document, options: &Options) -> String {
    let loose = laid(document, options, Tight::No);
    let lines = |text: &String| text.lines().count();
    if options.full || lines(&loose) <= LINES {
        return loose;
    }
    let closer = laid(document, options, Tight::Lines);
    if lines(&closer) <= LINES {
        return closer;
    }
    let tightest = laid(document, options, Tight::Titles);
    if lines(&tightest) <= TALL { tightest } else { loose }
}

fn laid(document: &Document, options: &Options, tight: Tight) -> String {
    let mut out = Out { text: String::new(), width: options.width.max(NARROWEST), color: options.color, tight };
    let most = if options.full { Detail::Full } else { Detail::First };
    out.paragraph(0, style(document.tone).bold(), &wrap::words(&Text::plain(document.headline.as_str())));
    if !document.lead.is_empty() {
        out.paragraph(0, Style::new(), &wrap::words(&document.lead));
    }
    document.sections.iter().filter(|s| s.detail <= most).for_each(|s| out.section(s, most));
    out.text
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Tone::Plain => Style::new(),
        Tone::Broke => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Tone::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())),
    }
}

fn style_of(mark: Mark) -> Style {
    match mark {
        Mark::Within => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Mark::Unjudged => Style::new().fg_color(Some(AnsiColor::Magenta.into())),
        Mark::Skipped | Mark::Untested => Style::new().dimmed(),
        other => style(other.tone()),
    }
}

/// The text so far.
struct Out {
    text: String,
    width: usize,
    color: bool,
    tight: Tight,
}

impl Out {
    fn line(&mut self, line: &str) {
        self.text.push_str(&clean::start(line.trim_end()));
        self.text.push('\n');
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color && style != Style::new() && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Words in lines, after so many spaces.
    fn paragraph(&mut self, indent: usize, style: Style, words: &[String]) {
        for line in wrap::lines(words, self.width.saturating_sub(indent)) {
            let line = self.paint(style, &line);
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// Words after a lead, and below it in the same column.
    fn hanging(&mut self, lead: &str, painted: &str, words: &[String]) {
        let indent = wrap::width(lead);
        let lines = wrap::lines(words, self.width.saturating_sub(indent));
        if lines.is_empty() {
            self.line(painted);
        }
        for (i, line) in lines.iter().enumerate() {
            let start = if i == 0 { painted.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{start}{line}"));
        }
    }

    fn section(&mut self, section: &Section, most: Detail) {
        if self.tight == Tight::No {
            self.text.push('\n');
        }
        let spared = self.tight == Tight::Titles && section.spare_title;
        if !section.title.is_empty() && !spared {
            self.paragraph(0, Style::new().bold(), &wrap::words(&Text::plain(section.title.as_str())));
        }
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => self.paragraph(2, Style::new(), &wrap::words(text)),
                Block::Statements(list) => self.statements(list),
                Block::Facts(list) => self.facts(list),
                Block::Steps(list) => {
                    for step in list {
                        self.paragraph(2, Style::new(), &wrap::words(&step.text));
                        if !step.command.is_empty() {
                            // Never wrapped: a command is to be copied.
                            self.line(&format!("      {}", clean::line(&step.command)));
                        }
                    }
                }
                Block::Table(table) => self.table(table),
                // Its numbers are in the tables.
                Block::Chart(_) => {}
                Block::Section(below) if below.detail <= most => self.section(below, most),
                Block::Section(_) => {}
            }
        }
    }

    fn statements(&mut self, list: &[Statement]) {
        let widest = list.iter().map(|s| wrap::width(&clean::line(&s.title))).max().unwrap_or(0).min(24);
        for s in list {
            let title = clean::line(&s.title);
            let lead = if widest == 0 {
                format!("  {} ", s.mark.glyph())
            } else {
                format!("  {} {}  ", s.mark.glyph(), wrap::padded(&title, widest))
            };
            let painted = self.paint(style_of(s.mark), &lead);
            if wrap::width(&title) > widest && widest > 0 {
                // A title that is longer than the column stands above its text.
                self.line(&painted);
                self.paragraph(widest + 6, Style::new(), &wrap::words(&s.text));
                continue;
            }
            self.hanging(&lead, &painted, &wrap::words(&s.text));
        }
    }

    fn facts(&mut self, list: &[(String, Text)]) {
        let widest = list.iter().map(|f| wrap::width(&clean::line(&f.0))).max().unwrap_or(0).min(24);
        for (name, value) in list {
            let lead = format!("  {}  ", wrap::padded(&clean::line(name), widest));
            self.hanging(&lead, &lead, &wrap::words(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::document::{Cell, Column, Table};

    fn stripped(text: &str) -> String {
        let mut out = String::new();
        let mut escape = false;
        for c in text.chars() {
            match (escape, c) {
                (false, '\u{1b}') => escape = true,
                (false, c) => out.push(c),
                (true, 'm') => escape = false,
                (true, _) => {}
            }
        }
        out
    }

    fn document() -> Document {
        let mut document = Document::new(Tone::Bad, "a driver named \u{1b}[31mred\u{202e}");
        document.lead = Text::plain(
            "204 cases of 31 kernels on three adapters and the interpreter; 1,060 comparisons of output bits.",
        );
        let mut first = Section::new("held", "");
        first.statement(Mark::Holds, "Run to run", "The same bits in every run, in all 204 test problems on vulkan:0.");
        first.statement(Mark::Differs, "Configurations", "Differs in 5 of 204 on gl:0.");
        first.step(
            "See it again:",
            "repro-audit case 'sum/serial_tree?n=16777216&rows=1&dist=uniform&seed=7&wg=64&chunk=8'",
        );
        document.push(first);
        let mut table =
            Table::new("t", &[Column::text("case"), Column::text("what differs"), Column::number("max ulp")]);
        for i in 0..50 {
            table.push([
                Cell::case(format!("sum/serial_tree?n={i}&rows=1&dist=uniform&seed=7&wg=64")),
                Cell::text("the order of the additions is another one in each launch"),
                Cell::number("12"),
            ]);
        }
        let mut more = Section::new("more", "What differs").at(Detail::Full);
        more.table(table);
        document.push(more);
        document
    }

    #[test]
    fn lines_fit_but_for_what_is_copied() {
        for width in [50, 80, 120] {
            let text = write(&document(), &Options { width, full: true, color: false });
            for line in text.lines().filter(|l| !l.contains("repro-audit case") && !l.contains('?')) {
                assert!(wrap::width(line) <= width, "{width}: {line}");
            }
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "text steers nothing");
            assert!(text.contains("and 10 more; all are in --format json"), "what is left out is counted: {text}");
        }
    }

    #[test]
    fn the_first_screen_has_what_comes_first() {
        let text = write(&document(), &Options::default());
        assert!(text.contains("Differs in 5 of 204") && !text.contains("What differs"), "{text}");
    }

    #[test]
    fn colours_change_no_letter() {
        let plain = write(&document(), &Options { full: true, ..Options::default() });
        let coloured = write(&document(), &Options { full: true, color: true, ..Options::default() });
        assert_ne!(plain, coloured, "there are colours");
        assert_eq!(plain, stripped(&coloured), "and nothing else");
    }
}
