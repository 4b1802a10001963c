//! One page that opens offline: no request, no script but its own, and readable without that.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Format, FormatError, Options, charts, clean, markdown};
use crate::views::View;
use crate::views::chart::Chart;
use crate::views::document::{Block, Cell, Detail, Document, Mark, Row, Section, Span, Table, Text, Tone};

/// See the module.
pub const FORMAT: Format = Format { name: "html", about: "A page that opens offline", write: shown };

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Rows of a chart's table.
const CHART_ROWS: usize = 120;

fn shown(view: &dyn View, _: &Options) -> Result<String, FormatError> {
    Ok(write(&view.document()))
}

/// Writes a document as a page.
#[must_use]
pub fn write(document: &Document) -> String {
    let nonce = nonce(document);
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri 'none'; \
         form-action 'none'"
    );
    let (first, rest): (Vec<&Section>, Vec<&Section>) = document.sections.iter().partition(|s| s.title.is_empty());
    // A print is the answer and what shows it; the rest is for a screen, unless it is asked for.
    let page: Vec<String> = rest.iter().filter(|s| s.detail == Detail::Page).map(|s| line(&s.title)).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (line(&document.headline)) " · repro-audit" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#verdict" { "Skip to the verdict" }
                header.top {
                    p.brand { b { "repro-audit" } @for (name, value) in document.about.iter().take(2) { span { (line(name)) " " code { (line(value)) } } } }
                    (navigation(&rest))
                }
                main {
                    section #verdict class={ "verdict " (tone(document.tone)) } {
                        h1 { (line(&document.headline)) }
                        @if !document.lead.is_empty() { p.lead { (text(&document.lead)) } }
                        @for s in &first { (blocks(&s.blocks, 2)) }
                        p.js {
                            button.copy type="button" data-copy=(markdown::write(document)) { "copy this as Markdown" }
                            @if !page.is_empty() { " " label { input #print-all type="checkbox"; " print everything" } }
                        }
                        @if !page.is_empty() { p.printed { "Not printed: " (page.join(", ")) "." } }
                    }
                    @for s in &rest { (section(s, 2)) }
                }
                footer {
                    p { @for (i, (name, value)) in document.about.iter().enumerate() { @if i > 0 { " · " } (line(name)) " " code { (line(value)) } } }
                    p { "This page makes no request and needs no network." }
                }
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// Sections that are all linked at the top; of more, those that are looked for, and the others below a title.
const LINKS: usize = 6;

fn navigation(sections: &[&Section]) -> Markup {
    let link = |s: &Section| {
        // What stands in brackets explains the title where it stands.
        let title = s.title.split(" (").next().unwrap_or_default();
        html! { a href={ "#" (anchor(&s.id)) } { (line(title)) } " " }
    };
    // Charts, and tables that are searched, at any depth; and what explains the words, which is last.
    let sought = |s: &Section| {
        let mut part = Document::default();
        part.sections.push(s.clone());
        !part.charts().is_empty() || part.tables().iter().any(|t| t.filter)
    };
    let few = sections.len() <= LINKS;
    html! {
        nav aria-label="Sections" {
            @for (i, s) in sections.iter().enumerate() {
                @if few || i + 1 == sections.len() || sought(s) { (link(s)) }
            }
            @if !few {
                details { summary { "All " (sections.len()) " sections" } div { @for s in sections { (link(s)) } } }
            }
        }
    }
}

/// Allows this page's own script and no other: were text from a driver ever to slip through unescaped, it could not name the
/// digest of the document that it is part of.
fn nonce(document: &Document) -> String {
    let content = serde_json::to_vec(document).unwrap_or_default();
    blake3::hash(&content).to_hex()[..32].to_owned()
}

fn line(text: &str) -> String {
    clean::line(text)
}

/// An id as an anchor: letters, digits, hyphens.
fn anchor(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "held",
        Tone::Plain => "untested",
        Tone::Broke => "broke",
        Tone::Bad => "bad",
    }
}

fn section(s: &Section, level: u8) -> Markup {
    html! {
        section id=(anchor(&s.id)) class=[(level == 2 && s.detail == Detail::Page).then_some("page")] {
            @if s.folded {
                details { summary { (heading(&s.title, level)) } (blocks(&s.blocks, level + 1)) }
            } @else {
                (heading(&s.title, level))
                (blocks(&s.blocks, level + 1))
            }
        }
    }
}

fn heading(title: &str, level: u8) -> Markup {
    match level {
        _ if title.is_empty() => html! {},
        2 => html! { h2 { (line(title)) } },
        3 => html! { h3 { (line(title)) } },
        _ => html! { h4 { (line(title)) } },
    }
}

fn blocks(blocks: &[Block], level: u8) -> Markup {
    html! { @for block in blocks { (self::block(block, level)) } }
}

fn block(block: &Block, level: u8) -> Markup {
    match block {
        Block::Paragraph(words) => html! { p { (text(words)) } },
        Block::Statements(list) => html! {
            ul.statements {
                @for s in list {
                    li class=(tone(s.mark.tone())) {
                        span.mark { (mark(s.mark)) }
                        span.what { @if !s.title.is_empty() { b { (line(&s.title)) } " " } span { (text(&s.text)) } }
                    }
                }
            }
        },
        Block::Facts(list) => html! {
            dl.facts { @for (name, value) in list { div { dt { (line(name)) } dd { (text(value)) } } } }
        },
        Block::Steps(list) => html! {
            ol.actions { @for step in list { li { (text(&step.text)) " " @if !step.command.is_empty() { (command(&step.command)) } } } }
        },
        Block::Table(table) => self::table(table),
        Block::Chart(chart) => figure(chart),
        Block::Section(below) if below.title.is_empty() => blocks(&below.blocks, level),
        Block::Section(below) => html! { div.part { (section(below, level)) } },
    }
}

/// A mark with its word, which screen readers read and a narrow page leaves out.
fn mark(mark: Mark) -> Markup {
    html! { span.g aria-hidden="true" { (mark.glyph()) } " " span.w { (mark.word()) } }
}

fn command(command: &str) -> Markup {
    let command = line(command);
    html! {
        span.cmd { code { (command) } button.copy.js type="button" data-copy=(command) aria-label="Copy the command" { "copy" } }
    }
}

fn text(text: &Text) -> Markup {
    html! {
        @for span in &text.0 {
            @match span {
                Span::Plain(words) | Span::Link(words) => (line(words)),
                Span::Strong(words) => b { (line(words)) },
                Span::Code(words) => code { (line(words)) },
            }
        }
    }
}

fn table(table: &Table) -> Markup {
    if table.filter {
        return html! {
            div.tools.js data-for=(anchor(&table.id)) {
                label { "Filter " input.filter type="search" autocomplete="off"; }
                " " label { input.only type="checkbox"; " only what differs" }
                " " span.shown role="status" {}
            }
            (rows(table, &table.rows, &table.id))
        };
    }
    let (first, rest) = table.rows.split_at(table.rows.len().min(table.most));
    html! {
        (rows(table, first, &table.id))
        @if !rest.is_empty() {
            details { summary { (crate::model::words::count(rest.len() as u64)) " more" } (rows(table, rest, &format!("{}-more", table.id))) }
        }
    }
}

/// Whether most columns are marks or fields of a heat map: such a table keeps its shape on a narrow page.
fn is_matrix(table: &Table) -> bool {
    let small = |row: &Row| row.cells.iter().filter(|c| matches!(c, Cell::Mark { .. } | Cell::Heat { .. })).count();
    table.columns.len() > 2 && table.rows.iter().map(small).max().unwrap_or(0) + 2 >= table.columns.len()
}

fn rows(table: &Table, rows: &[Row], id: &str) -> Markup {
    let shape = if is_matrix(table) { "matrix" } else { "stack" };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(line(&table.id)) {
            table id=(anchor(id)) class=(shape) {
                thead { tr { @for c in &table.columns { th scope="col" class=[c.right.then_some("n")] title=[(!c.about.is_empty()).then(|| line(&c.about))] { (line(&c.name)) } } } }
                tbody {
                    @for row in rows {
                        tr id=[(!row.anchor.is_empty()).then(|| anchor(&row.anchor))] class={ "row" @if row.calm { " same" } } data-text=[(!row.keywords.is_empty()).then(|| line(&row.keywords))] {
                            @for (i, (column, cell)) in table.columns.iter().zip(&row.cells).enumerate() {
                                (self::cell(cell, &column.name, column.right, i == 0))
                            }
                        }
                        @if !row.below.is_empty() {
                            tr.below { td colspan=(table.columns.len()) { details { summary { "details" } (blocks(&row.below, 4)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn cell(cell: &Cell, column: &str, right: bool, first: bool) -> Markup {
    let label = line(column);
    let class = right.then_some("n");
    match cell {
        Cell::Empty if first => html! { th scope="row" {} },
        Cell::Empty => html! { td.none {} },
        Cell::Mark { mark: m, beside, note } => html! {
            td class={ "st " (m.class()) } data-l=(label) title=[(!note.is_empty()).then(|| line(note))] {
                span { (mark(*m)) @if !beside.is_empty() { " " small { (line(beside)) } } }
            }
        },
        Cell::Bar { share, text } => html! {
            td.hit data-l=(label) style={ "--w:" (format!("{:.0}", 100.0 * share.clamp(0.0, 1.0))) "%" } { (line(text)) }
        },
        Cell::Heat { heat, text, note, anchor: to } => html! {
            td class=(if heat.is_some() { "heat" } else { "heat none" }) data-l=(label) title=[(!note.is_empty()).then(|| line(note))]
                style=[heat.map(|h| format!("--h:{:.2}", h.clamp(0.0, 1.0)))] {
                @if to.is_empty() { (line(text)) } @else { a href={ "#" (anchor(to)) } { (line(text)) } }
            }
        },
        _ if first => html! { th scope="row" class=[class] { (words(cell)) } },
        _ => html! { td class=[class] data-l=(label) { span { (words(cell)) } } },
    }
}

fn words(cell: &Cell) -> Markup {
    match cell {
        Cell::Text(words) => text(words),
        Cell::Case { id, anchor: to } if to.is_empty() => html! { code { (line(id)) } },
        Cell::Case { id, anchor: to } => html! { a href={ "#" (anchor(to)) } { code { (line(id)) } } },
        other => html! { (line(&other.words())) },
    }
}

fn figure(chart: &Chart) -> Markup {
    html! {
        figure id={ "chart-" (anchor(&chart.name)) } {
            figcaption { b { (line(&chart.title)) } " " (line(&chart.about)) }
            div.scroll tabindex="0" role="region" aria-label=(line(&chart.title)) { (PreEscaped(charts::svg(chart))) }
            @if !chart.rows.is_empty() {
                details {
                    summary { "Numbers" }
                    div.scroll { table.num {
                        thead { tr { @for h in &chart.head { th scope="col" { (line(h)) } } } }
                        tbody { @for row in chart.rows.iter().take(CHART_ROWS) { tr { @for v in row { td { (line(v)) } } } } }
                    } }
                    @if chart.rows.len() > CHART_ROWS { p { (chart.rows.len() - CHART_ROWS) " more rows are in the CSV files." } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::document::Column;

    #[test]
    fn hostile_text_stays_text_and_nothing_is_asked_for() {
        let bad = "<script>alert(1)</script>\u{202e}\" onload=\"x";
        let mut document = Document::new(Tone::Bad, bad);
        document.about.push((bad.to_owned(), bad.to_owned()));
        let mut section = Section::new(bad, bad);
        section.statement(Mark::Attention, bad, bad);
        section.fact(bad, Text::code(bad));
        section.step(bad, bad);
        let mut table = Table::new(bad, &[Column::text(bad).about(bad), Column::number(bad), Column::text(bad)]);
        let note = || bad.to_owned();
        table.push_with(
            [
                Cell::Case { id: note(), anchor: note() },
                Cell::Mark { mark: Mark::Failed, beside: note(), note: note() },
                Cell::Heat { heat: Some(0.5), text: note(), note: note(), anchor: note() },
            ],
            vec![Block::Paragraph(Text::plain(bad))],
        );
        section.table(table);
        document.push(section);
        let page = write(&document);
        assert_eq!(page.matches("<script").count(), 1, "one script: {page}");
        assert!(!page.contains("\" onload=\"x") && !page.contains('\u{202e}'), "no attribute and no turn: {page}");
        for scheme in ["http:", "https:", "ws:", "file:", "src=", "url(", "@import", "=\"//"] {
            assert!(!page.contains(scheme), "the page contains {scheme}");
        }
        let nonce = page.split("script-src 'nonce-").nth(1).and_then(|t| t.split('\'').next()).expect("a nonce");
        assert!(page.contains(&format!("<script nonce=\"{nonce}\">")), "with the policy's nonce");
    }
}
