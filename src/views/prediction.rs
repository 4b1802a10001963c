//! A prediction of random numbers on several cards: what each draws, and where they part.

use super::chart::{Chart, MapRow, Plot};
use super::document::{Cell, Column, Document, Mark, Rows, Section, Table, Text, Tone};
use super::{View, text};
use crate::rng::{Op, Prediction, most_slack};

/// Pairs that are drawn; the others are in the matrix.
const ROWS: usize = 28;

/// The columns of `agreement.csv`, a row a pair of cards.
const AGREEMENT_COLUMNS: [&str; 10] = [
    "left",
    "right",
    "left_launched",
    "right_launched",
    "left_offset",
    "right_offset",
    "first_place",
    "first_value",
    "differing",
    "elements",
];

/// Values of either end that are shown, however many were asked for.
const SHOWN: usize = 1000;

/// The rows of `agreement.csv`. A first element is empty where none differs.
fn agreement_rows(found: &Prediction) -> Vec<Vec<String>> {
    let optional = |x: Option<u64>| x.map_or(String::new(), |x| x.to_string());
    pairs(found)
        .map(|(a, b)| {
            let (left, right) = (&found.cards[a], &found.cards[b]);
            let mut row = vec![
                left.subject.name.clone(),
                right.subject.name.clone(),
                left.threads.to_string(),
                right.threads.to_string(),
                left.offset[0].to_string(),
                right.offset[0].to_string(),
            ];
            if let Some(pair) = found.pair(a, b) {
                row.extend([optional(pair.first_place), optional(pair.first_value)]);
                row.extend([pair.differing.to_string(), pair.n.to_string()]);
            }
            row
        })
        .collect()
}

fn pairs(found: &Prediction) -> impl Iterator<Item = (usize, usize)> {
    let cards = found.cards.len();
    (0..cards).flat_map(move |a| (a + 1..cards).map(move |b| (a, b)))
}

/// The map of where two cards differ; none where there is no pair.
fn map(found: &Prediction) -> Option<Chart> {
    let mut all: Vec<_> = pairs(found).filter_map(|(a, b)| Some((a, b, found.pair(a, b)?))).collect();
    // The worst first; within them the order of the cards.
    all.sort_by_key(|(_, _, pair)| std::cmp::Reverse(pair.differing));
    let name = |card: usize| found.cards[card].subject.name.clone();
    let rows: Vec<MapRow> = all
        .iter()
        .take(ROWS)
        .map(|(a, b, pair)| MapRow {
            label: format!("{} / {}", name(*a), name(*b)),
            cells: pair.map.clone(),
            note: pair.first_value.map_or("the same".to_owned(), |i| format!("from {}", text::count(i))),
        })
        .collect();
    let table = all.iter().map(|(a, b, pair)| {
        let first = pair.first_value.map_or("none".to_owned(), text::count);
        vec![name(*a), name(*b), first, text::count(pair.differing), text::percent(1.0 - pair.fraction())]
    });
    let what = if found.draw.op == Op::Dropout { "masks" } else { "tensors" };
    (!rows.is_empty()).then(|| Chart {
        name: "differences".to_owned(),
        title: format!("Where two {what} differ"),
        about:
            "From the first element to the last. The height is the fraction of elements that differ, from none to all."
                .to_owned(),
        plot: Plot::Map { x: "element".to_owned(), n: found.draw.n, rows },
        head: ["card", "card", "first that differs", "differing", "share"].map(str::to_owned).to_vec(),
        rows: table.collect(),
    })
}

/// The view of a prediction.
#[derive(Debug)]
pub struct Predicted<'a> {
    /// What was predicted.
    pub found: &'a Prediction,
    /// The draw in words.
    pub title: String,
    /// What held, in a sentence.
    pub headline: String,
    /// The largest size about which all agree, in a sentence.
    pub common: String,
    /// What else is to be known.
    pub notes: Vec<String>,
}

impl View for Predicted<'_> {
    fn document(&self) -> Document {
        let found = self.found;
        let same = found.pairs.iter().all(|p| p.differing == 0);
        let mut out = Document::new(if same { Tone::Good } else { Tone::Broke }, self.headline.as_str());
        out.lead = Text::plain(format!("Calculated without running on a GPU: {}.", self.title));
        let mut cards = Section::new("cards", "Cards");
        let columns = [
            Column::text("card"),
            Column::text("SMs × threads"),
            Column::number("launched"),
            Column::text("offset"),
            Column::number("sum"),
            Column::text("values"),
        ];
        let mut table = Table::new("card-list", &columns).most(64);
        let decimals = promised_decimals(most_slack(&found.draw));
        for card in &found.cards {
            let value = |x: &f64| match found.draw.op {
                Op::Dropout => format!("{x}"),
                Op::Rand => format!("{x:.6}"),
                // What the device's functions allow to be promised.
                Op::Randn => format!("{x:.decimals$}"),
            };
            let first: Vec<String> = card.first.iter().take(SHOWN).map(value).collect();
            let last: Vec<String> = card.last.iter().skip(card.last.len().saturating_sub(SHOWN)).map(value).collect();
            // Of a small tensor the last values are among the first.
            let both = first.len() + last.len();
            let told_twice = both.saturating_sub(usize::try_from(found.draw.n).unwrap_or(usize::MAX));
            let last = &last[told_twice.min(last.len())..];
            let between = if last.is_empty() || told_twice > 0 { " " } else { " … " };
            table.push([
                Cell::text(card.subject.name.as_str()),
                Cell::text(format!("{} × {}", card.subject.geometry.sms, card.subject.geometry.threads_per_sm)),
                Cell::number(text::count(card.threads)),
                Cell::text(format!("{} to {}", card.offset[0], card.offset[1])),
                Cell::number(card.output_sum.map_or_else(|| format!("{:.2}", card.sum), |sum| format!("{sum}"))),
                Cell::text(format!("{}{between}{}", first.join(" "), last.join(" ")).trim_end()),
            ]);
        }
        cards.table(table);
        out.push(cards);
        if found.cards.len() > 1 {
            out.push(matrix(found, &self.common));
        }
        let mut notes = Section::new("notes", "");
        self.notes.iter().for_each(|note| notes.text(note.as_str()));
        if let Some(chart) = map(found) {
            notes.chart(chart);
        }
        out.push(notes);
        out
    }

    fn rows(&self) -> Vec<Rows> {
        let mut rows = Rows::new("agreement", &AGREEMENT_COLUMNS);
        agreement_rows(self.found).into_iter().for_each(|row| rows.push(row.into_iter().map(Into::into).collect()));
        vec![rows]
    }

    fn json(&self) -> serde_json::Result<String> {
        super::pretty(self.found)
    }
}

/// Card × card: the elements that are equal above the diagonal, the first that differs below it.
fn matrix(found: &Prediction, common: &str) -> Section {
    let mut out = Section::new("agreement", "Agreement");
    out.text("Above the diagonal: the share of elements that are equal. Below it: the first element that differs.");
    let mut columns = vec![Column::text("card")];
    columns.extend(found.cards.iter().map(|c| Column::number(c.subject.name.as_str())));
    let mut table = Table::new("card-by-card", &columns).most(64);
    for (a, card) in found.cards.iter().enumerate() {
        let mut cells = vec![Cell::text(card.subject.name.as_str())];
        cells.extend((0..found.cards.len()).map(|b| match found.pair(a, b) {
            None => Cell::text("·"),
            Some(pair) if pair.differing == 0 => {
                Cell::Mark { mark: Mark::Holds, beside: String::new(), note: "the same".to_owned() }
            }
            Some(pair) if a < b => Cell::number(text::percent(pair.fraction())),
            Some(pair) => {
                Cell::number(pair.first_value.map_or("same".to_owned(), |i| format!("at {}", text::count(i))))
            }
        }));
        table.push(cells);
    }
    out.table(table);
    out.text(common);
    out
}

/// The decimals of a value that is known to within so much.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 12")]
fn promised_decimals(slack: f64) -> usize {
    if slack > 0.0 { (-(2.0 * slack).log10()).floor().clamp(0.0, 12.0) as usize } else { 12 }
}
