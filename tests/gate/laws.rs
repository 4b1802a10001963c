//! What holds for every record: its own lock passes it, and no other digest does.

use proptest::prelude::*;
use proptest::sample::Index;
use repro_audit::gate::{Conclusion, Found, Lock, Outcome};
use repro_audit::model::CaseId;
use repro_audit::record::{self, Control, Record, Status};

use crate::subject::{ask, becomes, lock, notable, of, settled, sound};

/// What an execution becomes.
#[derive(Debug, Clone)]
enum Fate {
    As,
    Digest(Status, u64),
    Varies(Status, u64),
    Gone,
}

fn fate() -> impl Strategy<Value = Fate> {
    use Status::{BitExact, NotRepeatable, OutsideSpecification, WithinSpecification};
    let single = prop::sample::select(vec![BitExact, WithinSpecification, OutsideSpecification]);
    let varying = prop::sample::select(vec![NotRepeatable, OutsideSpecification]);
    prop_oneof![
        4 => Just(Fate::As),
        4 => (single, any::<u64>()).prop_map(|(s, d)| Fate::Digest(s, d)),
        2 => (varying, any::<u64>()).prop_map(|(s, d)| Fate::Varies(s, d)),
        1 => Just(Fate::Gone),
    ]
}

fn digest(seed: u64) -> String {
    format!("{seed:016x}{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A complete record of any content: some of the fixture's cases, any results, drivers that call themselves anything,
/// and several equal adapters.
fn any_record() -> impl Strategy<Value = Record> {
    let cases = prop::collection::vec(any::<bool>(), 40);
    let fates = prop::collection::vec(fate(), 64);
    let names = prop::collection::vec("\\PC{0,12}|[ -~\\n\\t]{0,20}", 6);
    (cases, fates, names, any::<bool>(), 2_u32..9).prop_map(|(keep, fates, names, double, repeats)| {
        let mut record = sound();
        let mut kept = keep.iter().cycle();
        record.cases.retain(|_| kept.next() == Some(&true));
        record.cases.truncate(12);
        record.provenance.settings.repeats = repeats;
        if double {
            let mut again = record.engines.iter().find(|e| e.id == "vulkan:1").cloned().expect("an engine");
            again.id = "vulkan:7".to_owned();
            record.engines.push(again);
            record.controls.push(Control { engine: "vulkan:7".to_owned(), ..record.controls[0].clone() });
        }
        let mut names = names.into_iter();
        for adapter in record.engines.iter_mut().filter_map(|e| e.adapter.as_mut()).filter(|a| !a.is_embedded()) {
            // Equal adapters stay equal.
            if adapter.index == 0 {
                adapter.name = names.next().unwrap_or_default();
                adapter.driver_info = names.next().unwrap_or_default();
                adapter.driver = names.next().unwrap_or_default();
            }
        }
        let mut fates = fates.into_iter().cycle();
        for case in &mut record.cases {
            case.executions.retain_mut(|x| {
                let ran = matches!(x.outcome, record::Outcome::Ran { .. });
                match fates.next().filter(|_| ran) {
                    Some(Fate::Gone) => return false,
                    Some(Fate::Digest(status, d)) => one(x, status, &[d]),
                    Some(Fate::Varies(status, d)) => one(x, status, &[d, d ^ 1]),
                    Some(Fate::As) | None => {}
                }
                true
            });
            if double && let Some(mut again) = case.executions.iter().find(|x| x.engine == "vulkan:1").cloned() {
                again.engine = "vulkan:7".to_owned();
                if matches!(again.outcome, record::Outcome::Ran { .. })
                    && let Some(Fate::Digest(status, d)) = fates.next()
                    // Equal adapters that differ where the order is fixed cannot be locked.
                    && (case.twins.is_empty() || matches!(&again.outcome, record::Outcome::Ran { distinct, .. } if distinct.len() > 1))
                {
                    one(&mut again, status, &[d]);
                }
                case.executions.push(again);
            }
        }
        settled(record)
    })
}

fn one(execution: &mut record::Execution, status: Status, seeds: &[u64]) {
    becomes(execution, status, &["0a"]);
    if let record::Outcome::Ran { distinct, .. } = &mut execution.outcome {
        *distinct = seeds.iter().map(|d| record::Distinct { digest: digest(*d), runs: 4, bits: None }).collect();
    }
}

/// Whether there is anything to judge.
fn judged(record: &Record) -> bool {
    record.cases.iter().flat_map(|c| &c.executions).any(|x| matches!(x.outcome, record::Outcome::Ran { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_record_passes_its_own_lock(record in any_record()) {
        prop_assume!(judged(&record));
        let locked = lock_or_skip(&record)?;
        let checked = ask(&locked, "", &[record]);
        // Where runs differ on one of several equal adapters, the others may repeat a result that is locked as one that varies.
        prop_assert!(checked.conclusion <= Conclusion::Note, "{:?}", notable(&checked));
    }

    #[test]
    fn the_text_of_a_lock_is_the_lock(record in any_record()) {
        let made = Lock::of(&[record]);
        prop_assume!(made.is_ok());
        let made = made.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let mut read = Lock::parse("repro.lock", &made.to_string()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(made.to_string(), read.to_string());
        read.engines.values_mut().for_each(|e| e.line = 0);
        for case in read.cases.values_mut() {
            case.line = 0;
            case.rows.values_mut().for_each(|r| r.line = 0);
        }
        prop_assert_eq!(made, read);
    }

    #[test]
    fn any_other_digest_fails(record in any_record(), place in any::<Index>(), other in any::<u64>()) {
        let locked = lock_or_skip(&record)?;
        let mut places = Vec::new();
        for (c, case) in record.cases.iter().enumerate() {
            for (x, execution) in case.executions.iter().enumerate() {
                let record::Outcome::Ran { distinct, .. } = &execution.outcome else { continue };
                if distinct.len() == 1 && distinct[0].digest != digest(other) {
                    places.push((c, x));
                }
            }
        }
        prop_assume!(!places.is_empty());
        let (c, x) = places[place.index(places.len())];
        let mut changed = record.clone();
        let (case, engine) = (changed.cases[c].id.clone(), changed.cases[c].executions[x].engine.clone());
        let record::Outcome::Ran { distinct, .. } = &mut changed.cases[c].executions[x].outcome else { return Ok(()) };
        distinct[0].digest = digest(other);
        // What equal adapters do not agree on has no digest to differ from.
        let id = CaseId::parse(&case).expect("an id");
        let open = |found: &Found| matches!(found, Found::Varies | Found::Unordered | Found::Race);
        let label = locked.cases[&id].rows.iter().find(|(_, r)| r.line > 0 && open(&r.found));
        prop_assume!(label.is_none());
        let checked = ask(&locked, "", &[changed]);
        let found = of(&checked, Outcome::DigestChanged);
        prop_assert!(found.len() == 1 && checked.conclusion == Conclusion::Fail, "{:?}", notable(&checked));
        prop_assert_eq!(found[0].case.as_deref(), Some(case.as_str()));
        prop_assert_eq!(found[0].on.as_deref(), Some(engine.as_str()));
    }

    #[test]
    fn the_order_and_number_of_records_does_not_matter(a in any_record(), b in any_record(), agree in 0..4) {
        let b = if agree > 0 { agreeing(&a, b) } else { b };
        let (ab, ba) = (locked(&[&a, &b]), locked(&[&b, &a]));
        prop_assert_eq!(ab.is_ok(), ba.is_ok());
        let (Ok(ab), Ok(ba)) = (ab, ba) else { return Ok(()) };
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(locked(&[&a, &b, &a, &b]), Ok(ab.clone()));
        if judged(&a) && judged(&b) {
            let checked = ask(&lock(&[a.clone(), b.clone()]), "", &[b, a]);
            prop_assert!(checked.conclusion <= Conclusion::Note, "{:?}", notable(&checked));
        }
    }

    #[test]
    fn damaged_text_is_an_error_and_no_panic(cut in any::<Index>(), noise in "\\PC{0,6}", line in any::<Index>()) {
        static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let text = TEXT.get_or_init(|| lock(&[sound()]).to_string());
        let lines: Vec<&str> = text.lines().collect();
        let at = line.index(lines.len());
        let mut damaged: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        let chars: Vec<char> = damaged[at].chars().collect();
        let from = cut.index(chars.len() + 1);
        damaged[at] = chars[..from].iter().collect::<String>() + &noise;
        let damaged = damaged.join("\n");
        if let Err(error) = Lock::parse("repro.lock", &damaged) {
            let error = error.to_string();
            prop_assert!(error.starts_with("repro.lock:") && error.lines().count() == 1, "{}", error);
        }
        let cut: String = text.chars().take(cut.index(text.len())).collect();
        let _ = Lock::parse("repro.lock", &cut);
    }
}

/// The second record with the results of the first where the order of operations is fixed.
fn agreeing(a: &Record, mut b: Record) -> Record {
    for case in b.cases.iter_mut().filter(|c| !c.twins.is_empty()) {
        let Some(same) = a.cases.iter().find(|c| c.id == case.id) else { continue };
        // Of two equal adapters both have it.
        let of = |id: &str| same.executions.iter().find(|x| x.engine == id);
        let like = |id: &str| of(id).or_else(|| if id == "vulkan:7" { of("vulkan:1") } else { None }).cloned();
        let here = b.engines.iter().filter_map(|e| Some((e.id.clone(), like(&e.id)?)));
        case.executions = here.map(|(engine, x)| record::Execution { engine, ..x }).collect();
    }
    b
}

fn locked(records: &[&Record]) -> Result<String, String> {
    let records: Vec<Record> = records.iter().map(|r| (*r).clone()).collect();
    Lock::of(&records).map(|l| l.to_string()).map_err(|e| e.to_string())
}

fn lock_or_skip(record: &Record) -> Result<Lock, TestCaseError> {
    match Lock::of(std::slice::from_ref(record)) {
        Ok(_) => Ok(lock(std::slice::from_ref(record))),
        Err(why) => Err(TestCaseError::reject(why.to_string())),
    }
}
