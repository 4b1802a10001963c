//! What is said of results that are explained, that are not, and that nobody looked at.

use repro_audit::facts::pair::{self, Why};
use repro_audit::facts::proof;
use repro_audit::formats::{self, Options, terminal};
use repro_audit::model::Liberty;
use repro_audit::model::Side;
use repro_audit::model::explained::{
    Conflict, Explained, Grade, Operation, Pair, Reproduction, Rule, Unasked, Unreproduced,
};
use repro_audit::record::{self, Record};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;
use repro_audit::views::statement::Statement;

use crate::pair::{as_written, compared, ordinary, record, related, sealed};

fn by(liberties: &[Liberty], operations: &[&str]) -> Reproduction {
    Reproduction { liberties: liberties.to_vec(), operations: operations.iter().map(|o| (*o).to_owned()).collect() }
}

fn pair(case: &str, grade: Grade, by: Vec<Reproduction>, reproduced: u64) -> Pair {
    let left = || Unreproduced { element: 9, found: "0x3f800001".to_owned(), given: "0x3f800000".to_owned() };
    let first = (reproduced < 64).then(left);
    Pair { case: case.to_owned(), grade, by, elements: 64, reproduced, first, step: None }
}

fn operation(name: &str, rules: &[Rule]) -> Operation {
    Operation { operation: name.to_owned(), rules: rules.to_vec(), definitions: Vec::new(), operands: 99, other: 9 }
}

fn model(name: &str) -> Rule {
    Rule { liberties: Vec::new(), model: Some(name.to_owned()) }
}

/// The record of a driver whose results all differ, with what is explained of it.
fn explained(label: &str, mesa: &str, day: u32, add: u32, of: impl Fn(&Record) -> Explained) -> Record {
    let mut record = record(label, mesa, day, ordinary, &|_, w| w + add);
    let mut told = of(&record);
    (told.engine, told.label) = ("vulkan:1".to_owned(), record.engines[1].label.clone());
    told.program = "0.1.0".to_owned();
    record.explained = vec![told];
    sealed(record)
}

fn cases(record: &Record) -> Vec<String> {
    record.cases.iter().map(|c| c.id.clone()).collect()
}

/// One case of every standing, the first one named.
fn every(record: &Record) -> Explained {
    let ids = cases(record);
    let pairs = vec![
        pair(&ids[0], Grade::Named, vec![by(&[Liberty::Contract], &[])], 64),
        pair(&ids[1], Grade::Measured, vec![by(&[], &["exp(f32)"])], 64),
        pair(&ids[2], Grade::Itself, vec![by(&[], &["exp(f32)"])], 64),
        pair(&ids[3], Grade::Partly, vec![by(&[Liberty::Flush], &[])], 7),
        pair(&ids[4], Grade::Unexplained, Vec::new(), 0),
    ];
    let unasked = vec![Unasked { case: ids[5].clone(), reason: "its result is another now".to_owned() }];
    Explained { pairs, unasked, operations: vec![operation("exp(f32)", &[])], ..Explained::default() }
}

fn page(record: &Record, full: bool) -> String {
    let width = if full { 200 } else { 80 };
    terminal::write(&Audit::new(record).document(), &Options { full, width, ..Options::default() })
}

#[test]
fn each_result_has_one_standing() {
    let record = explained("a", "22.3.6", 1, 1, every);
    let all = record.cases.len();
    let [share] = &proof::shares(&record)[..] else { panic!("one engine differs") };
    assert_eq!(
        (share.named, share.measured, share.itself, share.partly, share.unexplained),
        (1, 1, 1, 1, 1),
        "{share:?}"
    );
    assert_eq!((share.differing, share.untested), (all, all - 5), "the rest was not looked at: {share:?}");
    assert_eq!((share.elements, share.proven_elements), (5 * 64, 2 * 64), "of those looked at");
    let first = page(&record, false);
    let line = first.lines().find(|l| l.contains("Explained")).unwrap_or_else(|| panic!("{first}"));
    assert!(line.contains(&format!("2 of {all} on vulkan:1 (40 % of elements)")), "{line}");
    assert!(first.contains(&format!("{} not looked at", all - 5)), "untested is said: {first}");
    let full = page(&record, true);
    for said in [
        format!("2 of {all} differing results proven, 1 of them by rules alone: 40 % of the elements"),
        "fuses multiply and add".to_owned(),
        "Reassociation and Fusion".to_owned(),
        "computes in its own way".to_owned(),
        "1 result is an operation alone".to_owned(),
        "1 result is reproduced in some".to_owned(),
        "element 9 of".to_owned(),
        "1 result is given by nothing that was tried".to_owned(),
        "its result is another now".to_owned(),
        format!("Nothing is known of {} results", all - 5),
    ] {
        assert!(full.contains(&said), "{said}: {full}");
    }
    let statement =
        terminal::write(&Statement::new(&record).document(), &Options { width: 4000, ..Options::default() });
    let said = format!(
        "reproduced every bit of 2 of {all} on llvmpipe (LLVM 15.0.6, 256 bits) [vulkan, Mesa 22.3.6] ({} were not",
        all - 5
    );
    assert!(statement.contains(&said), "{statement}");
    assert!(statement.contains("1 by rules of arithmetic, 1 by the adapter's own values"), "{statement}");
}

#[test]
fn what_nobody_looked_at_is_not_said_to_be_unexplained() {
    let plain = record("a", "22.3.6", 1, ordinary, &|_, w| w + 1);
    for text in [page(&plain, false), page(&plain, true)] {
        assert!(!text.contains("Explained") && !text.contains("xplained by") && !text.contains("proven, "), "{text}");
    }
    let statement = terminal::write(&Statement::new(&plain).document(), &Options::default());
    assert!(!statement.contains("interpreter that was given"), "{statement}");
    assert_eq!(proof::shares(&plain), [], "nothing is counted");
    // Looked at, and nothing differs.
    let mut same = record("a", "22.3.6", 1, ordinary, &as_written);
    same.explained = vec![Explained { engine: "vulkan:1".to_owned(), ..Explained::default() }];
    let text = page(&sealed(same), false);
    assert!(text.contains("no result differs from the strict reference"), "{text}");
    // One that was not there to be asked.
    let absent =
        |_: &Record| Explained { absent: Some("this machine has no such adapter".to_owned()), ..Explained::default() };
    let text = page(&explained("a", "22.3.6", 1, 1, absent), true);
    assert!(text.contains("nothing is known of") && text.contains("this machine has no such adapter"), "{text}");
    assert!(!text.contains("0 of"), "no share of what is not known: {text}");
}

/// A file may state more than it shows.
#[test]
fn a_grade_follows_from_what_is_told() {
    let record = explained("a", "22.3.6", 1, 1, |record| {
        let ids = cases(record);
        let pairs = vec![
            pair(&ids[0], Grade::Named, vec![by(&[Liberty::Contract], &[])], 63),
            pair(&ids[1], Grade::Named, vec![by(&[], &["exp(f32)"])], 64),
            pair(&ids[2], Grade::Named, Vec::new(), 64),
            pair(&ids[3], Grade::Measured, vec![by(&[], &["log(f32)"])], 64),
        ];
        let operations = vec![operation("exp(f32)", &[]), operation("log(f32)", &[model("mesa")])];
        Explained { pairs, operations, ..Explained::default() }
    });
    let grade = |i: usize| proof::grade(&record.explained[0], &record.explained[0].pairs[i]);
    assert_eq!(grade(0), Grade::Partly, "an element is left");
    assert_eq!(grade(1), Grade::Measured, "the operation has no rule");
    assert_eq!(grade(2), Grade::Partly, "by nothing");
    assert_eq!(grade(3), Grade::Named, "the operation has one");
    // A case whose result is the strict one is no result to explain.
    let mut strict = self::record("a", "22.3.6", 1, ordinary, &as_written);
    strict.explained = record.explained.clone();
    assert_eq!(proof::shares(&sealed(strict)), [], "nothing differs");
}

#[test]
fn a_row_says_how_well_and_by_what() {
    let record = explained("a", "22.3.6", 1, 1, every);
    let mut record = record;
    let like = crate::fixture::full(1).cases.iter().flat_map(|c| c.comparisons.clone()).find(|c| c.right == "vulkan:1");
    let like = like.expect("a comparison");
    record.cases.iter_mut().for_each(|c| c.comparisons.push(like.clone()));
    let format = formats::ALL.iter().find(|f| f.name == "csv").expect("CSV");
    let text = formats::write(format, &Audit::new(&record), &Options::default()).expect("rows");
    let (ids, lines): (Vec<String>, Vec<&str>) = (cases(&record), text.lines().collect());
    let head: Vec<&str> = lines[0].split(',').collect();
    assert!(head.contains(&"explained") && head.contains(&"causes"), "{head:?}");
    for (id, said) in [
        (&ids[0], "named,fuses multiply and add"),
        (&ids[1], "measured,computes in its own way in exp(f32)"),
        (&ids[4], "not explained,"),
        (&ids[5], "not looked at,"),
    ] {
        assert!(lines.iter().any(|l| l.contains(id.as_str()) && l.contains(said)), "{id}: {said}: {text}");
    }
}

#[test]
fn a_part_of_a_record_explains_only_what_the_record_has() {
    let good = explained("a", "22.3.6", 1, 1, every);
    let read =
        |record: &Record| record::parse("it", &record::to_json(record).expect("JSON")).map_err(|e| e.to_string());
    assert_eq!(read(&good).expect("it is sound").explained, good.explained, "as written");
    let mut of = good.clone();
    of.explained[0].pairs[0].case = "sum/tree?n=3".to_owned();
    assert!(read(&sealed(of)).expect_err("refused").contains("explains 'sum/tree?n=3'"), "no such case");
    let mut of = good.clone();
    of.explained[0].engine = "vulkan:7".to_owned();
    assert!(read(&sealed(of)).expect_err("refused").contains("vulkan:7"), "no such engine");
    let mut of = good.clone();
    of.explained.push(good.explained[0].clone());
    assert!(read(&sealed(of)).expect_err("refused").contains("twice"), "an engine twice");
    // Counts that it can't have: more than the output has, and more given than differ.
    for (elements, reproduced) in [(65, 65), (10, 11), (u64::MAX, 1)] {
        let mut of = good.clone();
        (of.explained[0].pairs[0].elements, of.explained[0].pairs[0].reproduced) = (elements, reproduced);
        assert!(read(&sealed(of)).expect_err("refused").contains("counts other elements"), "{elements}, {reproduced}");
    }
    // Fewer than a comparison with the strict reference counts: "every element" would be false.
    let mut of = good.clone();
    let drifts = crate::fixture::full(1).cases.into_iter().flat_map(|c| c.comparisons);
    let mut like = drifts.into_iter().find(|c| c.right == "vulkan:1").expect("a comparison");
    (like.left, like.drift.differing) = (Side::STRICT, 64);
    of.cases[0].comparisons.push(like.clone());
    read(&sealed(of.clone())).expect("as many as are told");
    of.explained[0].pairs[0].elements = 1;
    of.explained[0].pairs[0].reproduced = 1;
    assert!(read(&sealed(of)).expect_err("refused").contains("counts other elements"), "one of 64");
    let mut of = good.clone();
    let no_case = || "sum/tree?n=3".to_owned();
    of.explained[0].conflicts =
        vec![Conflict { liberty: Liberty::Flush, shown: of.cases[0].id.clone(), excluded: vec![no_case()] }];
    assert!(read(&sealed(of)).expect_err("refused").contains("explains 'sum/tree?n=3'"), "a conflict with no case");
    let mut changed = good.clone();
    changed.explained[0].pairs[0].reproduced = 1;
    assert!(read(&changed).expect_err("refused").contains("was changed"), "it is part of the id");
}

/// What can't be told apart is all named, whatever it rests on; what one result shows and another excludes is told as that; and
/// the set that is enough for all is shown.
#[test]
fn alternatives_conflicts_and_the_least_set_are_told() {
    let record = explained("a", "22.3.6", 1, 1, |record| {
        let ids = cases(record);
        let ways = vec![
            by(&[Liberty::Contract], &["exp(f32)"]),
            by(&[Liberty::Reassociate], &["exp(f32)"]),
            by(&[Liberty::Flush], &["log(f32)"]),
        ];
        let pairs = vec![
            pair(&ids[0], Grade::Measured, ways, 64),
            pair(&ids[1], Grade::Named, vec![by(&[Liberty::Contract], &[])], 64),
        ];
        let conflicts =
            vec![Conflict { liberty: Liberty::Contract, shown: ids[1].clone(), excluded: vec![ids[2].clone()] }];
        let operations = vec![operation("exp(f32)", &[]), operation("log(f32)", &[])];
        Explained { pairs, operations, conflicts, ..Explained::default() }
    });
    let told = &record.explained[0];
    let ways = proof::alternatives(told, &told.pairs[0]);
    let texts: Vec<String> = ways.iter().map(|way| proof::causes_in_words(way, 9)).collect();
    assert_eq!(
        texts,
        [
            "fuses multiply and add, or reorders additions or multiplications; computes in its own way in exp(f32)",
            "flushes subnormals to zero; computes in its own way in log(f32)"
        ]
    );
    let full = page(&record, true);
    let ids = cases(&record);
    for said in [
        format!("gives every bit of {}", ids[1]),
        format!("{} would have other bits with that", ids[2]),
        "fuses multiply and add; 1 operation computed as the adapter does: exp(f32)".to_owned(),
    ] {
        assert!(full.split_whitespace().collect::<Vec<_>>().join(" ").contains(&said), "{said}: {full}");
    }
}

/// All cases by one thing.
fn all_by(reproduction: Reproduction, operations: Vec<Operation>) -> impl Fn(&Record) -> Explained {
    move |record| {
        let grade = if reproduction.operations.is_empty() { Grade::Named } else { Grade::Measured };
        let one = |id: &String| pair(id, grade, vec![reproduction.clone()], 64);
        let liberties = reproduction.liberties.clone();
        Explained {
            pairs: cases(record).iter().map(one).collect(),
            operations: operations.clone(),
            liberties,
            ..Explained::default()
        }
    }
}

#[test]
fn two_drivers_are_told_apart_by_proven_causes() {
    let mesa = || all_by(by(&[Liberty::SplitFma], &["exp(f32)"]), vec![operation("exp(f32)", &[model("mesa")])]);
    let newer = || all_by(by(&[Liberty::Flush], &["exp(f32)"]), vec![operation("exp(f32)", &[model("newer")])]);
    let (left, right) = (explained("a", "22.3.6", 1, 1, mesa()), explained("b", "25.0.7", 2, 3, newer()));
    let found = pair::compare(&left, &right, &[]).expect("nothing is forced");
    let n = left.cases.len();
    let counts = found.by_cause.expect("both explain");
    assert_eq!((counts.told, counts.alike, counts.open), (n, 0, 0), "all are told");
    assert_eq!(found.causes.len(), 2, "one for all operations, one for exp: {:?}", found.causes);
    assert!(found.causes.iter().all(|c| c.cases == n), "each in all cases");
    let (_, text) = compared(&left, &right, &["--full"]);
    for said in [
        "now flushes subnormals to zero; before, it expands the built-in fma into two roundings",
        "now computes as models/newer.wgsl does in exp(f32); before, it computes as models/mesa.wgsl does",
        &format!("causes that are proven on both sides tell why {n} of {n} changed results"),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let view = related(&[left.clone(), right.clone()]);
    let update = view.timelines.iter().flat_map(|t| &t.versions).find_map(|v| v.update.as_ref()).expect("an update");
    let texts: Vec<&str> = update.changes.iter().map(|c| c.text.as_str()).collect();
    assert!(texts.iter().any(|t| t.contains("models/newer.wgsl does in exp(f32)")), "{texts:?}");
    assert_eq!(update.changed, n, "a case of two causes is one case");
}

#[test]
fn what_no_cause_tells_is_counted() {
    let flush = || all_by(by(&[Liberty::Flush], &[]), Vec::new());
    let (left, right) = (explained("a", "22.3.6", 1, 1, flush()), explained("b", "25.0.7", 2, 3, flush()));
    let found = pair::compare(&left, &right, &[]).expect("nothing is forced");
    let n = left.cases.len();
    let counts = found.by_cause.expect("both explain");
    assert_eq!((counts.told, counts.alike, counts.open), (0, n, 0), "the same causes do not tell");
    assert!(found.causes.iter().all(|c| c.why == Why::Unknown), "{:?}", found.causes);
    // Results of which nobody knows what makes them differ.
    let right = explained("b", "25.0.7", 2, 3, |_| Explained::default());
    let counts = pair::compare(&left, &right, &[]).expect("nothing is forced").by_cause.expect("both explain");
    assert_eq!((counts.told, counts.alike, counts.open), (0, 0, n), "not known");
    let (_, text) = compared(&left, &right, &["--full"]);
    assert!(text.contains("it is not known what makes a side differ from strict arithmetic"), "{text}");
    // A record that explains nothing says nothing of it.
    let plain = record("b", "25.0.7", 2, ordinary, &|_, w| w + 3);
    assert_eq!(pair::compare(&left, &plain, &[]).expect("nothing is forced").by_cause, None, "one side alone");
    // What is strict on one side has no cause there.
    let strict = record("b", "25.0.7", 2, ordinary, &as_written);
    let found = pair::compare(&left, &strict, &[]).expect("nothing is forced");
    let texts: Vec<String> = found.causes.iter().map(pair::CauseGroup::text).collect();
    assert_eq!(texts, ["no longer flushes subnormals to zero: now it computes as written"], "it is proven");
}

/// An operation that a driver computes in its own way in other cases too is not told as strict where a case does not need it.
#[test]
fn a_cause_of_one_side_is_held_against_what_is_known_of_the_other() {
    let own = |others: &[&str]| {
        let operations = others.iter().map(|o| operation(o, &[model("mesa")])).collect();
        all_by(by(&[], &[others[0]]), operations)
    };
    let left = explained("a", "22.3.6", 1, 1, own(&["exp(f32)", "log(f32)"]));
    let right = explained("b", "25.0.7", 2, 3, own(&["log(f32)", "exp(f32)"]));
    let counts = pair::compare(&left, &right, &[]).expect("nothing is forced").by_cause.expect("both explain");
    assert_eq!((counts.told, counts.alike), (0, left.cases.len()), "each computes both by the same rules");
    let values = |name: &'static str| all_by(by(&[], &[name]), vec![operation(name, &[])]);
    let (left, right) =
        (explained("a", "22.3.6", 1, 1, values("exp(f32)")), explained("b", "25.0.7", 2, 3, values("exp(f32)")));
    let found = pair::compare(&left, &right, &[]).expect("nothing is forced");
    let texts: Vec<String> = found.causes.iter().map(pair::CauseGroup::text).collect();
    assert_eq!(texts, ["now has other values of its own in exp(f32)"], "its values made both sides");
}
