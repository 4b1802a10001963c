//! What a view says, before any format writes it: headline, sentences, findings, tables, charts, sections.
//!
//! A view is made of facts and yields a [`Document`]; a format writes one. Text here is plain: whatever a terminal, a
//! page or a spreadsheet would take for more than text is cleaned by the format, once, and never here.
//!
//! ```
//! use repro_audit::formats::{self, Options};
//! use repro_audit::views::document::{Cell, Column, Document, Mark, Section, Table, Text, Tone};
//!
//! let mut document = Document::new(Tone::Broke, "Differs in 5 of 204 cases");
//! document.lead = Text::plain("5 of 204 cases differ between the two records.");
//! let mut table = Table::new("changes", &[Column::text("case"), Column::number("max ulp")]);
//! table.push([Cell::case("sum/tree?n=1024&wg=64"), Cell::number("12")]);
//! let mut section = Section::new("changes", "Results that differ");
//! section.statement(Mark::Differs, "Configurations", "Differs in 5 of 204 on gl:0.");
//! section.table(table);
//! document.push(section);
//! assert!(formats::terminal::write(&document, &Options::default()).contains("Differs in 5 of 204 cases"));
//! ```

use serde::Serialize;

use super::chart::Chart;
pub use super::rows::{Rows, Value};
pub use super::table::{Cell, Column, Row, Table};

/// How a sentence is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It holds wherever it was tested.
    Good,
    /// Neither good nor bad; or nothing tested it.
    #[default]
    Plain,
    /// It does not hold, and that is allowed.
    Broke,
    /// Wrong, failed or invalid.
    Bad,
}

/// A sign before a sentence or in a table, with the word that screen readers and Markdown give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The same bits as the strict reference, in every run.
    BitExact,
    /// Other bits than the reference's, and allowed.
    Within,
    /// Other bits than the reference's, and what is allowed is not known.
    Unjudged,
    /// Runs differ.
    NotRepeatable,
    /// Forbidden by the specification.
    Outside,
    /// Not run, with a reason.
    Skipped,
    /// It should have run and did not.
    Failed,
    /// It holds.
    Holds,
    /// It does not hold.
    Differs,
    /// Nothing tested it.
    Untested,
    /// To be looked at first.
    Attention,
    /// To be known.
    Note,
}

impl Mark {
    /// Every mark.
    pub const ALL: [Self; 12] = [
        Self::BitExact,
        Self::Within,
        Self::Unjudged,
        Self::NotRepeatable,
        Self::Outside,
        Self::Skipped,
        Self::Failed,
        Self::Holds,
        Self::Differs,
        Self::Untested,
        Self::Attention,
        Self::Note,
    ];

    /// One letter wide.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::BitExact | Self::Holds => "✓",
            Self::Within => "≈",
            Self::Unjudged => "?",
            Self::NotRepeatable => "↯",
            Self::Outside | Self::Attention => "✗",
            Self::Skipped | Self::Untested => "–",
            Self::Failed | Self::Note => "!",
            Self::Differs => "≠",
        }
    }

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BitExact => "bit-exact",
            Self::Within => "within spec",
            Self::Unjudged => "not judged",
            Self::NotRepeatable => "not repeatable",
            Self::Outside => "outside spec",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Holds => "holds",
            Self::Differs => "differs",
            Self::Untested => "untested",
            Self::Attention => "attention",
            Self::Note => "note",
        }
    }

    /// The style class, and the value in tables for programs.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::BitExact => "bit-exact",
            Self::Within => "within-specification",
            Self::Unjudged => "unjudged",
            Self::NotRepeatable => "not-repeatable",
            Self::Outside => "outside-specification",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Holds => "holds",
            Self::Differs => "differs",
            Self::Untested => "untested",
            Self::Attention => "attention",
            Self::Note => "note",
        }
    }

    /// How it is coloured.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::BitExact | Self::Holds => Tone::Good,
            Self::Within | Self::Unjudged | Self::Skipped | Self::Untested | Self::Note => Tone::Plain,
            Self::NotRepeatable | Self::Differs => Tone::Broke,
            Self::Outside | Self::Failed | Self::Attention => Tone::Bad,
        }
    }
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// Words.
    Plain(String),
    /// Words that are found first.
    Strong(String),
    /// Something to type or to copy: an id, a command, a word of bits. Never wrapped.
    Code(String),
    /// An address elsewhere, written out. Formats show it as text and never follow it.
    Link(String),
}

impl Span {
    /// The words alone.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(t) | Self::Strong(t) | Self::Code(t) | Self::Link(t) => t,
        }
    }
}

/// A sentence or a few.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Text(pub Vec<Span>);

impl Text {
    /// Words.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into())])
    }

    /// Something to type or to copy.
    pub fn code(text: impl Into<String>) -> Self {
        Self(vec![Span::Code(text.into())])
    }

    /// Words and then something to type.
    pub fn then_code(text: impl Into<String>, code: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into()), Span::Plain(" ".to_owned()), Span::Code(code.into())])
    }

    /// The words alone.
    #[must_use]
    pub fn words(&self) -> String {
        self.0.iter().map(Span::text).collect()
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|s| s.text().is_empty())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

/// Where something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// Everywhere: the first screen of a terminal, the step summary, the page.
    #[default]
    First,
    /// Where there is room: a terminal asked for all of it, a step summary, the page.
    Full,
    /// On the page alone.
    Page,
}

/// A document.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Document {
    /// How the headline is to be taken.
    pub tone: Tone,
    /// The one sentence that a reader must not miss, without a full stop.
    pub headline: String,
    /// What was looked at, in a sentence.
    pub lead: Text,
    /// The parts, in reading order.
    pub sections: Vec<Section>,
    /// What is to be acted on, one by one, for JUnit and annotations. What people read of them is in the sections.
    pub findings: Vec<Finding>,
    /// What it is about, below everything: record, machine, program.
    pub about: Vec<(String, String)>,
}

impl Document {
    /// A document with its headline.
    pub fn new(tone: Tone, headline: impl Into<String>) -> Self {
        Self { tone, headline: headline.into(), ..Self::default() }
    }

    /// Adds a section, unless nothing is in it.
    pub fn push(&mut self, section: Section) {
        if !section.blocks.is_empty() {
            self.sections.push(section);
        }
    }

    /// The tables of all sections, in reading order.
    pub fn tables(&self) -> Vec<&Table> {
        let mut out = Vec::new();
        self.sections.iter().for_each(|s| s.tables(&mut out));
        out
    }

    /// The charts of all sections, in reading order.
    pub fn charts(&self) -> Vec<&Chart> {
        let mut out = Vec::new();
        self.sections.iter().for_each(|s| s.charts(&mut out));
        out
    }
}

/// A part of a document.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Section {
    /// The anchor, unique in the document.
    pub id: String,
    /// The title; empty for what follows the headline at once.
    pub title: String,
    /// Where it is shown.
    pub detail: Detail,
    /// Whether a page shows the title alone until it is opened.
    pub folded: bool,
    /// Whether it can be read without its title: a first screen that has no room leaves the title out.
    pub spare_title: bool,
    /// What is in it.
    pub blocks: Vec<Block>,
}

impl Section {
    /// An empty section, shown everywhere.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), ..Self::default() }
    }

    /// The same, shown where this says.
    #[must_use]
    pub fn at(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// The same, which can be read without its title.
    #[must_use]
    pub fn with_spare_title(mut self) -> Self {
        self.spare_title = true;
        self
    }

    /// The same, folded on a page.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    /// Adds a paragraph, unless it says nothing.
    pub fn text(&mut self, text: impl Into<Text>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// Adds a sentence with a mark and a title of a few words. Those that follow one another form a list.
    pub fn statement(&mut self, mark: Mark, title: impl Into<String>, text: impl Into<Text>) {
        let statement = Statement { mark, title: title.into(), text: text.into() };
        match self.blocks.last_mut() {
            Some(Block::Statements(list)) => list.push(statement),
            _ => self.blocks.push(Block::Statements(vec![statement])),
        }
    }

    /// Adds a name and its value. Those that follow one another form a list.
    pub fn fact(&mut self, name: impl Into<String>, value: impl Into<Text>) {
        let fact = (name.into(), value.into());
        match self.blocks.last_mut() {
            Some(Block::Facts(list)) => list.push(fact),
            _ => self.blocks.push(Block::Facts(vec![fact])),
        }
    }

    /// Adds something to do, and the command for it.
    pub fn step(&mut self, text: impl Into<Text>, command: impl Into<String>) {
        let step = Step { text: text.into(), command: command.into() };
        match self.blocks.last_mut() {
            Some(Block::Steps(list)) => list.push(step),
            _ => self.blocks.push(Block::Steps(vec![step])),
        }
    }

    /// Adds a table, unless it has no rows.
    pub fn table(&mut self, table: Table) {
        if !table.rows.is_empty() {
            self.blocks.push(Block::Table(table));
        }
    }

    /// Adds a chart.
    pub fn chart(&mut self, chart: Chart) {
        self.blocks.push(Block::Chart(Box::new(chart)));
    }

    /// Adds a section below this one, unless nothing is in it.
    pub fn push(&mut self, section: Section) {
        if !section.blocks.is_empty() {
            self.blocks.push(Block::Section(section));
        }
    }

    fn tables<'a>(&'a self, out: &mut Vec<&'a Table>) {
        for block in &self.blocks {
            match block {
                Block::Table(table) => out.push(table),
                Block::Section(section) => section.tables(out),
                _ => {}
            }
        }
    }

    fn charts<'a>(&'a self, out: &mut Vec<&'a Chart>) {
        for block in &self.blocks {
            match block {
                Block::Chart(chart) => out.push(chart),
                Block::Section(section) => section.charts(out),
                _ => {}
            }
        }
    }
}

/// Something in a section.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// A paragraph.
    Paragraph(Text),
    /// Sentences with marks.
    Statements(Vec<Statement>),
    /// Names and values.
    Facts(Vec<(String, Text)>),
    /// What to do.
    Steps(Vec<Step>),
    /// A table.
    Table(Table),
    /// A chart, as data.
    Chart(Box<Chart>),
    /// A section below this one.
    Section(Section),
}

/// A sentence with a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The mark.
    pub mark: Mark,
    /// A title of a few words.
    pub title: String,
    /// The sentence.
    pub text: Text,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What, and why.
    pub text: Text,
    /// The command, for a POSIX shell.
    pub command: String,
}

/// How much a finding matters, for tools that act on findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// As it should be.
    Pass,
    /// Not run, as was expected.
    Skipped,
    /// To be known.
    Note,
    /// To be looked at.
    Warning,
    /// Beyond what is allowed.
    Failure,
    /// It could not be judged.
    Error,
}

/// One thing that a tool acts on: a test of JUnit's, an annotation of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// Its kind, as in the documentation: `digest-changed`.
    pub kind: String,
    /// What its kind means, in a sentence.
    pub meaning: String,
    /// The engine; empty for what is about none.
    pub engine: String,
    /// Where several engines or records gave the case, which; empty otherwise.
    pub on: String,
    /// The case; empty for what is about none.
    pub case: String,
    /// What happened, in one line.
    pub text: String,
    /// Names and values: what was expected, what was found.
    pub values: Vec<(String, String)>,
    /// The file and the line, from 1, that it is about.
    pub place: Option<(String, u32)>,
}

impl Finding {
    /// One that is about no line of a file.
    pub fn new(
        weight: Weight,
        kind: &str,
        engine: impl Into<String>,
        case: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            weight,
            kind: kind.to_owned(),
            meaning: String::new(),
            engine: engine.into(),
            on: String::new(),
            case: case.into(),
            text: text.into(),
            values: Vec::new(),
            place: None,
        }
    }
}
