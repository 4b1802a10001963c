//! Tables in the columns that there are: as they are, with words wrapped, in blocks side by side, or a row a paragraph.
//! Nothing ever stands under another column's head.

use anstyle::Style;

use super::wrap::{lines, padded, width, words};
use super::{Out, clean, style_of};
use crate::views::document::{Cell, Mark, Row, Table, Text};

/// Spaces between columns.
const GAP: usize = 2;
/// Columns of words are not made narrower.
const WORDS: usize = 16;

/// A table as it is laid out.
struct Laid<'a> {
    table: &'a Table,
    rows: &'a [Row],
    /// Marks by their glyph alone.
    terse: bool,
}

impl Out {
    pub(super) fn table(&mut self, table: &Table) {
        let listed = &table.rows[..table.rows.len().min(table.most)];
        let shared = if table.shared { shared(listed) } else { Vec::new() };
        let rows = if table.shared { &shared[..] } else { listed };
        let columns: Vec<usize> = (0..table.columns.len()).filter(|i| rows.iter().any(|r| is_said(r, *i))).collect();
        let wordy = Laid { table, rows, terse: false };
        let terse = Laid { table, rows, terse: true };
        let has_marks = rows.iter().flat_map(|r| &r.cells).any(|c| matches!(c, Cell::Mark { .. }));
        // The words that come first in every block of columns, and those columns of which several blocks can be made.
        let lead = columns.iter().take_while(|i| is_words(rows, **i)).count();
        let room = self.width - 2;
        if wordy.total(&columns) <= room {
            self.grid(&wordy, &columns, &wordy.widths(&columns));
        } else if has_marks && terse.total(&columns) <= room {
            self.grid(&terse, &columns, &terse.widths(&columns));
            self.legend(rows);
        } else if let Some(widths) = wordy.wrapped(&columns, room) {
            self.grid(&wordy, &columns, &widths);
        } else if let Some(widths) = terse.wrapped(&columns, room).filter(|_| has_marks) {
            self.grid(&terse, &columns, &widths);
            self.legend(rows);
        } else if lead > 0 && columns.len() > lead + 2 && columns[lead..].iter().all(|i| !is_words(rows, *i)) {
            self.blocks(&terse, &columns, lead, room);
            if has_marks {
                self.legend(rows);
            }
        } else {
            rows.iter().for_each(|row| self.stacked(table, row));
        }
        if table.rows.len() > listed.len() {
            let more = crate::model::words::count((table.rows.len() - listed.len()) as u64);
            let rest = if table.rest.is_empty() { String::new() } else { format!("; {}", table.rest) };
            self.paragraph(2, Style::new(), &words(&Text::plain(format!("… and {more} more{rest}"))));
        }
    }

    /// The widest blocks of columns that fit, one below the other, each with the words that come first.
    fn blocks(&mut self, laid: &Laid<'_>, columns: &[usize], lead: usize, room: usize) {
        let (first, rest) = columns.split_at(lead);
        let mut from = 0;
        while from < rest.len() {
            let mut to = from + 1;
            let with = |to: usize| [first, &rest[from..to]].concat();
            while to < rest.len() && laid.total(&with(to + 1)) <= room {
                to += 1;
            }
            let shown = with(to);
            let widths = laid.wrapped(&shown, room).unwrap_or_else(|| laid.widths(&shown));
            self.grid(laid, &shown, &widths);
            from = to;
            if from < rest.len() {
                self.line("");
            }
        }
    }

    fn grid(&mut self, laid: &Laid<'_>, columns: &[usize], widths: &[usize]) {
        let head: Vec<Vec<String>> = columns
            .iter()
            .zip(widths)
            .map(|(i, w)| lines(&words(&Text::plain(laid.table.columns[*i].name.as_str())), *w))
            .collect();
        let high = head.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..high {
            // Heads stand on the rows, whatever their number of lines.
            let cells: Vec<String> = head
                .iter()
                .map(|lines| {
                    (row + lines.len()).checked_sub(high).and_then(|at| lines.get(at)).cloned().unwrap_or_default()
                })
                .collect();
            let line = self.joined(laid, columns, widths, &cells, |_| Style::new());
            let line = self.paint(Style::new().dimmed(), line.trim_end());
            self.line(&line);
        }
        for row in laid.rows {
            let cells: Vec<Vec<String>> =
                columns.iter().zip(widths).map(|(i, w)| lines(&laid.words(row, *i), *w)).collect();
            for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let texts: Vec<String> = cells.iter().map(|c| c.get(at).cloned().unwrap_or_default()).collect();
                let line = self.joined(laid, columns, widths, &texts, |i| match row.cells.get(i) {
                    Some(Cell::Mark { mark, .. }) => style_of(*mark),
                    Some(Cell::Heat { heat: None, .. }) => style_of(Mark::Untested),
                    Some(Cell::Heat { heat: Some(h), .. }) => {
                        style_of(if *h > 0.0 { Mark::Differs } else { Mark::Holds })
                    }
                    _ => Style::new(),
                });
                self.line(&line);
            }
        }
    }

    fn joined(
        &self,
        laid: &Laid<'_>,
        columns: &[usize],
        widths: &[usize],
        cells: &[String],
        style: impl Fn(usize) -> Style,
    ) -> String {
        let cells: Vec<String> = columns
            .iter()
            .zip(widths)
            .zip(cells)
            .map(|((i, w), text)| {
                let space = " ".repeat(w.saturating_sub(width(text)));
                let text = self.paint(style(*i), text);
                if laid.table.columns[*i].right { format!("{space}{text}") } else { format!("{text}{space}") }
            })
            .collect();
        format!("  {}", cells.join(&" ".repeat(GAP)))
    }

    /// A row as a list: what it is about on a line of its own, and below it a line for each other column that says something,
    /// with the column's name.
    fn stacked(&mut self, table: &Table, row: &Row) {
        let is_case = |c: &&Cell| matches!(c, Cell::Case { .. });
        let about = row.cells.iter().find(is_case).or_else(|| row.cells.iter().find(|c| matches!(c, Cell::Text(_))));
        let mut first = String::new();
        let mut rest = Vec::new();
        let mut named = false;
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            let said = clean::line(&cell.words());
            match cell {
                Cell::Empty => {}
                Cell::Mark { mark, .. } if !named => {
                    first.push_str(&format!("{} ", self.paint(style_of(*mark), mark.glyph())));
                }
                _ if about.is_some_and(|a| std::ptr::eq(a, cell)) => {
                    first.push_str(&said);
                    named = true;
                }
                Cell::Text(text) => rest.push((column.name.as_str(), words(text))),
                _ => rest.push((column.name.as_str(), words(&Text::plain(said)))),
            }
        }
        self.line(&format!("  {first}"));
        let widest = rest.iter().map(|r| width(r.0)).max().unwrap_or(0);
        for (name, said) in rest {
            let lead = format!("      {}  ", padded(name, widest));
            self.hanging(&lead, &lead, &said);
        }
    }

    /// What the marks of these rows mean.
    fn legend(&mut self, rows: &[Row]) {
        let used = |mark: &Mark| {
            rows.iter().flat_map(|r| &r.cells).any(|c| matches!(c, Cell::Mark { mark: m, .. } if m == mark))
        };
        let words: Vec<String> =
            Mark::ALL.into_iter().filter(used).map(|m| format!("{} {}  ", m.glyph(), m.word())).collect();
        for line in lines(&words, self.width.saturating_sub(2)) {
            self.line(&format!("  {line}"));
        }
    }
}

/// Rows, of which those that say the same in all cells but the first are one.
fn shared(rows: &[Row]) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    let rest = |row: &Row| row.cells.iter().skip(1).map(Cell::words).collect::<Vec<_>>();
    for row in rows {
        match out.iter_mut().find(|known| rest(known) == rest(row)) {
            Some(known) => {
                let names: Vec<String> =
                    [&*known, row].iter().filter_map(|r| r.cells.first()).map(Cell::words).collect();
                if let Some(first) = known.cells.first_mut() {
                    *first = Cell::text(names.join(", "));
                }
            }
            None => out.push(row.clone()),
        }
    }
    out
}

/// Whether a row says something in a column.
fn is_said(row: &Row, column: usize) -> bool {
    row.cells.get(column).is_some_and(|c| *c != Cell::Empty)
}

/// Whether a column is of words, and not of marks, numbers and the like.
fn is_words(rows: &[Row], column: usize) -> bool {
    rows.iter()
        .filter_map(|r| r.cells.get(column))
        .all(|c| matches!(c, Cell::Empty | Cell::Text(_) | Cell::Case { .. }))
}

impl Laid<'_> {
    /// A cell's words.
    fn words(&self, row: &Row, column: usize) -> Vec<String> {
        match row.cells.get(column) {
            None | Some(Cell::Empty) => Vec::new(),
            Some(Cell::Text(text)) => words(text),
            // Never wrapped: an id is to be copied.
            Some(Cell::Case { id, .. }) => vec![clean::line(id)],
            Some(Cell::Mark { mark, beside, .. }) if self.terse && beside.is_empty() => vec![mark.glyph().to_owned()],
            Some(Cell::Mark { mark, beside, .. }) if self.terse => {
                vec![format!("{} {}", mark.glyph(), clean::line(beside))]
            }
            Some(cell) => vec![clean::line(&cell.words())],
        }
    }

    /// The width of a column: all of its words, or its longest one.
    fn width(&self, column: usize, whole: bool) -> usize {
        let of = |words: &[String]| {
            if whole { width(&words.join(" ")) } else { words.iter().map(|w| width(w)).max().unwrap_or(0) }
        };
        // A head is wrapped at its spaces wherever it stands.
        let head = words(&Text::plain(self.table.columns[column].name.as_str()));
        let head = head.iter().map(|w| width(w)).max().unwrap_or(0);
        self.rows.iter().map(|r| of(&self.words(r, column))).fold(head, usize::max)
    }

    fn widths(&self, columns: &[usize]) -> Vec<usize> {
        columns.iter().map(|i| self.width(*i, true)).collect()
    }

    fn total(&self, columns: &[usize]) -> usize {
        sum(&self.widths(columns))
    }

    /// Widths that fit with words wrapped, where there are any.
    fn wrapped(&self, columns: &[usize], room: usize) -> Option<Vec<usize>> {
        let mut widths = self.widths(columns);
        let least: Vec<usize> =
            columns.iter().zip(&widths).map(|(i, w)| self.width(*i, false).max(WORDS).min(*w)).collect();
        while sum(&widths) > room {
            let (at, _) = widths.iter().enumerate().filter(|(i, w)| **w > least[*i]).max_by_key(|(_, w)| **w)?;
            widths[at] -= 1;
        }
        Some(widths)
    }
}

fn sum(widths: &[usize]) -> usize {
    widths.iter().map(|w| w + GAP).sum::<usize>().saturating_sub(GAP)
}
