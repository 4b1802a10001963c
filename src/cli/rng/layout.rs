//! Rows and columns in plain text and in Markdown, and numbers for people.

/// Columns aligned with two spaces between; those in `right` to the right.
pub(super) fn columns(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let lines: Vec<Vec<&str>> =
        std::iter::once(head.to_vec()).chain(rows.iter().map(|row| row.iter().map(String::as_str).collect())).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| lines.iter().map(|l| l.get(column).map_or(0, |cell| cell.chars().count())).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let space = " ".repeat(width - cell.chars().count());
                if right.contains(&column) { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A Markdown table. What a cell says can not end it.
pub(super) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let row = |cells: Vec<String>| {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = row(head.iter().map(|h| (*h).to_owned()).collect());
    text.push_str(&format!("|{}\n", "---|".repeat(head.len())));
    rows.iter().for_each(|cells| text.push_str(&row(cells.clone())));
    text
}

/// A count with commas.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A fraction as a percentage that is 100 % only where it is all, and 0 % only where it is nothing.
pub(super) fn percent(fraction: f64) -> String {
    let text = format!("{:.2}", 100.0 * fraction);
    match text.as_str() {
        "100.00" if fraction < 1.0 => "> 99.99 %".to_owned(),
        "0.00" if fraction > 0.0 => "< 0.01 %".to_owned(),
        _ if fraction == 1.0 => "100 %".to_owned(),
        _ if fraction == 0.0 => "0 %".to_owned(),
        _ => format!("{text} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people_and_never_say_more_than_is_so() {
        assert_eq!(count(1_234_567), "1,234,567", "commas");
        assert_eq!(count(99), "99", "none");
        assert_eq!(percent(0.999_999), "> 99.99 %", "not all");
        assert_eq!(percent(0.000_001), "< 0.01 %", "not nothing");
        assert_eq!(percent(1.0), "100 %", "all");
    }

    #[test]
    fn a_cell_can_not_end_a_markdown_row() {
        let text = markdown(&["a"], &[vec!["x|y\nz".to_owned()]]);
        assert_eq!(text, "| a |\n|---|\n| x\\|y z |\n", "one row");
    }
}
