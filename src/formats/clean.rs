//! Text from elsewhere, as one harmless line.

use crate::model::text::{is_hidden, without_commands};

/// One line that shows what it holds: control characters, characters that reverse or hide what follows, and breaks of
/// lines are shown as U+FFFD. A runner of workflows finds no command in it.
#[must_use]
pub fn line(text: &str) -> String {
    let shown = |c: char| if c.is_control() || is_hidden(c) { '\u{fffd}' } else { c };
    without_commands(text).chars().map(shown).collect()
}

/// A whole line of a log that no runner takes for a command, which begins with two colons.
#[must_use]
pub fn start(line: &str) -> String {
    let words = line.trim_start();
    let blanks = &line[..line.len() - words.len()];
    match words.strip_prefix("::") {
        Some(rest) => format!("{blanks}: :{rest}"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{line, start};

    #[test]
    fn nothing_steers_or_hides() {
        assert_eq!(
            line("a\u{1b}[31m\u{202e}b\r\nc\u{200b}"),
            "a\u{fffd}[31m\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}",
            "each shown"
        );
        assert_eq!(line("naïve 8 µs → ∞ 漢字"), "naïve 8 µs → ∞ 漢字", "ordinary text is kept");
        assert_eq!(line("x ##[stop-commands]y"), "x # #[stop-commands]y", "no command, wherever it stands");
        assert_eq!(start("  ::error::x"), "  : :error::x", "nor at the start of a line");
        assert_eq!(start("std::cos"), "std::cos", "where alone it is one");
    }
}
