//! Equivalence classes: adapters that no case tells apart.
//!
//! Where all adapters ran the same cases this is an equivalence: equal rows of a table. Where one did not run a case,
//! "not told apart" is not transitive. Classes are then made from the adapters with the most cases to those with the
//! fewest: each joins the one class that it does not differ from, and begins a new one where it differs from all; one that
//! several classes would take is undecided, and belongs to none. So every two members of a class agree in every case that
//! both ran, and the same adapters give the same classes in any order.

use super::table::Cell;

/// Where an adapter belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In this class.
    In(usize),
    /// In one of these: it ran no case that tells them apart.
    Undecided(Vec<usize>),
    /// It ran nothing that repeats.
    Nothing,
}

/// Classes over some rows. `rows` must be in an order of their own, such as by name: it breaks ties.
pub(super) fn classes(rows: &[&[Cell]], weights: &[usize]) -> (Vec<Vec<Cell>>, Vec<Place>) {
    let covered = |row: &[Cell]| row.iter().filter(|c| matches!(c, Cell::Settled(_))).count();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse((covered(rows[*i]), weights[*i])));
    let mut joined: Vec<Vec<Cell>> = Vec::new();
    let mut places = vec![Place::Nothing; rows.len()];
    for i in order {
        let row = rows[i];
        if covered(row) == 0 {
            continue;
        }
        let differs = |class: &Vec<Cell>| class.iter().zip(row).any(|(a, b)| a.differs(*b));
        let fits: Vec<usize> = (0..joined.len()).filter(|c| !differs(&joined[*c])).collect();
        // Agreement in nothing is no agreement.
        let meets = |class: &Vec<Cell>| {
            class.iter().zip(row).any(|(a, b)| matches!((a, b), (Cell::Settled(_), Cell::Settled(_))))
        };
        match fits[..] {
            [] => {
                places[i] = Place::In(joined.len());
                joined.push(row.to_vec());
            }
            [one] if meets(&joined[one]) => {
                places[i] = Place::In(one);
                for (a, b) in joined[one].iter_mut().zip(row) {
                    *a = match (*a, *b) {
                        (Cell::Absent, other) => other,
                        (Cell::Unsettled, Cell::Settled(n)) => Cell::Settled(n),
                        (kept, _) => kept,
                    };
                }
            }
            _ => places[i] = Place::Undecided(fits),
        }
    }
    (joined, places)
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
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

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
        let (_, places) = of(&[vec![2, 2, 0], vec![0, 0, 5]]);
        assert_eq!(places[1], Place::Undecided(vec![0]), "agreement in nothing is no agreement");
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
