//! Equivalence classes: adapters that no case tells apart.
//!
//! Where all adapters ran the same cases this is an equivalence: equal rows of a table. Where one did not run a case,
//! "not told apart" is not transitive: a row may agree with two that differ. Such a row is *undecided* and belongs to
//! no class, whichever of them has more cases or comes first. What agrees among the others is a class. So every two
//! members of a class agree in every case that both ran, every two classes are told apart, and the same rows give the
//! same classes in any order.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bit_set::BitSet;

use super::table::Cell;

/// Where an adapter belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In this class.
    In(usize),
    /// It is told apart from none of these: one that ran no case that tells several apart, or none that one of them ran.
    Undecided(Vec<usize>),
    /// It ran nothing that repeats.
    Nothing,
}

/// Classes over some rows, the cells that each class's members have together, and where every row belongs. `weights` are
/// how many adapters have a row; they break ties.
pub(super) fn classes(rows: &[&[Cell]], weights: &[usize]) -> (Vec<Vec<Cell>>, Vec<Place>) {
    // Equal rows are in one place.
    let mut equal: BTreeMap<&[Cell], usize> = BTreeMap::new();
    for (row, weight) in rows.iter().zip(weights) {
        *equal.entry(row).or_default() += weight;
    }
    let mut distinct: Vec<(&[Cell], usize)> = equal.into_iter().filter(|(row, _)| covered(row) > 0).collect();
    distinct.sort_by_key(|(row, weight)| (Reverse((covered(row), *weight)), *row));
    let distinct: Vec<&[Cell]> = distinct.into_iter().map(|(row, _)| row).collect();
    let relations = Relations::new(&distinct);
    let mut joined: Vec<Vec<Cell>> = Vec::new();
    let mut of: Vec<Option<usize>> = vec![None; distinct.len()];
    for members in relations.groups() {
        let mut class = vec![Cell::Absent; distinct[members[0]].len()];
        members.iter().for_each(|i| join(&mut class, distinct[*i]));
        // Agreement in nothing is no agreement: those that share no case with a class are not known to be another.
        if joined.iter().all(|c| differ(c, &class)) {
            members.iter().for_each(|i| of[*i] = Some(joined.len()));
            joined.push(class);
        }
    }
    // What differs from every class is one, though something else may agree with both.
    for (i, row) in distinct.iter().enumerate() {
        if of[i].is_none() && joined.iter().all(|c| differ(c, row)) {
            of[i] = Some(joined.len());
            joined.push(row.to_vec());
        }
    }
    let place = |row: &&[Cell]| match distinct.iter().position(|d| d == row).map(|i| of[i]) {
        None => Place::Nothing,
        Some(Some(class)) => Place::In(class),
        Some(None) => Place::Undecided((0..joined.len()).filter(|c| !differ(&joined[*c], row)).collect()),
    };
    let places = rows.iter().map(place).collect();
    (joined, places)
}

fn covered(row: &[Cell]) -> usize {
    row.iter().filter(|c| matches!(c, Cell::Settled(_))).count()
}

/// Whether a case tells two rows apart.
fn differ(a: &[Cell], b: &[Cell]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.differs(*b))
}

/// Whether two rows have a settled case in common.
fn meet(a: &[Cell], b: &[Cell]) -> bool {
    a.iter().zip(b).any(|(a, b)| matches!((a, b), (Cell::Settled(_), Cell::Settled(_))))
}

/// Adds what a member has to a class.
fn join(class: &mut [Cell], member: &[Cell]) {
    for (a, b) in class.iter_mut().zip(member) {
        *a = match (*a, *b) {
            (Cell::Absent, other) => other,
            (Cell::Unsettled, Cell::Settled(n)) => Cell::Settled(n),
            (kept, _) => kept,
        };
    }
}

/// Which rows agree in a case and differ in none, and which differ.
struct Relations {
    agree: Vec<BitSet>,
    differ: Vec<BitSet>,
}

impl Relations {
    fn new(rows: &[&[Cell]]) -> Self {
        let blank = vec![BitSet::with_capacity(rows.len()); rows.len()];
        let mut out = Self { agree: blank.clone(), differ: blank };
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate().skip(i + 1) {
                let into = if differ(a, b) {
                    &mut out.differ
                } else if meet(a, b) {
                    &mut out.agree
                } else {
                    continue;
                };
                into[i].insert(j);
                into[j].insert(i);
            }
        }
        out
    }

    /// Groups of rows that agree, directly or through others of the group, without two that differ. Rows that agree with
    /// two that differ are in none.
    fn groups(&self) -> Vec<Vec<usize>> {
        let torn = |i: usize| self.agree[i].iter().any(|j| !self.agree[i].is_disjoint(&self.differ[j]));
        let mut left: Vec<usize> = (0..self.agree.len()).filter(|i| !torn(*i)).collect();
        loop {
            let groups = self.connected(&left);
            // Through others, two that differ may still be connected: then those with the fewest cases connect nothing.
            let at_odds = |g: &Vec<usize>| g.iter().any(|i| g.iter().any(|j| self.differ[*i].contains(*j)));
            let last: Vec<usize> = groups.iter().filter(|g| at_odds(g)).filter_map(|g| g.last().copied()).collect();
            if last.is_empty() {
                return groups;
            }
            left.retain(|i| !last.contains(i));
        }
    }

    /// The connected parts of some rows by agreement, each in order, in the order of their first ones.
    fn connected(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let mut left: BitSet = rows.iter().copied().collect();
        let mut out = Vec::new();
        for &first in rows {
            if !left.contains(first) {
                continue;
            }
            left.remove(first);
            let mut part = vec![first];
            let mut at = 0;
            while let Some(&i) = part.get(at) {
                let next: Vec<usize> = self.agree[i].intersection(&left).collect();
                next.iter().for_each(|j| {
                    left.remove(*j);
                });
                part.extend(next);
                at += 1;
            }
            part.sort_unstable();
            out.push(part);
        }
        out
    }
}

/// A class's letter: A to Z, then AA, AB ….
#[must_use]
pub(super) fn letter(class: usize) -> String {
    let mut out = Vec::new();
    let mut n = class + 1;
    while n > 0 {
        out.push(char::from(b'A' + u8::try_from((n - 1) % 26).unwrap_or(0)));
        n = (n - 1) / 26;
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, proptest};

    fn cell(n: u32) -> Cell {
        match n {
            0 => Cell::Absent,
            1 => Cell::Unsettled,
            n => Cell::Settled(n),
        }
    }

    fn of(table: &[Vec<u32>]) -> (Vec<Vec<Cell>>, Vec<Place>) {
        let rows: Vec<Vec<Cell>> = table.iter().map(|r| r.iter().map(|n| cell(*n)).collect()).collect();
        let rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
        classes(&rows, &vec![1; rows.len()])
    }

    #[test]
    fn classes_are_what_no_case_tells_apart() {
        let (_, places) = of(&[vec![2, 2], vec![2, 3], vec![2, 2], vec![2, 0], vec![0, 3], vec![1, 1], vec![0, 0]]);
        let expected = [
            Place::In(0),
            Place::In(1),
            Place::In(0),
            Place::Undecided(vec![0, 1]),
            Place::In(1),
            Place::Nothing,
            Place::Nothing,
        ];
        assert_eq!(places, expected, "two classes, and one that either could take");
        let expected = [Place::Undecided(vec![0, 1]), Place::In(0), Place::In(1)];
        for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]] {
            let table = [vec![2, 2, 0], vec![2, 0, 3], vec![2, 0, 4]];
            let (_, places) = of(&order.map(|i| table[i].clone()));
            let mut by_row = expected.clone();
            order.iter().zip(places).for_each(|(i, place)| by_row[*i] = place);
            assert_eq!(by_row, expected, "that it has as many cases does not make it one of them");
        }
        let (_, places) = of(&[vec![2, 2, 0], vec![0, 0, 5]]);
        assert_eq!(places[1], Place::Undecided(vec![0]), "agreement in nothing is no agreement");
        // A ring of four, each at odds with the one across, and a chain whose ends differ.
        let (joined, places) = of(&[vec![2, 2, 0, 0], vec![0, 2, 2, 0], vec![0, 3, 2, 2], vec![2, 0, 3, 2]]);
        assert!(places.iter().any(|p| matches!(p, Place::In(_))) && !joined.is_empty(), "{places:?}");
    }

    #[test]
    fn letters_go_on_after_z() {
        let found: Vec<_> = [0, 25, 26, 27, 701, 702].into_iter().map(letter).collect();
        assert_eq!(found, ["A", "Z", "AA", "AB", "ZZ", "AAA"], "as in a spreadsheet");
    }

    proptest! {
        #[test]
        fn members_of_a_class_agree_and_classes_differ(
            table in prop::collection::vec(prop::collection::vec(0u32..5, 4), 1..12),
        ) {
            let (joined, places) = of(&table);
            for (i, a) in places.iter().enumerate() {
                for (j, b) in places.iter().enumerate() {
                    let differ = table[i].iter().zip(&table[j]).any(|(x, y)| cell(*x).differs(cell(*y)));
                    if let (Place::In(x), Place::In(y)) = (a, b)
                        && x == y
                    {
                        prop_assert!(!differ, "{} and {} are in one class", i, j);
                    }
                }
            }
            for a in 0..joined.len() {
                for b in a + 1..joined.len() {
                    let differ = joined[a].iter().zip(&joined[b]).any(|(x, y)| x.differs(*y));
                    prop_assert!(differ, "classes {} and {} are told apart", a, b);
                }
            }
        }

        #[test]
        fn the_order_of_rows_does_not_matter(
            (table, order) in prop::collection::vec(prop::collection::vec(0u32..5, 5), 1..12)
                .prop_flat_map(|t| { let order: Vec<usize> = (0..t.len()).collect(); (Just(t), Just(order).prop_shuffle()) }),
        ) {
            let (joined, places) = of(&table);
            let shuffled: Vec<Vec<u32>> = order.iter().map(|i| table[*i].clone()).collect();
            let (same, moved) = of(&shuffled);
            prop_assert_eq!(joined, same);
            for (place, i) in moved.iter().zip(&order) {
                prop_assert_eq!(place, &places[*i]);
            }
        }

        #[test]
        fn what_is_undecided_names_all_that_it_could_be(
            table in prop::collection::vec(prop::collection::vec(0u32..5, 4), 1..12),
        ) {
            let (joined, places) = of(&table);
            for (row, place) in table.iter().zip(&places) {
                let cells: Vec<Cell> = row.iter().map(|n| cell(*n)).collect();
                let fits: Vec<usize> = (0..joined.len()).filter(|c| !differ(&joined[*c], &cells)).collect();
                match place {
                    Place::In(c) => prop_assert!(fits.contains(c), "it fits its own"),
                    Place::Undecided(all) => prop_assert!(!all.is_empty() && *all == fits, "what it could be is named"),
                    Place::Nothing => prop_assert_eq!(covered(&cells), 0),
                }
            }
        }

        #[test]
        fn where_all_ran_it_is_an_equivalence(
            table in prop::collection::vec(prop::collection::vec(2u32..4, 3), 1..12),
        ) {
            let (_, places) = of(&table);
            for i in 0..table.len() {
                for j in 0..table.len() {
                    prop_assert_eq!(places[i] == places[j], table[i] == table[j], "{} and {}", i, j);
                }
            }
        }
    }
}
