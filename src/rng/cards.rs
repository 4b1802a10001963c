//! The table of cards, each figure with its source, and a user's own.

use serde::{Deserialize, Serialize};

use super::{Geometry, RngError};

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// What it is called.
    pub name: String,
    /// What decides.
    #[serde(flatten)]
    pub geometry: Geometry,
    /// What stands behind the figures: `reproduced`, `reported`, `specified`, `unverified`, or a user's own word.
    pub evidence: String,
    /// Where they come from.
    pub source: String,
}

impl Card {
    /// Whether it is driven by ROCm, whose rocRAND rounds words to numbers in another way than cuRAND: its sources say so.
    #[must_use]
    pub fn is_rocm(&self) -> bool {
        self.source.ends_with("(ROCm)")
    }
}

/// A row as it is written.
#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    sms: String,
    threads_per_sm: String,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    source: String,
}

/// Cards by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cards {
    cards: Vec<Card>,
}

impl Cards {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn known() -> Result<Self, RngError> {
        let mut cards = Self { cards: Vec::new() };
        cards.add(include_str!("cards.csv"), "cards.csv")?;
        Ok(cards)
    }

    /// Adds the rows of a table in the same form; a name that is there already is replaced.
    ///
    /// # Errors
    /// When a line is no row.
    pub fn add(&mut self, table: &str, file: &str) -> Result<(), RngError> {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(table.as_bytes());
        let wrong = |line: u64, why: String| RngError::CardTable { file: file.to_owned(), line, why };
        let headers = reader.headers().cloned().map_err(|e| wrong(1, e.to_string()))?;
        if let Some(missing) =
            ["name", "sms", "threads_per_sm"].iter().find(|column| !headers.iter().any(|h| h == **column))
        {
            let why =
                format!("no column '{missing}': the first line must be name,sms,threads_per_sm[,evidence,source]");
            return Err(wrong(1, why));
        }
        for record in reader.records() {
            let record = record.map_err(|e| wrong(e.position().map_or(0, csv::Position::line), e.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let row: Row =
                record.deserialize(Some(&headers)).map_err(|_| wrong(line, "a column is missing".to_owned()))?;
            let number = |text: &str| {
                text.parse::<u32>().map_err(|_| wrong(line, format!("'{text}' is not a number of SMs or threads")))
            };
            if row.name.is_empty() {
                return Err(wrong(line, "the name is empty".to_owned()));
            }
            let geometry = Geometry::new(number(&row.sms)?, number(&row.threads_per_sm)?)
                .map_err(|e| wrong(line, e.to_string()))?;
            let evidence = if row.evidence.is_empty() { "unverified".to_owned() } else { row.evidence };
            let card = Card { name: row.name, geometry, evidence, source: row.source };
            match self.cards.iter_mut().find(|c| plain(&c.name) == plain(&card.name)) {
                Some(old) => *old = card,
                None => self.cards.push(card),
            }
        }
        Ok(())
    }

    /// All cards, in the order of the table.
    #[must_use]
    pub fn all(&self) -> &[Card] {
        &self.cards
    }

    /// The card of a name; case, spaces and marks are ignored, and so are maker and series.
    ///
    /// # Errors
    /// When there is none; the message has the nearest names.
    pub fn find(&self, name: &str) -> Result<&Card, RngError> {
        let wanted = plain(name);
        if let Some(card) = self.cards.iter().find(|card| plain(&card.name) == wanted) {
            return Ok(card);
        }
        // Names that go on where this one stops come first: someone typed the family and not the member.
        let rank = |card: &Card| {
            let name = plain(&card.name);
            (!name.starts_with(&wanted), strsim::levenshtein(&wanted, &name))
        };
        let mut near: Vec<&Card> = self.cards.iter().collect();
        near.sort_by_cached_key(|card| rank(card));
        let nearest: Vec<_> = near.iter().take(4).map(|card| card.name.as_str()).collect();
        // A name comes from a command line: a line break in it would make the message two lines.
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
        Err(RngError::UnknownCard { name, nearest: nearest.join(", ") })
    }
}

/// Letters and digits in lower case, without the words that names are written with or without.
fn plain(name: &str) -> String {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '.')
        .filter(|word| !["nvidia", "amd", "geforce", "tesla", "generation", "gpu"].contains(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound_and_its_sources_are_given() {
        let cards = Cards::known().unwrap();
        assert!(cards.all().len() > 70, "{} cards", cards.all().len());
        for card in cards.all() {
            assert!(
                ["reproduced", "reported", "specified", "unverified"].contains(&card.evidence.as_str()),
                "{card:?}"
            );
            assert_eq!(card.source.is_empty(), card.evidence == "unverified", "a source or no claim: {card:?}");
            assert!([1024, 1536, 2048].contains(&card.geometry.threads_per_sm), "{card:?}");
            assert_eq!(cards.find(&card.name).unwrap(), card, "found by its name");
        }
    }

    #[test]
    fn names_are_found_as_people_write_them() {
        let cards = Cards::known().unwrap();
        for (typed, name) in [
            ("NVIDIA GeForce RTX 4090", "RTX 4090"),
            ("rtx4090", "RTX 4090"),
            ("h100-sxm", "H100 SXM"),
            ("NVIDIA T4", "Tesla T4"),
            ("A100 MIG 3g", "A100 MIG 3g"),
            ("k80", "Tesla K80"),
        ] {
            assert_eq!(cards.find(typed).unwrap().name, name, "{typed}");
        }
    }

    #[test]
    fn an_unknown_card_is_one_line_with_the_nearest_names() {
        let cards = Cards::known().unwrap();
        for (typed, near) in [("RTX 409", "RTX 4090"), ("H10", "H100 SXM"), ("RTX A400", "RTX A4000"), ("x\ny", "A2")] {
            let message = cards.find(typed).unwrap_err().to_string();
            assert!(message.contains(near) && !message.contains('\n'), "{typed}: {message}");
        }
    }

    #[test]
    fn a_users_table_adds_and_replaces_and_says_what_is_wrong_where() {
        let mut cards = Cards::known().unwrap();
        let before = cards.all().len();
        cards.add("# mine\nname,sms,threads_per_sm\nLab card,99,1536\nRTX 4090,127,1536\n", "mine.csv").unwrap();
        assert_eq!(cards.all().len(), before + 1, "one is new");
        assert_eq!(cards.find("lab card").unwrap().geometry.sms, 99, "added");
        assert_eq!(cards.find("RTX 4090").unwrap().geometry.sms, 127, "replaced");
        for (table, wanted) in [
            ("name,sms\nX,4\n", "threads_per_sm"),
            ("name,sms,threads_per_sm\nX,four,1024\n", "line 2"),
            ("name,sms,threads_per_sm\nX,4,100\n", "256 to 8192"),
            ("name,sms,threads_per_sm\n,4,1024\n", "name is empty"),
            ("name,sms,threads_per_sm\nX,4\n", "line 2"),
            ("", "column"),
        ] {
            let message = cards.clone().add(table, "mine.csv").unwrap_err().to_string();
            assert!(message.contains(wanted) && message.contains("mine.csv") && !message.contains('\n'), "{message}");
        }
    }
}
