//! A text as what it takes to make it from another one that is like it: parts that are copied, and what is between them, as in
//! VCDIFF (RFC 3284). Two audits of one machine differ in a few numbers of a few cases, and that is all that is kept of the
//! second.
//!
//! It is written as JSON values, separated by commas: a number copies so many bytes from the place that was reached; a string
//! stands in for as many bytes as it has; a number in brackets goes so many bytes forward, and a negative number back.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// The shortest part that is looked for anywhere in the other text, in bytes. A shorter one costs more to name than it saves.
const ANYWHERE: usize = 12;

/// The shortest part that is copied from the place that was reached, which need not be named.
const HERE: usize = 6;

/// How many new bytes are looked past, for where the two go on alike: those of a number.
const NEW: usize = 12;

/// How many places of one beginning are tried on either side of the place that was reached.
const TRIED: usize = 8;

/// The longest text that is written as one string, in bytes: longer ones than a line of a file may have are several.
const LONGEST: usize = 4096;

/// Where the parts of a text are.
#[derive(Debug)]
pub(super) struct Index {
    /// For each hash, where its places begin in `places`.
    starts: Vec<u32>,
    /// Where parts of [`ANYWHERE`] bytes begin, by hash and ascending.
    places: Vec<u32>,
    shift: u32,
}

/// The hash of the part that begins at a place, as an index of a table of `2^(64 - shift)` entries.
fn hash(text: &[u8], at: usize, shift: u32) -> Option<usize> {
    let part = text.get(at..at + ANYWHERE)?;
    let (first, last) = (part.first_chunk::<8>()?, part.last_chunk::<8>()?);
    let mixed = u64::from_le_bytes(*first).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from_le_bytes(*last).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    usize::try_from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift).ok()
}

/// How many bytes two texts have alike from these places on.
fn alike(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Where the two go on alike close to the places that were reached: how many bytes before are new, where it is, and how long.
fn near(like: &[u8], rest: &[u8], reached: usize) -> Option<(usize, usize, usize)> {
    (0..NEW.min(rest.len())).find_map(|new| {
        // As many bytes as are new stood there before, or a few more or less: a number may have got a digit.
        [0, 1, -1, 2, -2, 3, -3].into_iter().find_map(|shift: isize| {
            let place = (reached + new).checked_add_signed(shift)?;
            let length = alike(like.get(place..)?, &rest[new..]);
            let enough = if shift == 0 { HERE } else { ANYWHERE };
            (length >= enough).then_some((new, place, length))
        })
    })
}

impl Index {
    /// Looks at a text once. Of one that is longer than any case, 2^31 bytes, no part is found.
    pub(super) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let bits = usize::BITS - bytes.len().clamp(256, 1 << 22).leading_zeros();
        let shift = 64 - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        let last = if u32::try_from(bytes.len()).is_ok_and(|n| n < 1 << 31) { bytes.len() } else { 0 };
        let hashes = || (0..last).zip(0u32..).map_while(|(at, place)| Some((hash(bytes, at, shift)?, place)));
        for (hash, _) in hashes() {
            starts[hash + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let (mut next, mut places) = (starts.clone(), vec![0; starts.last().map_or(0, |n| *n as usize)]);
        for (hash, place) in hashes() {
            places[next[hash] as usize] = place;
            next[hash] += 1;
        }
        Self { starts, places, shift }
    }

    /// The next part of `like` that `rest` has: how many bytes before it are new, where it is, and how long.
    fn next(&self, like: &[u8], rest: &[u8], reached: usize) -> Option<(usize, usize, usize)> {
        let near = near(like, rest, reached);
        // What is alike for long enough is the same place in both.
        if near.is_some_and(|(new, _, length)| new == 0 && length >= 4 * ANYWHERE) {
            return near;
        }
        let covered = near.map_or(0, |(new, _, length)| new + length);
        let far = hash(rest, 0, self.shift).and_then(|hash| {
            let all = &self.places[self.starts[hash] as usize..self.starts[hash + 1] as usize];
            let middle = all.partition_point(|place| (*place as usize) < reached);
            let tried = &all[middle.saturating_sub(TRIED)..all.len().min(middle + TRIED)];
            tried
                .iter()
                .map(|place| (0, *place as usize, alike(&like[*place as usize..], rest)))
                // Going there and back takes as much as some bytes.
                .filter(|(_, _, length)| *length >= ANYWHERE && *length > covered + HERE)
                .max_by_key(|(_, place, length)| (*length, usize::MAX - place.abs_diff(reached)))
        });
        far.or(near)
    }

    /// What it takes to make `text` from `like`, the text that this is the index of, as JSON values with commas between.
    pub(super) fn difference(&self, like: &str, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = Edits(String::new());
        // Up to `written` the text is told; `reached` is the place in the other text that `at` is compared with.
        let (mut written, mut at, mut reached) = (0, 0, 0usize);
        while at < bytes.len() {
            let found = self.next(like.as_bytes(), &bytes[at..], reached).and_then(|(new, place, length)| {
                // Strings are of whole characters.
                let start = at + new;
                let begin = (start..start + length).find(|i| text.is_char_boundary(*i))?;
                let end = (begin..=start + length).rev().find(|i| text.is_char_boundary(*i))?;
                (end > begin).then_some((place + (begin - start), begin, end))
            });
            let Some((place, begin, end)) = found else {
                (at, reached) = (at + 1, reached + 1);
                continue;
            };
            out.insert(&text[written..begin]);
            out.go(place, reached + (begin - at));
            out.copy(end - begin);
            (written, at, reached) = (end, end, place + (end - begin));
        }
        out.insert(&text[written..]);
        out.0
    }
}

/// JSON values, one after the other.
struct Edits(String);

impl Edits {
    fn next(&mut self) -> &mut String {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        &mut self.0
    }

    fn copy(&mut self, length: usize) {
        self.next().push_str(&length.to_string());
    }

    fn go(&mut self, to: usize, from: usize) {
        if to != from {
            let text = if to < from { format!("-{}", from - to) } else { format!("[{}]", to - from) };
            self.next().push_str(&text);
        }
    }

    fn insert(&mut self, mut text: &str) {
        while !text.is_empty() {
            let end = (0..=text.len().min(LONGEST)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(text.len());
            let (first, rest) = text.split_at(end);
            let quoted = serde_json::Value::from(first).to_string();
            self.next().push_str(&quoted);
            text = rest;
        }
    }
}

/// Makes a text from the one that it is like, with what [`Index::difference`] gave.
///
/// # Errors
/// When `edits` are no such values, copies what is not there, or makes more than `most` bytes.
pub(super) fn apply(like: &str, edits: &str, most: usize) -> Result<String, serde_json::Error> {
    let edits = format!("[{edits}]");
    let mut deserializer = serde_json::Deserializer::from_str(&edits);
    let text = (&mut deserializer).deserialize_seq(Apply { like, most })?;
    deserializer.end()?;
    Ok(text)
}

/// What makes no text.
const BROKEN: &str = "a part is told as the difference from one that it is not like";

struct Apply<'a> {
    like: &'a str,
    most: usize,
}

impl<'de> Visitor<'de> for Apply<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of what is copied and what is not")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        let broken = || serde::de::Error::custom(BROKEN);
        let like = self.like.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0usize);
        while let Some(edit) = seq.next_element::<Edit>()? {
            match edit {
                Edit::Copy(length) => {
                    let end = at.checked_add(length).ok_or_else(broken)?;
                    out.extend_from_slice(like.get(at..end).ok_or_else(broken)?);
                    at = end;
                }
                Edit::Forward(by) => at = at.checked_add(by).ok_or_else(broken)?,
                Edit::Back(by) => at = at.checked_sub(by).ok_or_else(broken)?,
                Edit::Insert(text) => {
                    out.extend_from_slice(text.as_bytes());
                    at = at.checked_add(text.len()).ok_or_else(broken)?;
                }
            }
            if out.len() > self.most {
                return Err(serde::de::Error::custom(
                    "its parts are more than any record has, once they are put together",
                ));
            }
        }
        String::from_utf8(out).map_err(|_| broken())
    }
}

/// See the module.
enum Edit {
    Copy(usize),
    Forward(usize),
    Back(usize),
    Insert(String),
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Edit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a text, or a number in brackets")
            }

            fn visit_u64<E: serde::de::Error>(self, length: u64) -> Result<Edit, E> {
                usize::try_from(length).map(Edit::Copy).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, back: i64) -> Result<Edit, E> {
                usize::try_from(back.unsigned_abs()).map(Edit::Back).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Edit, E> {
                Ok(Edit::Insert(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Edit, A::Error> {
                let by = seq.next_element()?.ok_or_else(|| serde::de::Error::custom(BROKEN))?;
                match seq.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(Edit::Forward(by)),
                    Some(_) => Err(serde::de::Error::custom(BROKEN)),
                }
            }
        }
        deserializer.deserialize_any(One)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn made(like: &str, text: &str) -> String {
        let edits = Index::new(like).difference(like, text);
        apply(like, &edits, text.len()).unwrap_or_else(|e| panic!("{e}: {edits}"))
    }

    /// A text, and another one that has some of its parts in another order, with changes.
    fn two() -> impl Strategy<Value = (String, String)> {
        let piece =
            prop::collection::vec(prop::sample::select(vec!["a", "é", "\"x\":", "𝄞", "0123456789", "\\n", ","]), 0..60);
        (piece, prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..60)).prop_map(
            |(pieces, picks)| {
                let other = picks
                    .iter()
                    .filter(|_| !pieces.is_empty())
                    .map(|(at, changed)| if *changed { "ü" } else { pieces[at.index(pieces.len())] });
                (pieces.concat(), other.collect())
            },
        )
    }

    proptest! {
        #[test]
        fn a_text_is_made_again((like, text) in two()) {
            prop_assert_eq!(made(&like, &text), text.clone());
            prop_assert_eq!(made(&text, &text), text);
        }

        /// Whatever a file says: a text or an error, and never more than is allowed.
        #[test]
        fn what_makes_no_text_is_refused(edits in "[\\[\\]0-9\",a-]{0,24}", most in 0usize..40) {
            if let Ok(text) = apply("0123456789é", &edits, most) {
                prop_assert!(text.len() <= most, "{}", text);
            }
        }
    }

    #[test]
    fn it_is_as_short_as_what_changed() {
        let like: String = (0..500).map(|i| format!("{{\"index\":{i},\"value\":{}}},", i * i)).collect();
        let changed =
            like.replace("\"value\":144}", "\"value\":145.5}").replace("{\"index\":300,\"value\":90000},", "");
        let difference = Index::new(&like).difference(&like, &changed);
        assert!(difference.len() < 60, "{difference}");
        assert_eq!(made(&like, &changed), changed, "and says it all");
        assert_eq!(Index::new("").difference("", "abc"), "\"abc\"", "nothing is like it");
        let long = "é".repeat(LONGEST);
        assert_eq!(made("", &long), long, "longer than one string");
    }

    #[test]
    fn broken_lists_are_told_in_one_line() {
        for edits in
            ["11", "[20],1", "-1,1", "[-1]", "1.5", "null", "[1,2]", "[]", "[11],1", "5]", "5,-6,1", "{}", "1,", "5]]"]
        {
            let error = apply("0123456789", edits, 100).expect_err(edits).to_string();
            assert!(!error.contains('\n'), "{error}");
        }
        assert!(apply("é", "1", 100).is_err(), "half a character");
        let bomb = format!("{}1", "9,-9,".repeat(1000));
        assert!(apply("0123456789", &bomb, 100).is_err(), "more than is allowed");
    }
}
