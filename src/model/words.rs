//! Numbers and lists as sentences write them.

/// What a record notes where no adapter is a GPU. A view that names the adapters as software need not say it twice.
pub const SOFTWARE_ONLY: &str = "Software adapters only, which run on the CPU: no result here is a GPU's.";

/// What stands in a note between what is so and what to do about it.
pub const TO_DO: &str = " What to do: ";

/// What a note says is so, without what to do about it.
#[must_use]
pub fn fact(note: &str) -> &str {
    note.split_once(TO_DO).map_or(note, |(fact, _)| fact)
}

/// A count with separators of thousands.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 run`, `2 runs`.
#[must_use]
pub fn plural(n: usize, noun: &str) -> String {
    let count = count(n as u64);
    if n == 1 {
        return format!("{count} {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {noun}s"),
    }
}

/// A distance in ulp; large ones in powers of ten, because their digits say nothing.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
#[must_use]
pub fn ulp(n: u64) -> String {
    if n < 1_000_000 { count(n) } else { number(n as f64) }
}

/// Three significant digits, and words for what is no finite number.
#[must_use]
pub fn number(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞".to_owned() } else { "−∞".to_owned() };
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs();
    if !(1e-3..1e5).contains(&size) {
        return format!("{x:.2e}");
    }
    let decimals = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else if size >= 0.1 {
        3
    } else if size >= 0.01 {
        4
    } else {
        5
    };
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A fraction as per cent; something is never shown as nothing, and not all is never shown as all.
#[must_use]
pub fn percent(fraction: f64) -> String {
    if fraction.is_nan() {
        return "NaN".to_owned();
    }
    let percent = fraction * 100.0;
    if fraction > 0.0 && percent < 0.01 {
        return "<0.01 %".to_owned();
    }
    // Three digits would round it to all.
    if fraction < 1.0 && percent >= 99.95 {
        return ">99.9 %".to_owned();
    }
    format!("{} %", number(percent))
}

/// The first letters of a long id, or as many as there are.
#[must_use]
pub fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// Up to `most` items, and how many more there are.
#[must_use]
pub fn list(items: &[String], most: usize) -> String {
    if items.len() <= most {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [start @ .., last] => format!("{} and {last}", start.join(", ")),
        }
    } else {
        format!("{} and {} more", items[..most].join(", "), items.len() - most)
    }
}

/// A word for a POSIX shell, in quotes where it needs them.
#[must_use]
pub fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_shown_as_nothing() {
        assert_eq!(percent(1e-9), "<0.01 %", "a tiny fraction is still shown");
        for part in [0.9995, 0.9998, 0.999_999_9] {
            assert_eq!(percent(part), ">99.9 %", "not all is not shown as all");
        }
        assert_eq!(percent(0.9994), "99.9 %", "as it is");
        assert_eq!(percent(0.0), "0 %", "nothing is nothing");
        assert_eq!(percent(0.125), "12.5 %", "an ordinary fraction");
    }

    #[test]
    fn numbers_have_three_digits_and_no_nulls() {
        let expected = [
            (0.0, "0"),
            (1.0, "1"),
            (0.25, "0.25"),
            (123_456.0, "1.23e5"),
            (1e-9, "1.00e-9"),
            (99.96, "100"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in expected {
            assert_eq!(number(value), text, "{value}");
        }
        assert_eq!(count(1_048_576), "1,048,576", "separators of thousands");
        assert_eq!(ulp(u64::MAX), "1.84e19", "a huge distance");
        assert_eq!(plural(2, "query"), "2 queries", "a plural in -ies");
    }

    #[test]
    fn a_command_can_not_break_out_of_its_quotes() {
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'", "the quote is closed and escaped");
    }
}
