//! Audits of the machines of one fleet, made from one audit: hosts, labels, times and durations differ, and so does what does not
//! repeat, its results, samples and comparisons.

use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::record::{CaseRecord, Execution, Outcome, Outputs, Record, Stored, content_id};

/// A small generator, so that a fleet is the same everywhere.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap_or_default()
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next()).unwrap_or_default() % n.max(1)
    }

    /// Between 0.5 and 1.5.
    fn about_one(&mut self) -> f64 {
        0.5 + f64::from(self.next()) / f64::from(u32::MAX)
    }
}

/// The audit `number` of a fleet of equal machines; `from` is any audit.
pub(crate) fn audit(from: &Record, number: u32) -> Record {
    let mut record = from.clone();
    let draws = &mut Draws(u64::from(number) * 7919 + 1);
    record.environment.host = format!("node-{number:04}");
    record.environment.machine_id = format!("{:032x}", u128::from(number) + 1);
    record.provenance.settings.label = Some(format!("leg-{number}"));
    record.run.started = format!("2026-01-01T{:02}:{:02}:00Z", number / 60 % 24, number % 60);
    record.run.seconds *= draws.about_one();
    let before = std::mem::take(&mut record.outputs);
    for case in &mut record.cases {
        for i in 0..case.executions.len() {
            case.executions[i].seconds *= draws.about_one();
            if repeats(&case.executions[i]) {
                continue;
            }
            let dtype = case.dtype;
            redraw(&mut case.executions[i], dtype, &before, &mut record.outputs, draws);
            let engine = case.executions[i].engine.clone();
            compare(case, &engine, draws);
        }
    }
    for execution in record.cases.iter().flat_map(|c| &c.executions) {
        if let Outcome::Ran { distinct, .. } = &execution.outcome
            && let Some((digest, stored)) = distinct.first().and_then(|d| Some((&d.digest, before.get(&d.digest)?)))
        {
            record.outputs.add(digest.clone(), stored.clone());
        }
    }
    record.id = content_id(&record).unwrap_or_default();
    record
}

fn repeats(execution: &Execution) -> bool {
    !matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.len() > 1)
}

/// Another draw of what does not repeat: some elements of the result are others.
fn redraw(execution: &mut Execution, dtype: Dtype, before: &Outputs, outputs: &mut Outputs, draws: &mut Draws) {
    let Outcome::Ran { distinct, .. } = &mut execution.outcome else { return };
    let digests = distinct.len();
    for result in distinct.iter_mut().skip(digests.min(1)) {
        result.digest = (0..4).map(|_| format!("{:08x}", draws.next())).collect();
        result.bits = None;
    }
    let Some(first) = distinct.first_mut() else { return };
    let Some(known) = before.get(&first.digest).and_then(|stored| stored.known(&first.digest).ok()) else { return };
    let mut words = vec![0; usize::try_from(known.words).unwrap_or_default()];
    for place in 0..known.words {
        if let (Some(word), Ok(at)) = (known.word(place), usize::try_from(place)) {
            words[at] = word;
        }
    }
    let places: Vec<usize> = (0..words.len().div_ceil(40)).map(|_| draws.below(words.len())).collect();
    // Integers that do not repeat are orders of the same integers, and stay that.
    match dtype {
        Dtype::U32 | Dtype::I32 => {
            for pair in places.chunks_exact(2) {
                words.swap(pair[0], pair[1]);
            }
        }
        _ => places.iter().for_each(|at| words[*at] ^= 1),
    }
    let stored = Stored::new(&Bits { dtype, len: words.len(), words: words.clone() }, repro_audit::record::STORE);
    first.digest = repro_audit::model::bits::digest_words(&words);
    first.bits = None;
    outputs.add(first.digest.clone(), stored);
    for sample in execution.samples.iter_mut().filter(|s| usize::try_from(s.index).is_ok_and(|i| places.contains(&i))) {
        sample.value *= draws.about_one();
    }
}

/// Comparisons of an engine's other result.
fn compare(case: &mut CaseRecord, engine: &str, draws: &mut Draws) {
    for comparison in case.comparisons.iter_mut().filter(|c| c.right.is_of(engine) || c.left.is_of(engine)) {
        let drift = &mut comparison.drift;
        for number in
            [&mut drift.nmse, &mut drift.mean_relative, &mut drift.mean_relative_shifted, &mut drift.max_relative]
        {
            *number *= draws.about_one();
        }
        for bucket in &mut drift.histogram {
            bucket.count += u64::from(draws.next() % 8);
        }
    }
}
