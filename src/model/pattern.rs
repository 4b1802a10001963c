//! Patterns of names: globs with `*` and `?`, words to be found in a text, and the nearest of several names.

/// Whether a text has a wildcard.
fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether `text` as a whole is `pattern`, where `*` is any text and `?` one character.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star is, and how far its text went: on a mismatch it takes one character more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether `text` has `pattern` in it, or is it where it has a wildcard; upper and lower case alike.
#[must_use]
pub fn word(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    if is_glob(&pattern) { glob(&pattern, &text) } else { text.contains(&pattern) }
}

/// What could have been meant by `text`, as the end of an error's sentence: `did you mean sum or sums?`. Where no name is
/// spelled like it, what there is: `the kernels are matmul, sum`.
#[must_use]
pub fn instead<'n>(text: &str, what: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    let near = nearest(text, &all);
    if near.is_empty() {
        format!("the {what} are {}", all.join(", "))
    } else {
        format!("did you mean {}?", near.join(" or "))
    }
}

/// The names, two at most, that are spelled nearly like `text` or begin with it, nearest first.
fn nearest<'n>(text: &str, names: &[&'n str]) -> Vec<&'n str> {
    let text = text.to_lowercase();
    // A letter in four may be wrong, and one of a short name.
    let most = 1 + text.chars().count() / 4;
    let distance = |name: &str| {
        let begins = text.len() > 2 && name.starts_with(&text);
        if begins { 1 } else { strsim::damerau_levenshtein(&text, name) }
    };
    let mut near: Vec<(usize, &str)> = names.iter().map(|name| (distance(name), *name)).collect();
    near.retain(|(d, _)| *d <= most);
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(2).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_is_spelled_alike() {
        let names = ["matmul", "sum", "dot", "softmax", "layer_norm"];
        for (text, meant) in [("matmull", "matmul"), ("smu", "sum"), ("Softmx", "softmax"), ("layer", "layer_norm")] {
            assert_eq!(instead(text, "kernels", names), format!("did you mean {meant}?"), "{text}");
        }
        for text in ["attention", "", "conv"] {
            assert!(instead(text, "kernels", names).starts_with("the kernels are matmul, sum"), "{text}");
        }
    }

    #[test]
    fn globs_are_of_the_whole_text() {
        let matching = [
            ("*", ""),
            ("*", "sum"),
            ("sum", "sum"),
            ("s?m", "sum"),
            ("sum/*", "sum/tree?n=4&wg=64"),
            ("*wg=64*", "sum/tree?n=4&wg=64"),
            ("sum/tree?n=4*", "sum/tree?n=4&wg=64"),
            ("a*b*c", "a-b-b-c"),
            ("**", "x"),
            ("*é", "né"),
        ];
        for (pattern, text) in matching {
            assert!(glob(pattern, text), "{pattern} is {text}");
        }
        for (pattern, text) in
            [("sum", "sums"), ("", "a"), ("?", ""), ("a*b", "a-bc"), ("sum", "logsum"), ("S*", "sum")]
        {
            assert!(!glob(pattern, text), "{pattern} is not {text}");
        }
    }

    #[test]
    fn words_ignore_case_and_their_place() {
        assert!(word("LLVM", "vulkan/llvmpipe"), "a part, in any case");
        assert!(word("mesa 22.*", "Mesa 22.3.6"), "a glob in any case");
        assert!(!word("22.*", "Mesa 22.3.6"), "a glob is of the whole");
    }
}
