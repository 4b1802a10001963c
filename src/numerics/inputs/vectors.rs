//! The text tables of known answers in `tests/vectors/`: lines of hexadecimal words, `#` before a comment.

/// The rows of a table, `N` words each. A line that is no such row is left out, so count the rows.
#[must_use]
pub fn rows<const N: usize>(table: &str) -> Vec<[u32; N]> {
    let row = |line: &str| -> Option<[u32; N]> {
        let words: Result<Vec<u32>, _> = line.split_whitespace().map(|word| u32::from_str_radix(word, 16)).collect();
        words.ok()?.try_into().ok()
    };
    table.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}
