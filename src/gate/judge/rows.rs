//! Every result, against the lock's and its rule.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{self, Shown};
use super::reports::Report;
use super::seen::{Seen, row_words};
use super::size;
use super::tally::{self, Tally};
use super::{Item, RecordedEngine};
use crate::facts::Disorder;
use crate::gate::lock::{Found, LockedRow, outline};
use crate::gate::outcome::Outcome;
use crate::gate::policy::{Demand, Requirement, Rule, Subject};
use crate::model::CaseId;
use crate::record::{self, CaseRecord};

/// What has been met of the lock.
#[derive(Default)]
struct Met<'a> {
    cases: BTreeSet<CaseId>,
    rows: BTreeSet<(&'a str, String)>,
    /// By case, record and engine: each of several equal engines owes its own result.
    results: BTreeSet<(&'a str, usize, &'a str)>,
    /// Cases that were reported as changed or new.
    reported: BTreeSet<CaseId>,
}

/// Judges every result, and reports what the lock has and no record.
pub(super) fn report<'a>(report: &mut Report<'a>, recorded: &[RecordedEngine<'a>]) {
    let question = report.question;
    let mut tallies = vec![Tally::default(); question.policy.rules.len()];
    let mut met = Met::default();
    for (number, record) in question.records.iter().enumerate() {
        let here: BTreeMap<&str, &RecordedEngine<'a>> =
            recorded.iter().filter(|s| s.record == number).map(|s| (s.engine.id.as_str(), s)).collect();
        for case in &record.cases {
            // What is no id is said with the record.
            let Ok(id) = CaseId::parse(&case.id) else { continue };
            let comparable = outlined(report, &mut met, &id, case);
            for execution in &case.executions {
                let Some(recorded_engine) = here.get(execution.engine.as_str()) else { continue };
                if recorded_engine.locked.is_some() {
                    met.rows.insert((&case.id, recorded_engine.label.clone()));
                    met.results.insert((&case.id, number, &execution.engine));
                }
                let seen = Seen::new(case, execution);
                let item = one(report, &mut tallies, recorded_engine, (&id, &seen), comparable);
                report.items.extend(item);
            }
        }
    }
    missing(report, recorded, &met);
    tally::report(report, &tallies);
}

/// Whether the lock has this very case; reports it, once, where it has not.
fn outlined<'a>(report: &mut Report<'_>, met: &mut Met<'a>, id: &CaseId, case: &'a CaseRecord) -> bool {
    met.cases.insert(id.clone());
    let item = match report.question.lock.cases.get(id) {
        Some(locked) => {
            let Some(part) = locked.difference(&outline(case)) else { return true };
            let what = format!("its {part} changed: this is another case under the same id; review it and lock again");
            let mut item = report.item(Outcome::CaseChanged, what);
            item.place = report.in_lock(locked.line);
            item
        }
        // Of another profile or seed, all are new; that is said already.
        None if report.other_settings => return false,
        None => report.item(Outcome::NewCase, "the lock does not have it; lock again to have it checked"),
    };
    if met.reported.insert(id.clone()) {
        report.items.push(Item { case: Some(id.to_string()), ..item });
    }
    false
}

/// Judges one result. `None` where nobody asked, or what there is to say is said of its case or engine.
fn one(
    report: &mut Report<'_>,
    tallies: &mut [Tally],
    recorded_engine: &RecordedEngine<'_>,
    (id, seen): (&CaseId, &Seen<'_>),
    comparable: bool,
) -> Option<Item> {
    let question = report.question;
    // A failure is reported with the record; no rule excuses it.
    if matches!(seen.execution.outcome, record::Outcome::Failed { .. }) {
        return None;
    }
    let driver = recorded_engine.driver();
    let subject = Subject {
        case: id,
        adapter: [&recorded_engine.label, &recorded_engine.identity.driver.device],
        driver: &driver,
    };
    let decided = tally::decide(&question.policy.rules, tallies, &subject);
    if !recorded_engine.selected {
        if let Some((i, _)) = decided {
            tallies[i].aside += 1;
        }
        return None;
    }
    let locked = question.lock.cases.get(id).filter(|_| comparable && recorded_engine.locked.is_some());
    let row = locked.and_then(|c| c.rows.get(&recorded_engine.label));
    let against = row.map(|row| {
        let (outcome, mut what) = seen.against(row);
        if outcome == Outcome::DigestChanged {
            what.push_str(&size::words(row, seen, question.records));
        }
        (outcome, what)
    });
    let race = seen.disorder.filter(|d| d.is_race());
    let raced = seen.ran() && (race.is_some() || row.is_some_and(|r| r.found == Found::Race));
    let mut reason = None;
    let mut rule_line = None;
    let found = if !seen.ran() {
        // A rule says what results are like; a result that is not there is a matter of coverage.
        against?
    } else if let Some((i, rule)) = decided {
        tallies[i].ran += 1;
        rule_line = Some(rule.line);
        match &rule.demand {
            Demand::Require(requirements) => {
                let (outcome, what) = require(requirements, seen, against.clone())?;
                // What the lock alone says is placed in the lock.
                if !matches!(outcome, Outcome::BeyondRule | Outcome::WithinRule) {
                    rule_line = None;
                }
                (outcome, what)
            }
            Demand::Known(_) => {
                let (shown, found) = deviation(rule, seen, row, against.clone());
                match shown {
                    Shown::Yes => tallies[i].shown += 1,
                    Shown::Elsewhere => rule_line = None,
                    Shown::Vanished | Shown::Changed | Shown::Perhaps => tallies[i].reported += 1,
                }
                if let (Demand::Known(known), true) = (&rule.demand, shown != Shown::Elsewhere) {
                    reason = Some((known.reason.clone(), known.link.clone()));
                }
                found?
            }
        }
    } else if raced {
        // Without a rule, the race is all there is to say.
        (Outcome::Same, String::new())
    } else {
        match against {
            Some(found) => found,
            // On an engine of the lock, a case that the lock has for others only.
            None if comparable && recorded_engine.locked.is_some() => (
                Outcome::NewCase,
                "the lock does not have it for this engine; lock again to have it checked".to_owned(),
            ),
            None => return None,
        }
    };
    let found = match found.0 {
        // A reason that somebody wrote down excuses it, and is told.
        Outcome::KnownDeviation if raced => (found.0, format!("{}; {}", found.1, race_words(race))),
        _ if raced => {
            rule_line = None;
            (Outcome::DataRace, format!("{}; {} here, which is chance", race_words(race), seen.words()))
        }
        _ => found,
    };
    if seen.ran() && !matches!(found.0, Outcome::NewCase | Outcome::NowRuns) {
        report.judged += 1;
    }
    let mut item = report.item(found.0, found.1);
    if item.conclusion > crate::gate::outcome::Conclusion::Pass {
        let changes: Vec<String> = recorded_engine.changes().into_iter().map(|(_, change)| change).collect();
        if !changes.is_empty() {
            item.what.push_str(&format!(" ({})", changes.join("; ")));
        }
    }
    item.engine = Some(recorded_engine.label.clone());
    item.on = Some(recorded_engine.on.clone());
    item.case = Some(id.to_string());
    item.expected = match (rule_line, decided) {
        (Some(_), Some((_, rule))) => demanded(rule),
        _ => row.map(row_words).unwrap_or_default(),
    };
    item.found = seen.words();
    item.reason = reason;
    item.place = match rule_line {
        Some(line) => report.in_policy(line),
        None => row.and_then(|r| report.in_lock(r.line)),
    };
    Some(item)
}

/// A race in words.
fn race_words(race: Option<Disorder>) -> String {
    race.map_or_else(|| "the lock has it as a data race".to_owned(), |r| format!("the interpreter found {}", r.words()))
}

/// What a list of requirements makes of a result that ran: the first that is not met, else what the lock says where it is
/// among them.
fn require(
    requirements: &[Requirement],
    seen: &Seen<'_>,
    against: Option<(Outcome, String)>,
) -> Option<(Outcome, String)> {
    // A sweep runs once, and its repeatability is nobody's question.
    let asked = |r: &&Requirement| {
        ![record::SWEEP, record::TRAIN].contains(&seen.case.kernel.as_str()) || **r != Requirement::Repeatable
    };
    if !requirements.iter().any(|r| asked(&r)) {
        return None;
    }
    for requirement in requirements.iter().filter(asked) {
        if let Err(lacking) = seen.meets(*requirement) {
            return Some((Outcome::BeyondRule, format!("{} is demanded: {lacking}", requirement.name())));
        }
    }
    let runs_now = against.as_ref().is_some_and(|(o, _)| *o == Outcome::NowRuns);
    if requirements.contains(&Requirement::SameAsLock) || runs_now {
        // What the lock has not is said of its case or engine.
        return against;
    }
    Some((Outcome::WithinRule, seen.words()))
}

fn deviation(
    rule: &Rule,
    seen: &Seen<'_>,
    row: Option<&LockedRow>,
    against: Option<(Outcome, String)>,
) -> (Shown, Option<(Outcome, String)>) {
    let Demand::Known(known) = &rule.demand else { return (Shown::Elsewhere, against) };
    let shown = known::shown(known, seen, row.filter(|r| r.status != record::Status::Skipped));
    let (is, reason) = (seen.words(), &known.reason);
    let found = match shown {
        Shown::Yes => Some((Outcome::KnownDeviation, format!("{is}: {reason}"))),
        Shown::Vanished => {
            let what = format!("the deviation is gone: is {is}; drop the rule and lock again ({reason})");
            Some((Outcome::DeviationVanished, what))
        }
        Shown::Perhaps => Some((Outcome::NowRepeatable, format!("{} ({reason})", seen.chance()))),
        Shown::Changed => {
            let far = known.max_ulp.map(|most| match seen.distance() {
                Ok(ulp) => format!("; is {ulp} ulp from the strict reference, and {most} are expected"),
                Err(why) => format!("; {why}"),
            });
            let what = format!("deviates otherwise than expected: is {is}{}", far.unwrap_or_default());
            Some((Outcome::DeviationChanged, what))
        }
        Shown::Elsewhere => against,
    };
    (shown, found)
}

/// A rule's demand in a few words.
fn demanded(rule: &Rule) -> String {
    match &rule.demand {
        Demand::Require(requirements) => {
            let words: Vec<_> = requirements
                .iter()
                .map(|r| match r {
                    Requirement::WithinUlp(most) => format!("within {most} ulp"),
                    other => other.name().to_owned(),
                })
                .collect();
            words.join(", ")
        }
        Demand::Known(known) => {
            let parts = [
                known.status.map(|s| crate::gate::lock::status_word(s).to_owned()),
                known.digest.clone(),
                known.max_ulp.map(|most| format!("within {most} ulp")),
            ];
            format!("known deviation: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
    }
}

/// Reports what the lock has and no record. Engines that are absent or failed are reported as that.
fn missing(report: &mut Report<'_>, recorded: &[RecordedEngine<'_>], met: &Met<'_>) {
    let question = report.question;
    if report.other_settings {
        return;
    }
    let whole = || recorded.iter().filter(|s| s.selected && s.locked.is_some() && !s.failed());
    let here: BTreeSet<&str> = whole().map(|s| s.label.as_str()).collect();
    for (id, case) in &question.lock.cases {
        let rows: Vec<_> = case.rows.iter().filter(|(label, _)| here.contains(label.as_str())).collect();
        if rows.is_empty() {
            continue;
        }
        let text = id.to_string();
        if !met.cases.contains(id) {
            let mut item = report.item(Outcome::MissingCase, "the lock has it, but no record does");
            item.case = Some(text);
            item.place = report.in_lock(case.line);
            report.items.push(item);
            continue;
        }
        for (label, row) in rows {
            let mut lacks = |on: Option<String>, what: &str| {
                let mut item = report.item(Outcome::MissingCase, what);
                item.engine = Some(label.clone());
                item.on = on;
                item.case = Some(text.clone());
                item.expected = row_words(row);
                item.place = report.in_lock(row.line);
                report.items.push(item);
            };
            if !met.rows.contains(&(text.as_str(), label.clone())) {
                lacks(None, "the lock has it for this engine, but no record does");
                continue;
            }
            // Of each record by itself: another one may have been made for other kernels.
            let has = |s: &RecordedEngine<'_>| met.results.contains(&(text.as_str(), s.record, s.engine.id.as_str()));
            let equals =
                |s: &RecordedEngine<'_>| recorded.iter().any(|o| o.record == s.record && o.label == s.label && has(o));
            for recorded_engine in whole().filter(|s| s.label == *label && !has(s) && equals(s)) {
                lacks(
                    Some(recorded_engine.on.clone()),
                    "the lock has it for this engine, and only an equal one has a result",
                );
            }
        }
    }
}
