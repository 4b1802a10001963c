//! Words, glyphs and numbers as every format writes them.

use crate::record::{Engine, Level, OwnKernel, Record, Status};

/// A status's glyph, which is also in the embedded font.
pub(super) fn glyph(status: Status) -> &'static str {
    match status {
        Status::BitExact => "✓",
        Status::WithinSpecification => "≈",
        Status::Unjudged => "?",
        Status::NotRepeatable => "↯",
        Status::OutsideSpecification => "✗",
        Status::Skipped => "–",
        Status::Failed => "!",
    }
}

/// A status in words.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::BitExact => "bit-exact",
        Status::WithinSpecification => "within spec",
        Status::Unjudged => "not judged",
        Status::NotRepeatable => "not repeatable",
        Status::OutsideSpecification => "outside spec",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
    }
}

/// A status as a style class and in CSV, as in the record.
pub(super) fn class(status: Status) -> &'static str {
    match status {
        Status::BitExact => "bit-exact",
        Status::WithinSpecification => "within-specification",
        Status::Unjudged => "unjudged",
        Status::NotRepeatable => "not-repeatable",
        Status::OutsideSpecification => "outside-specification",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
    }
}

/// Every status with its meaning in a sentence.
pub(super) const STATUSES: [(Status, &str); 7] = [
    (Status::BitExact, "Every bit of every run equals the strict CPU twin."),
    (
        Status::WithinSpecification,
        "Every run gave the same bits. They differ from the strict CPU twin (or there is no twin to equal), and the \
         WGSL specification allows them.",
    ),
    (
        Status::Unjudged,
        "Every run gave the same bits. They differ from the strict CPU twin (or there is no twin to equal); what the WGSL \
         specification allows of this kernel is not known here, and was not judged.",
    ),
    (
        Status::NotRepeatable,
        "Runs of the same program on the same input gave different bits; each is allowed, where that is known.",
    ),
    (Status::OutsideSpecification, "A result that the WGSL specification does not allow."),
    (Status::Skipped, "Not run: the engine lacks what the case needs. The reason is listed."),
    (Status::Failed, "It should have run and did not: a crash, a hang, a lost device or an error."),
];

/// A level in words.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::NotGuaranteed => "not guaranteed",
        Level::RunToRun => "run to run",
        Level::ConfigInvariant => "configuration invariant",
        Level::DriverToDriver => "driver to driver",
        Level::GpuToGpu => "GPU to GPU",
        Level::CpuGpuBitwise => "CPU = GPU, bitwise",
    }
}

/// What a level demands, beyond those before it.
pub(super) fn level_meaning(level: Level) -> &'static str {
    match level {
        Level::NotGuaranteed => "Nothing held.",
        Level::RunToRun => "The same bits in every run.",
        Level::ConfigInvariant => "The same bits for every workgroup size, tile and thread count tested.",
        Level::DriverToDriver => "The same bits from every driver or backend of the same hardware.",
        Level::GpuToGpu => "The same bits on every other adapter.",
        Level::CpuGpuBitwise => "The same bits as the strict CPU twin.",
    }
}

/// A count with separators of thousands.
pub(super) fn count(n: u64) -> String {
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
pub(super) fn plural(n: usize, noun: &str) -> String {
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
pub(super) fn ulp(n: u64) -> String {
    if n < 1_000_000 { count(n) } else { number(n as f64) }
}

/// Three significant digits, and words for what is no finite number.
pub(super) fn number(x: f64) -> String {
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
pub(super) fn percent(fraction: f64) -> String {
    if fraction.is_nan() {
        return "NaN".to_owned();
    }
    let percent = fraction * 100.0;
    if fraction > 0.0 && percent < 0.01 {
        return "<0.01 %".to_owned();
    }
    if fraction < 1.0 && percent > 99.99 {
        return ">99.99 %".to_owned();
    }
    format!("{} %", number(percent))
}

/// How often something ran: `5 runs`, or `5 orders of execution` where each run was a chosen one.
pub(super) fn runs(engine: Option<&Engine>, n: u32) -> String {
    let orders = engine.is_some_and(Engine::takes_orders);
    match (orders, n) {
        (true, 1) => "1 order of execution".to_owned(),
        (true, n) => format!("{n} orders of execution"),
        (false, n) => plural(n as usize, "run"),
    }
}

/// The first letters of a long id, or as many as there are.
pub(super) fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// Up to `most` items, and how many more there are.
pub(super) fn list(items: &[String], most: usize) -> String {
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

/// The command that runs a case, or all cases of a problem, again, quoted for a POSIX shell. A kernel of the user's own is
/// named as it was.
pub(super) fn command(record: &Record, case: &str) -> String {
    let id = case.replace('\'', r"'\''");
    match own(record, case) {
        Some(kernel) => format!("{} --case '{id}'", own_command(kernel)),
        None => format!("repro-audit case '{id}'"),
    }
}

/// [`command`] where no record is at hand: of a kernel of the user's own the id tells the file's name, and not its place.
pub(super) fn command_by_id(case: &str) -> String {
    let id = case.replace('\'', r"'\''");
    match case.split_once('/').filter(|(kernel, _)| kernel.ends_with(".wgsl")) {
        Some((file, _)) => format!("repro-audit kernel {} --case '{id}'", quoted(file)),
        None => format!("repro-audit case '{id}'"),
    }
}

/// The user's own kernel that a case is of, where it is.
fn own<'r>(record: &'r Record, case: &str) -> Option<&'r OwnKernel> {
    let kernel = case.split_once('/').map_or(case, |(kernel, _)| kernel);
    record.provenance.own.as_ref().filter(|_| kernel.ends_with(".wgsl"))
}

/// The command that runs any case of a record again, before the id.
pub(super) fn repeat(record: &Record) -> String {
    match &record.provenance.own {
        Some(kernel) => format!("{} --case", own_command(kernel)),
        None => "repro-audit case".to_owned(),
    }
}

/// The command that audits the user's own kernel again.
pub(super) fn own_command(own: &OwnKernel) -> String {
    let words: Vec<String> = own.arguments.iter().map(|a| quoted(a)).collect();
    format!("repro-audit kernel {}", words.join(" "))
}

/// A word for a POSIX shell, in quotes where it needs them.
pub(super) fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=".contains(c)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// One line of printable text: control characters, which a hostile driver could use to steer a terminal, are shown as
/// U+FFFD.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_shown_as_nothing() {
        assert_eq!(percent(1e-9), "<0.01 %", "a tiny fraction is still shown");
        assert_eq!(percent(0.999_999_9), ">99.99 %", "not all is not shown as all");
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
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}", "escape sequences are made visible");
    }
}
