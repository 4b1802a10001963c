//! The directives at the head of a WGSL text: what they ask for, and the text as naga reads it.

use std::ops::Range;

use crate::model::task::Feature;

/// `requires` names of the WGSL specification that naga 30 does not know. They add rules and no device needs anything for
/// them, so that a text that uses one is judged by what naga makes of the use.
const LANGUAGE: [&str; 6] = [
    "unrestricted_pointer_parameters",
    "uniform_buffer_standard_layout",
    "subgroup_id",
    "subgroup_uniformity",
    "linear_indexing",
    "texture_and_sampler_let",
];

/// A text that naga reads, and what its directives ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// The text, with blanks where naga refuses what it does by itself: every line and column is where it was.
    pub(crate) text: String,
    /// What `enable` asks of an adapter, used or not: without it the shader is an error there.
    pub(crate) features: Vec<Feature>,
}

/// Reads the directives of a text. One that is not well formed is left for naga to complain of.
pub(crate) fn prepare(source: &str) -> Prepared {
    let mut bytes = source.as_bytes().to_vec();
    let mut features = Vec::new();
    let mut at = 0;
    while let Some(directive) = next(source, &mut at) {
        let is_refused = |name: &str| match directive.word {
            "enable" => name == "subgroups",
            _ => LANGUAGE.contains(&name),
        };
        for (name, _) in &directive.names {
            let wanted = match (directive.word, *name) {
                ("enable", "f16") => Some(Feature::ShaderF16),
                ("enable", "subgroups") => Some(Feature::Subgroup),
                _ => None,
            };
            features.extend(wanted.filter(|feature| !features.contains(feature)));
        }
        let refused: Vec<usize> = (0..directive.names.len()).filter(|i| is_refused(directive.names[*i].0)).collect();
        if refused.is_empty() {
            continue;
        }
        if refused.len() == directive.names.len() {
            blank(&mut bytes, directive.whole.clone());
            continue;
        }
        // A name goes with the comma after it, or with the one before it where it is the last.
        let kept = (0..directive.names.len()).rfind(|i| !refused.contains(i)).unwrap_or(0);
        for i in refused {
            let range = if i < kept {
                directive.names[i].1.start..directive.names[i + 1].1.start
            } else {
                directive.names[i - 1].1.end..directive.names[i].1.end
            };
            blank(&mut bytes, range);
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| source.to_owned());
    Prepared { text, features }
}

/// Spaces for everything but the ends of lines.
fn blank(bytes: &mut [u8], range: Range<usize>) {
    for byte in bytes.get_mut(range).into_iter().flatten() {
        if *byte != b'\n' && *byte != b'\r' {
            *byte = b' ';
        }
    }
}

/// `enable` or `requires`, with its names and where they are.
struct Directive<'s> {
    word: &'s str,
    names: Vec<(&'s str, Range<usize>)>,
    whole: Range<usize>,
}

/// The next directive with names, from a byte of the text on; moves it past that.
fn next<'s>(source: &'s str, at: &mut usize) -> Option<Directive<'s>> {
    loop {
        *at = skip(source, *at);
        let start = *at;
        let word = identifier(source, at);
        match word {
            "enable" | "requires" => {}
            // It has no names that concern us.
            "diagnostic" => {
                *at += source.get(*at..)?.find(';')? + 1;
                continue;
            }
            // Directives come before anything else; a lone semicolon is nothing.
            "" if source.get(*at..)?.starts_with(';') => {
                *at += 1;
                continue;
            }
            _ => return None,
        }
        let mut names = Vec::new();
        loop {
            *at = skip(source, *at);
            let first = *at;
            let name = identifier(source, at);
            if !name.is_empty() {
                names.push((name, first..*at));
            }
            *at = skip(source, *at);
            match source.as_bytes().get(*at)? {
                b',' if !name.is_empty() => *at += 1,
                b';' => {
                    *at += 1;
                    if names.is_empty() {
                        return None;
                    }
                    return Some(Directive { word, names, whole: start..*at });
                }
                _ => return None,
            }
        }
    }
}

fn identifier<'s>(source: &'s str, at: &mut usize) -> &'s str {
    let rest = source.get(*at..).unwrap_or_default();
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    *at += end;
    &rest[..end]
}

/// Past blanks and comments, which nest.
fn skip(source: &str, mut at: usize) -> usize {
    loop {
        let rest = source.get(at..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start().len();
        if blanks > 0 {
            at += blanks;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            let mut depth = 0usize;
            let mut inner = 0;
            loop {
                let here = rest.as_bytes().get(inner..inner + 2);
                match here {
                    Some(b"/*") => (depth, inner) = (depth + 1, inner + 2),
                    Some(b"*/") => (depth, inner) = (depth - 1, inner + 2),
                    Some(_) => inner += 1,
                    None => return source.len(),
                }
                if depth == 0 {
                    break;
                }
            }
            at += inner;
        } else {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_naga_does_by_itself_is_blanked_in_place() {
        let of = |text: &str| prepare(text).text;
        assert_eq!(of("enable subgroups;\nfn f() {}"), "                 \nfn f() {}", "alone");
        assert_eq!(of("enable f16, subgroups;"), "enable f16           ;", "the last");
        assert_eq!(of("enable subgroups, f16 ;"), "enable            f16 ;", "the first");
        assert_eq!(of("enable a, subgroups, f16;"), "enable a,            f16;", "between");
        assert_eq!(
            of("// enable x;\n/* /* a */ b */ enable\n  subgroups;x"),
            "// enable x;\n/* /* a */ b */       \n            x",
            "comments"
        );
        assert_eq!(of("requires subgroup_id;"), " ".repeat(21), "a language extension");
        for same in [
            "enable f16;",
            "requires packed_4x8_integer_dot_product;",
            "fn f() {} enable subgroups;",
            "enable subgroups",
            "é",
        ] {
            assert_eq!(of(same), same, "left as it is");
        }
    }

    #[test]
    fn features_come_from_directives() {
        let of = |text: &str| prepare(text).features;
        assert_eq!(of("enable f16, subgroups; enable f16;"), [Feature::ShaderF16, Feature::Subgroup], "both, once");
        assert_eq!(of("diagnostic(off, a); ; enable f16;"), [Feature::ShaderF16], "after others");
        assert!(of("// enable f16;\nfn f() {}").is_empty(), "a comment");
    }
}
