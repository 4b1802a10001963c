//! Words in lines.

use unicode_width::UnicodeWidthStr as _;

use crate::formats::clean;
use crate::views::document::{Span, Text};

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// With spaces to its right, up to a width.
pub(super) fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// The words of a text. What is to be copied is one word, whatever it holds; what touches it stays with it.
pub(super) fn words(text: &Text) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for span in &text.0 {
        match span {
            Span::Code(code) => {
                let code = clean::line(code);
                match out.last_mut().filter(|_| open) {
                    Some(word) => word.push_str(&code),
                    None => out.push(code),
                }
                open = true;
            }
            Span::Plain(plain) | Span::Strong(plain) | Span::Link(plain) => {
                // A break of lines in a text separates words, as a space does.
                let plain = clean::line(&plain.replace(['\n', '\r', '\t'], " "));
                for (i, word) in plain.split(' ').enumerate() {
                    match out.last_mut().filter(|_| i == 0 && open) {
                        Some(last) => last.push_str(word),
                        None if word.is_empty() => {}
                        None => out.push(word.to_owned()),
                    }
                }
                open = !plain.is_empty() && !plain.ends_with(' ');
            }
        }
    }
    out
}

/// Words in lines of at most so many columns; a word that is longer has a line of its own.
pub(super) fn lines(words: &[String], most: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        match out.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.clone()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_word() {
        let text = Text(vec![
            Span::Plain("See (".to_owned()),
            Span::Code("repro-audit case 'a b'".to_owned()),
            Span::Plain("), or not.".to_owned()),
        ]);
        assert_eq!(words(&text), ["See", "(repro-audit case 'a b'),", "or", "not."], "with what touches it");
        assert_eq!(lines(&words(&text), 10), ["See", "(repro-audit case 'a b'),", "or not."], "unbroken");
    }
}
