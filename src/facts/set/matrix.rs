//! Kernels by classes, what splits the classes, and the cases that tell them apart.

use std::collections::BTreeMap;

use super::apart::Drifts;
use super::classes::{Place, classes, letter};
use super::members::{Joined, is_strict, undecided};
use super::table::{Cell, Table};
use super::{Kernel, KernelCell, LARGEST, Split, Telling};

/// A row for each kernel, in the order of the plan.
pub(super) fn matrix(drift: &Drifts<'_>, joined: &[Vec<Cell>], unrepeated: &[Vec<bool>]) -> Vec<Kernel> {
    let table = drift.table;
    let mut kernels: Vec<(&str, Vec<usize>)> = Vec::new();
    for (i, case) in table.cases.iter().enumerate() {
        match kernels.iter_mut().find(|(k, _)| *k == case.kernel) {
            Some((_, cases)) => cases.push(i),
            None => kernels.push((&case.kernel, vec![i])),
        }
    }
    let mut out: Vec<Kernel> =
        kernels.iter().map(|(name, cases)| kernel(drift, (joined, unrepeated), name, cases)).collect();
    out.retain(|k| k.cells.iter().any(|c| c.settled + c.unsettled > 0));
    out
}

fn kernel(drift: &Drifts<'_>, joined: Joined<'_>, name: &str, cases: &[usize]) -> Kernel {
    let (joined, unrepeated) = joined;
    let part: Vec<Vec<Cell>> = joined.iter().map(|row| cases.iter().map(|c| row[*c]).collect()).collect();
    let rows: Vec<&[Cell]> = part.iter().map(Vec::as_slice).collect();
    let (mut own, mut places) = classes(&rows, &vec![1; rows.len()]);
    // The first class of all has the kernel's A, so that letters read alike from row to row.
    let mut seen: Vec<usize> = Vec::new();
    for place in &places {
        if let Place::In(c) = place
            && !seen.contains(c)
        {
            seen.push(*c);
        }
    }
    own = seen.iter().map(|c| own[*c].clone()).collect();
    let number = |c: usize| seen.iter().position(|s| *s == c).unwrap_or(c);
    for place in &mut places {
        match place {
            Place::In(c) => *c = number(*c),
            Place::Undecided(all) => {
                all.iter_mut().for_each(|c| *c = number(*c));
                all.sort_unstable();
            }
            Place::Nothing => {}
        }
    }
    let whole_row = |c: usize| -> Vec<Cell> {
        let mut row = vec![Cell::Absent; drift.table.cases.len()];
        cases.iter().zip(&own[c]).for_each(|(case, cell)| row[*case] = *cell);
        row
    };
    let base = if own.is_empty() { Vec::new() } else { whole_row(0) };
    let cells = joined
        .iter()
        .zip(&places)
        .enumerate()
        .map(|(i, (row, place))| {
            let ran = cases.iter().filter(|c| !matches!(row[**c], Cell::Absent | Cell::Open));
            // A case that one of the class does not repeat is not settled, though another of it repeats.
            let (settled, open): (Vec<&usize>, Vec<&usize>) =
                ran.partition(|c| row[**c] != Cell::Unsettled && !unrepeated[i][**c]);
            let (letters, at) = match place {
                Place::In(c) => (letter(*c), *c),
                Place::Undecided(all) => (undecided(all), usize::MAX),
                Place::Nothing => (String::new(), usize::MAX),
            };
            let found = match place {
                Place::In(c) if *c > 0 && i < LARGEST => Some(drift.apart(&base, row, cases.iter().copied())),
                _ => None,
            };
            KernelCell {
                strict: is_strict(drift.table, (row, &unrepeated[i]), cases.iter().copied()),
                settled: settled.len(),
                unsettled: open.len(),
                differing: found.as_ref().map_or(0, |f| f.cases.len()),
                size: found.as_ref().and_then(|f| f.worst()).map(|w| w.size()).unwrap_or_default(),
                worst: found.as_ref().and_then(|f| f.worst()).map(|w| drift.table.cases[w.case].id.clone()),
                severity: found.as_ref().and_then(|f| f.worst()).map(|w| w.severity).unwrap_or_default(),
                because: found.as_ref().map(|f| f.because("A", &letters)).unwrap_or_default(),
                letter: letters,
                number: at,
            }
        })
        .collect();
    let compared = super::compared(drift.table, cases.iter().copied(), |i, _| Some(((), i)));
    Kernel { kernel: name.to_owned(), cases: cases.len(), classes: own.len(), compared: compared.len(), cells }
}

/// The classes by what they gave for a case.
pub(super) fn telling(table: &Table<'_>, joined: &[Vec<Cell>], case: usize) -> Telling {
    let mut groups: Vec<(u32, Vec<String>)> = Vec::new();
    for (c, row) in joined.iter().enumerate() {
        let Cell::Settled(n) = row[case] else { continue };
        match groups.iter_mut().find(|(m, _)| *m == n) {
            Some((_, letters)) => letters.push(letter(c)),
            None => groups.push((n, vec![letter(c)])),
        }
    }
    let groups: Vec<String> = groups.into_iter().map(|(_, letters)| letters.join(" ")).collect();
    Telling { case: table.cases[case].id.clone(), groups: groups.join(" | ") }
}

/// What splits each class from the first.
pub(super) fn splits(drift: &Drifts<'_>, joined: &[Vec<Cell>]) -> Vec<Split> {
    let Some(first) = joined.first() else { return Vec::new() };
    let table = drift.table;
    (1..joined.len().min(LARGEST))
        .map(|c| {
            let found = drift.apart(first, &joined[c], 0..table.cases.len());
            let (a, b) = (letter(0), letter(c));
            let mut kernels: BTreeMap<&str, usize> = BTreeMap::new();
            found.cases.iter().for_each(|i| *kernels.entry(&table.cases[*i].kernel).or_default() += 1);
            let mut kernels: Vec<(&str, usize)> = kernels.into_iter().collect();
            kernels.sort_by(|x, y| y.1.cmp(&x.1).then(x.0.cmp(y.0)));
            let named: Vec<String> = kernels.iter().take(4).map(|(k, n)| format!("{k} ({n})")).collect();
            let more = kernels.len().saturating_sub(4);
            let more = if more > 0 { format!(" and {more} more kernels") } else { String::new() };
            let worst = found.worst().map(|w| (table.cases[w.case].id.clone(), w.size()));
            let both = |i: &usize| matches!((first[*i], joined[c][*i]), (Cell::Settled(_), Cell::Settled(_)));
            let compared = (0..table.cases.len()).filter(both).count();
            let text = format!(
                "{b} differs from {a} in {} of {compared} cases that both ran and that repeat: {}{more}. {}.",
                found.cases.len(),
                named.join(", "),
                capital(&found.because(&a, &b))
            );
            Split { classes: (a, b), text, worst }
        })
        .collect()
}

/// A clause as a sentence begins.
fn capital(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
