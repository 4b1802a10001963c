//! Text from elsewhere, as one harmless line.

/// Whether a character could steer a terminal, hide itself, break a line or turn the order of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// One line that shows what it holds: control characters, characters that reverse or hide what follows, and breaks of
/// lines are shown as U+FFFD.
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn nothing_steers_or_hides() {
        assert_eq!(
            line("a\u{1b}[31m\u{202e}b\r\nc\u{200b}"),
            "a\u{fffd}[31m\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}",
            "each shown"
        );
        assert_eq!(line("naïve 8 µs → ∞ 漢字"), "naïve 8 µs → ∞ 漢字", "ordinary text is kept");
    }
}
