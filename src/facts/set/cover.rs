//! The smallest set of cases that tells classes apart: a minimum test cover.
//!
//! Every two classes must differ in one of the chosen cases. That is a set cover of the pairs of classes by cases, which is
//! NP-hard; small instances are searched whole, within a bound on the work, and larger ones taken greedily, which is at
//! most 1 + ln(pairs) times the smallest (Chvátal 1979). The result says which it is.

use std::collections::BTreeMap;

use serde::Serialize;

/// Steps of the search after which the greedy cover stands.
const STEPS: usize = 50_000;

/// A cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cover {
    /// Indices of the chosen cases, ascending.
    #[serde(skip)]
    pub chosen: Vec<usize>,
    /// Whether no smaller set does.
    pub is_smallest: bool,
    /// Pairs of classes that no case tells apart.
    pub untold: usize,
}

type Bits = Vec<u64>;

fn or(a: &mut Bits, b: &Bits) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a |= b);
}

fn count_new(of: &Bits, over: &Bits) -> u32 {
    of.iter().zip(over).map(|(a, b)| (a & !b).count_ones()).sum()
}

fn has(bits: &Bits, i: usize) -> bool {
    bits[i / 64] >> (i % 64) & 1 == 1
}

/// The cover of `classes` classes by `cases` cases, of which `tells(case, a, b)` says whether it tells two apart.
#[must_use]
pub fn cover(classes: usize, cases: usize, tells: impl Fn(usize, usize, usize) -> bool) -> Cover {
    let pairs: Vec<(usize, usize)> = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b))).collect();
    let words = pairs.len().div_ceil(64);
    // Of cases that tell the same pairs apart, the first stands for all.
    let mut columns: BTreeMap<Bits, usize> = BTreeMap::new();
    for case in 0..cases {
        let mut bits = vec![0u64; words];
        for (i, (a, b)) in pairs.iter().enumerate() {
            if tells(case, *a, *b) {
                bits[i / 64] |= 1 << (i % 64);
            }
        }
        if bits.iter().any(|w| *w != 0) {
            columns.entry(bits).or_insert(case);
        }
    }
    let mut columns: Vec<(Bits, usize)> = columns.into_iter().collect();
    // One that tells apart no more than another is never needed.
    let all = columns.clone();
    columns.retain(|(bits, _)| !all.iter().any(|(more, _)| more != bits && count_new(bits, more) == 0));
    columns.sort_by_key(|(bits, case)| (std::cmp::Reverse(count_new(bits, &vec![0; words])), *case));
    let mut goal = vec![0u64; words];
    columns.iter().for_each(|(bits, _)| or(&mut goal, bits));
    let untold = pairs.len() - goal.iter().map(|w| w.count_ones() as usize).sum::<usize>();
    let greedy = greedy(&columns, &goal);
    let choices = (0..pairs.len()).map(|p| columns.iter().filter(|(b, _)| has(b, p)).count()).collect();
    let mut search = Search { columns: &columns, goal: &goal, choices, steps: STEPS, chosen: Vec::new() };
    let mut best = greedy.clone();
    let mut is_smallest = true;
    for size in lower_bound(&columns, &goal)..greedy.len() {
        match search.within(size, &vec![0; words]) {
            Some(true) => {
                best.clone_from(&search.chosen);
                break;
            }
            Some(false) => search.chosen.clear(),
            None => {
                is_smallest = false;
                break;
            }
        }
    }
    let mut chosen: Vec<usize> = best.iter().map(|i| columns[*i].1).collect();
    chosen.sort_unstable();
    Cover { chosen, is_smallest, untold }
}

/// No fewer cases can do: the largest tells so many pairs apart at most.
fn lower_bound(columns: &[(Bits, usize)], goal: &Bits) -> usize {
    let none = vec![0; goal.len()];
    let most = columns.iter().map(|(b, _)| count_new(b, &none)).max().unwrap_or(1).max(1);
    count_new(goal, &none).div_ceil(most) as usize
}

fn greedy(columns: &[(Bits, usize)], goal: &Bits) -> Vec<usize> {
    let mut done = vec![0u64; goal.len()];
    let mut chosen = Vec::new();
    while done != *goal {
        let gain = |i: &usize| count_new(&columns[*i].0, &done);
        let Some(best) = (0..columns.len()).max_by_key(|i| (gain(i), std::cmp::Reverse(*i))) else { break };
        if gain(&best) == 0 {
            break;
        }
        or(&mut done, &columns[best].0);
        chosen.push(best);
    }
    chosen
}

/// A depth-first search for a cover of a given size.
struct Search<'a> {
    columns: &'a [(Bits, usize)],
    goal: &'a Bits,
    /// How many columns tell each pair apart.
    choices: Vec<usize>,
    steps: usize,
    chosen: Vec<usize>,
}

impl Search<'_> {
    /// Whether `size` more cases can finish what is `done`; `None` where the work would be too much.
    fn within(&mut self, size: usize, done: &Bits) -> Option<bool> {
        if *done == *self.goal {
            return Some(true);
        }
        if size == 0 {
            return Some(false);
        }
        self.steps = self.steps.checked_sub(1)?;
        // The pair that the fewest cases tell apart leaves the fewest choices.
        let open = (0..self.choices.len()).filter(|p| has(self.goal, *p) && !has(done, *p));
        let pair = open.min_by_key(|p| self.choices[*p])?;
        for i in (0..self.columns.len()).filter(|i| has(&self.columns[*i].0, pair)) {
            let mut next = done.clone();
            or(&mut next, &self.columns[i].0);
            self.chosen.push(i);
            match self.within(size - 1, &next) {
                Some(false) => {
                    self.chosen.pop();
                }
                other => return other,
            }
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    /// The smallest cover, by trying every set.
    fn brute(classes: usize, table: &[Vec<u8>]) -> (usize, usize) {
        let pairs: Vec<_> = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b))).collect();
        let told = |set: u32, (a, b): (usize, usize)| {
            (0..table.len()).any(|c| set >> c & 1 == 1 && table[c][a] != table[c][b])
        };
        let most = pairs.iter().filter(|p| told(u32::MAX, **p)).count();
        let sets = (0..1u32 << table.len()).filter(|s| pairs.iter().filter(|p| told(*s, **p)).count() == most);
        (sets.map(|s| s.count_ones() as usize).min().unwrap_or(0), pairs.len() - most)
    }

    proptest! {
        #[test]
        fn it_is_the_smallest_and_it_covers(
            classes in 1usize..7,
            table in prop::collection::vec(prop::collection::vec(0u8..3, 7), 0..9),
        ) {
            let found = cover(classes, table.len(), |c, a, b| table[c][a] != table[c][b]);
            let (size, untold) = brute(classes, &table);
            prop_assert!(found.is_smallest, "small instances are searched whole");
            prop_assert_eq!(found.chosen.len(), size, "the size");
            prop_assert_eq!(found.untold, untold, "what no case tells apart");
            for a in 0..classes {
                for b in a + 1..classes {
                    let all = table.iter().any(|c| c[a] != c[b]);
                    let chosen = found.chosen.iter().any(|c| table[*c][a] != table[*c][b]);
                    prop_assert_eq!(all, chosen, "{} and {}", a, b);
                }
            }
        }

    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(6))]

        #[test]
        fn a_large_one_is_covered_too(seed in any::<u64>()) {
            let value = |c: usize, k: usize| seed.wrapping_mul(c as u64 * 31 + 7).rotate_left(u32::try_from(k % 64).unwrap_or(0)) & 1;
            let found = cover(16, 100, |c, a, b| value(c, a) != value(c, b));
            for a in 0..16 {
                for b in a + 1..16 {
                    let all = (0..100).any(|c| value(c, a) != value(c, b));
                    prop_assert_eq!(all, found.chosen.iter().any(|c| value(*c, a) != value(*c, b)), "{} and {}", a, b);
                }
            }
        }
    }

    #[test]
    fn greedy_is_not_taken_where_fewer_do() {
        // Six classes by three bits: three cases do, and each case of two bits that greedy likes better leads astray.
        let codes: [[u8; 4]; 4] = [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 2, 2], [0, 0, 0, 1]];
        let found = cover(4, 4, |c, a, b| codes[c][a] != codes[c][b]);
        assert_eq!((found.chosen.len(), found.is_smallest), (2, true), "{found:?}");
        assert_eq!(
            cover(1, 4, |_, _, _| true),
            Cover { is_smallest: true, ..Cover::default() },
            "one class needs none"
        );
    }
}
