//! Texts that come from elsewhere: drivers, files, strangers. What is shown on a terminal, in a page or to a CI runner must not
//! be able to command any of them, so a text is looked at once, where it comes in.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest line of text in a file, in bytes: none of ours comes near it.
pub const LINE: usize = 8 << 10;

/// The longest text of several lines, in bytes: the source of a shader.
pub const LINES: usize = 4 << 20;

/// What a text may be. Where it stands decides, never its name alone: variables may have any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A line.
    Line,
    /// Several: a kernel's source, and its settings.
    Lines,
    /// An output or a part of one, as base64 or digits and of any length.
    Data,
}

impl Kind {
    /// The kind of the text at a place.
    fn at(path: &[String]) -> Self {
        match path {
            [.., own, field] if own == "own" && (field == "source" || field == "settings") => Self::Lines,
            [.., outputs, _, _] if outputs == "outputs" => Self::Data,
            _ => Self::Line,
        }
    }
}

/// What a text may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// A character that commands a terminal, or a line break where a line is wanted.
    #[error("a control character")]
    Control,
    /// A character that shows a text in another order than it is read, or that does not show.
    #[error("a character that changes the direction of writing or is invisible")]
    Direction,
    /// More bytes than any text of ours.
    #[error("a text of more than {0} bytes")]
    Long(usize),
}

/// Whether a character changes the direction of writing, or does not show: it has no width, or the look of a blank and is none.
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text in which no runner of workflows finds a command: `##[name]` counts wherever it stands in a line, so that two of these
/// signs never stand side by side.
#[must_use]
pub fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("##") {
        return text.into();
    }
    let mut last = ' ';
    let mut apart =
        |c| if std::mem::replace(&mut last, c) == '#' && c == '#' { [Some(' '), Some(c)] } else { [None, Some(c)] };
    text.chars().flat_map(|c| apart(c).into_iter().flatten()).collect()
}

/// What is wrong with a line of text, if anything.
#[must_use]
pub fn line_fault(text: &str) -> Option<TextFault> {
    line_fault_within(text, LINE)
}

/// What is wrong with a line made of several texts, if anything; `most` in bytes.
#[must_use]
pub fn line_fault_within(text: &str, most: usize) -> Option<TextFault> {
    if text.len() > most {
        return Some(TextFault::Long(most));
    }
    text.chars().find_map(|c| match c {
        c if c.is_control() => Some(TextFault::Control),
        c if is_hidden(c) => Some(TextFault::Direction),
        _ => None,
    })
}

/// What is wrong with a text of several lines, if anything: they may have tabs.
#[must_use]
pub fn lines_fault(text: &str) -> Option<TextFault> {
    if text.len() > LINES {
        return Some(TextFault::Long(LINES));
    }
    text.chars().find_map(|c| match c {
        '\n' | '\r' | '\t' => None,
        c if c.is_control() => Some(TextFault::Control),
        c if is_hidden(c) => Some(TextFault::Direction),
        _ => None,
    })
}

/// A text as one line without what [`line_fault`] finds and without commands, and of no more than `most` characters.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = without_commands(&line);
    let mut line = line.chars().filter(|c| !c.is_control() && !is_hidden(*c));
    let start: String = line.by_ref().take(most).collect();
    if line.next().is_none() {
        start
    } else {
        start.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
    }
}

/// What a file has many of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values, members' names aside.
    pub values: u64,
    /// Items of lists named `distinct`: a parser holds such a list several times over.
    pub results: u64,
}

/// Looks at every text of a file as it is parsed, names included, and counts its values. The error names the field.
///
/// # Errors
/// Those of the format; a text with a fault.
pub fn check<'de, D: Deserializer<'de>>(from: D) -> Result<Counts, D::Error> {
    let (path, counts) = (RefCell::new(Vec::new()), Cell::default());
    Look { path: &path, counts: &counts, kind: Kind::Line }.deserialize(from)?;
    Ok(counts.get())
}

#[derive(Clone, Copy)]
struct Look<'p> {
    /// The fields that are open, for the message.
    path: &'p RefCell<Vec<String>>,
    /// What was seen so far.
    counts: &'p Cell<Counts>,
    /// Which kind of text this may be.
    kind: Kind,
}

impl Look<'_> {
    fn text<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        let fault = match self.kind {
            Kind::Data => text.chars().any(|c| !c.is_ascii_graphic()).then_some(TextFault::Control),
            Kind::Lines => lines_fault(text),
            Kind::Line => line_fault(text),
        };
        match fault {
            Some(fault) => Err(E::custom(format!("'{}' has {fault}", shown(&self.path.borrow().join("."), 120)))),
            None => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let Counts { values, results } = self.counts.get();
        self.counts.set(Counts { values: values.saturating_add(1), results });
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut found = 0;
        while items.next_element_seed(self)?.is_some() {
            found += 1;
        }
        if self.path.borrow().last().is_some_and(|name| name == "distinct") {
            let Counts { values, results } = self.counts.get();
            self.counts.set(Counts { values, results: results.saturating_add(found) });
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if let Some(fault) = line_fault(&name) {
                return Err(A::Error::custom(format!("the name '{}' has {fault}", shown(&name, 60))));
            }
            self.path.borrow_mut().push(name);
            let kind = Kind::at(&self.path.borrow());
            fields.next_value_seed(Look { kind, ..self })?;
            self.path.borrow_mut().pop();
        }
        // Anything that the format has beside its fields.
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(json: &str) -> Result<u64, String> {
        check(&mut serde_json::Deserializer::from_str(json)).map(|counts| counts.values).map_err(|e| e.to_string())
    }

    #[test]
    fn a_text_that_could_command_its_reader_is_refused_with_its_field() {
        assert_eq!(
            looked(r#"{"a":[1,-2,1.5,true,null,{"b":"fine – ε ≤ 2^-24"}],"outputs":{"d":{"bits":"AAAA=="}}}"#),
            Ok(12),
            "plain texts, each value counted"
        );
        for (text, why) in [
            (r#"{"engines":[{"label":"\u001b[2J"}]}"#, "'engines.label' has a control character"),
            (r#"{"label":"a\n::error::b"}"#, "'label' has a control character"),
            (r#"{"label":"\u009b2J"}"#, "a control character"),
            (r#"{"label":"a\u202eb"}"#, "direction of writing"),
            (r#"{"label":"a\u2028b"}"#, "direction of writing"),
            (r#"{"a\tb":1}"#, "the name 'a b' has a control character"),
            (r#"{"outputs":{"d":{"bits":"AA AA"}}}"#, "a control character"),
            (r#"{"own":{"source":"fn f() {\n\t// \u202e\n}"}}"#, "direction of writing"),
            (r#"{"variables":{"source":"a\n::error::b"}}"#, "'variables.source' has a control character"),
            (r#"{"variables":{"bits":"a\u001b[2J"}}"#, "'variables.bits' has a control character"),
        ] {
            let error = looked(text).expect_err(text);
            assert!(error.contains(why), "{text:?}: {error}");
            assert!(!error.contains('\u{1b}') && !error.contains('\n'), "the error itself is plain: {error:?}");
        }
        assert_eq!(looked(r#"{"own":{"source":"fn f() {\n\treturn;\r\n}"}}"#), Ok(3), "a shader has lines");
        let long = format!(r#"{{"label":"{}"}}"#, "x".repeat(LINE + 1));
        assert!(looked(&long).is_err_and(|e| e.contains("more than 8192 bytes")), "one endless text");
        let data = format!(r#"{{"outputs":{{"d":{{"bits":"{}"}}}}}}"#, "A".repeat(1 << 20));
        assert_eq!(looked(&data), Ok(4), "outputs are as long as they are");
        let sample = data.replace("bits", "sample");
        assert_eq!(looked(&sample), Ok(4), "and so are samples of them");
    }

    #[test]
    fn a_shown_text_is_one_short_line_of_plain_characters() {
        assert_eq!(
            shown("\u{1b}[2J::error::x\n\ty\u{202e}z", 160),
            "[2J::error::x yz",
            "what a terminal would obey is gone"
        );
        let long = shown(&"word ".repeat(1000), 160);
        assert_eq!(long.chars().count(), 160, "cut");
        assert!(long.ends_with("..."), "{long}");
        assert_eq!(shown(&"é".repeat(160), 160), "é".repeat(160), "characters, not bytes");
        assert_eq!(line_fault(&shown("a\u{0}\u{feff}\r\n", 9)), None, "what is shown has no fault");
        assert_eq!(shown("##[add-mask]x ###", 40), "# #[add-mask]x # # #", "no command of a runner");
    }
}
