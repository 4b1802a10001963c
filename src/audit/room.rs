//! How much of the outputs a record takes, so that it can be read again whatever `--store` asks for.

use crate::record::STORE;

/// Words of all outputs that are stored beyond the usual: 48 MiB, and a third more as text.
const WORDS: u64 = 12 << 20;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Room {
    left: u64,
    shortened: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: WORDS, shortened: 0 }
    }
}

impl Room {
    /// Up to how many elements the next output of so many words is stored whole, where `wanted` is asked for.
    pub(super) fn take(&mut self, words: u64, wanted: u64) -> u64 {
        if wanted <= STORE || words <= STORE {
            return wanted;
        }
        match self.left.checked_sub(words.min(wanted)) {
            Some(left) => {
                self.left = left;
                wanted
            }
            None => {
                self.shortened += 1;
                STORE
            }
        }
    }

    /// What was stored less of than was asked for, in a sentence.
    pub(super) fn note(&self) -> Option<String> {
        let outputs = match self.shortened {
            0 => return None,
            1 => "One output has".to_owned(),
            n => format!("{n} outputs have"),
        };
        Some(format!(
            "{outputs} no more than the usual stored, because those before have {} MiB: audit fewer kernels (--kernel), or \
             store less of each (--store).",
            (WORDS * 4) >> 20
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_takes_no_more_than_is_read_again() {
        let mut room = Room::default();
        assert_eq!(room.take(1 << 30, STORE), STORE, "the usual is always stored");
        assert_eq!(room.take(WORDS - 1, u64::MAX), u64::MAX, "as long as there is room");
        assert_eq!(room.note(), None, "all of it");
        assert_eq!(room.take(4096, 8192), STORE, "then the usual");
        assert_eq!(room.take(STORE, 8192), 8192, "a small one is whole in any case");
        assert!(room.note().is_some_and(|n| n.starts_with("One output has no more")), "it is told");
    }
}
