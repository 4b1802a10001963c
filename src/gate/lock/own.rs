//! The command that audits a kernel of the user's own again, as one line: words as a POSIX shell takes them.

use crate::model::words::quoted;

/// The arguments as one line, so that it can be pasted after `repro-audit kernel`.
pub(super) fn write(arguments: &[String]) -> String {
    arguments.iter().map(|a| quoted(a)).collect::<Vec<_>>().join(" ")
}

/// The arguments of a line that [`write()`] wrote; `None` where a quote is open or the line is empty.
pub(super) fn read(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' => {
                let inside = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        other => inside.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(characters.next()?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back_as_they_were() {
        for arguments in [
            vec!["a.wgsl"],
            vec!["my kernels/a b.wgsl", "--groups", "1,1,1", "--buffer", "x:dist=below 7"],
            vec!["it's.wgsl", "", "\\", "\"q\"", "é"],
        ] {
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            assert_eq!(read(&write(&arguments)), Some(arguments.clone()), "{arguments:?}");
        }
        assert_eq!(read("'open"), None, "an open quote");
        assert_eq!(read(""), None, "nothing");
    }
}
