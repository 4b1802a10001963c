//! What many records say together: which engines agree bit for bit, what splits those that do not, and what drivers changed.

mod changes;
mod findings;
mod headline;
mod tables;
mod timeline;

use crate::facts::set::Related;
use crate::model::words::count;
use crate::views::View;
use crate::views::document::{Detail, Document, Rows, Section, Text};

/// Columns of a matrix; what is beyond is among the rows.
const COLUMNS: usize = 24;

impl View for Related {
    fn document(&self) -> Document {
        let (tone, title) = headline::title(self);
        let mut out = Document::new(tone, title);
        out.lead = Text::plain(headline::lead(self));
        let mut said = Section::new("verdict", "");
        headline::statements(self, &mut said);
        out.push(said);
        out.push(changes::section(self));
        out.push(tables::classes(self));
        let mut splits = Section::new("splits", "How the classes differ").at(Detail::Full);
        for split in self.splits.iter().take(COLUMNS) {
            match &split.worst {
                Some((case, size)) => {
                    let mut text = Text::then_code(format!("{} Clearest case:", split.text), case);
                    text.0.push(crate::views::document::Span::Plain(format!(" ({size}).")));
                    splits.text(text);
                }
                None => splits.text(split.text.as_str()),
            }
        }
        out.push(timeline::section(self));
        out.push(timeline::steps(self));
        out.push(splits);
        out.push(tables::engines(self));
        out.push(tables::matrix(self));
        out.push(tables::telling(self));
        out.push(tables::loose(self));
        out.push(tables::conflicts(self));
        out.push(tables::records(self));
        out.push(tables::terms());
        out.findings = findings::findings(self);
        out.about = vec![
            ("merged record".to_owned(), self.id.clone()),
            ("records".to_owned(), count(self.records.len() as u64)),
        ];
        out
    }

    fn rows(&self) -> Vec<Rows> {
        vec![tables::summary(self), timeline::rows(self)]
    }

    fn json(&self) -> serde_json::Result<String> {
        super::pretty(self)
    }
}
