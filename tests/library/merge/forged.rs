//! Records from strangers, of every kind: honest ones, and those that were made from them to do harm. Whatever is among
//! the files, merging keeps its laws, and what is said of the honest ones stays what it was.

use std::collections::BTreeMap;
use std::path::Path;

use repro_audit::facts::pair;
use repro_audit::facts::set::{Related, relate};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::record::{self, Merged, Outcome, Reader, Record, content_id};
use serde_json::{Value, json};

use super::{bytes, small};

/// A small generator, so that the sets are the same everywhere.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }
}

/// Honest records: hosts, times and labels vary, and so does the large output, one of three, one of which is stored whole.
fn honest() -> Vec<Record> {
    let seeds = (0..12u16).map(|i| (i & 7) | (i & 3) << 4 | (i % 3) << 6 | (i % 3) << 8);
    seeds.map(small).collect()
}

/// What a writer of format 1.3 made of a large output: a sample, digests by block and a checksum that anyone can compute.
/// `forge` changes the sample.
fn sampled(digest: &str, words: &[u32], forge: impl Fn(&mut Vec<u32>)) -> Value {
    let count = words.len() as u64;
    let place = |k: u64| (u128::from(k.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * u128::from(count)) >> 64;
    let mut sample: Vec<u32> = (0..64).map(|k| words[usize::try_from(place(k)).expect("small")]).collect();
    forge(&mut sample);
    let whole = serde_json::to_value(record::Stored::new(&Bits::words(Dtype::U32, sample), u64::MAX)).expect("JSON");
    let sample = whole["bits"].as_str().expect("text");
    let bytes = |of: &[u32]| of.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let blocks: String = words.chunks(4096).map(|b| blake3::hash(&bytes(b)).to_hex()[..16].to_owned()).collect();
    let check = blake3::hash(format!("{digest}\n{count}\n{blocks}\n{sample}").as_bytes()).to_hex();
    json!({ "form": "sampled", "words": count, "blocks": blocks, "sample": sample, "check": &check[..16] })
}

/// The words of the large output that `small` gives a record.
fn words_of(record: &Record) -> (String, Vec<u32>) {
    let case = record.cases.iter().find(|c| c.dtype == Dtype::F32).expect("a case");
    let Outcome::Ran { distinct, .. } = &case.executions[0].outcome else { panic!("it ran") };
    let words = |digit: u32| (0..case.elements).map(move |i| 0x3f80_0000 + u32::try_from(i).expect("small") + digit);
    let bits = (0..4).map(|d| Bits::words(Dtype::F32, words(d).collect())).find(|b| b.digest() == distinct[0].digest);
    (distinct[0].digest.clone(), bits.expect("one of them").words)
}

/// The record as format 1.3 wrote it.
fn older(record: &Record, forge: impl Fn(&mut Vec<u32>)) -> Value {
    let mut record = record.clone();
    record.format.minor = 3;
    record.id = content_id(&record).expect("JSON");
    let (digest, words) = words_of(&record);
    let mut value = serde_json::to_value(&record).expect("JSON");
    value["outputs"][&digest] = sampled(&digest, &words, forge);
    value
}

/// With the id of its content.
fn sealed(value: Value) -> Value {
    let mut record: Record = serde_json::from_value(value).expect("a record");
    record.id = content_id(&record).expect("JSON");
    serde_json::to_value(&record).expect("JSON")
}

/// A file that someone made from an honest record, and what is wrong with it.
fn forged(kind: usize, from: &Record, rng: &mut Lcg) -> (&'static str, Value) {
    let good = serde_json::to_value(from).expect("JSON");
    let (digest, _) = words_of(from);
    let other = |word: u32| format!("{word:08x}").repeat(4);
    match kind {
        0 => ("a changed sample under the same id", older(from, |s| s[7] ^= 1)),
        1 => ("a longer sample under the same id", older(from, |s| s.extend([0x7fc0_0000; 300]))),
        2 => {
            let mut value = older(from, |s| s.iter_mut().for_each(|w| *w ^= 0x0040_0000));
            value["environment"]["host"] = json!("stranger");
            ("a changed sample of another record", sealed(value))
        }
        3 => {
            let mut value = good;
            let bits = Bits::words(Dtype::U32, vec![9; 5]);
            value["outputs"][&bits.digest()] = serde_json::to_value(record::Stored::new(&bits, 9)).expect("JSON");
            ("an output of no case", value)
        }
        4 => {
            let mut value: Value = serde_json::from_str(&good.to_string().replace(&digest, &other(7))).expect("JSON");
            value["outputs"].as_object_mut().expect("a table").remove(&other(7));
            ("another digest", sealed(value))
        }
        5 => {
            let mut value = good;
            value["environment"]["host"] = json!("someone else");
            ("other content under the same id", value)
        }
        6 => {
            let mut value = good;
            for case in value["cases"].as_array_mut().expect("cases") {
                let executions = case["executions"].as_array_mut().expect("executions");
                let kept = rng.below(executions.len() + 1);
                executions.truncate(kept);
            }
            value["outputs"] = json!({});
            ("fewer executions", sealed(value))
        }
        7 => {
            let mut value = good;
            value["outputs"] = json!({});
            ("the same id without its outputs", value)
        }
        8 => {
            let mut value = good;
            value["outputs"] = json!({});
            for case in value["cases"].as_array_mut().expect("cases") {
                case["elements"] = json!(case["elements"].as_u64().expect("a number") + 5);
                case["dtype"] = json!("u32");
            }
            ("another length of the same results", sealed(value))
        }
        9 => {
            let mut value = good;
            for case in value["cases"].as_array_mut().expect("cases") {
                for twin in case["twins"].as_array_mut().expect("references") {
                    twin["digest"] = json!(digest);
                }
                for execution in case["executions"].as_array_mut().expect("executions") {
                    execution["equals"] = json!([]);
                }
            }
            ("other references", sealed(value))
        }
        10 => {
            let mut value = good;
            let stored = &mut value["outputs"][&digest];
            let name = if stored["form"] == "whole" { "bits" } else { "sample" };
            let mut text = stored[name].as_str().expect("base64").to_owned();
            text.replace_range(8..9, if text.as_bytes()[8] == b'A' { "B" } else { "A" });
            stored[name] = json!(text);
            ("words that are not the output's", value)
        }
        11 => {
            let mut value = good;
            value["run"]["seconds"] = json!(1e9);
            ("another duration", value)
        }
        12 => {
            // A merged file of format 1.3 has all outputs in one table.
            let (_, words) = words_of(from);
            let reader = Reader::default();
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("x.json");
            let mut alone = older(from, |_| {});
            alone["outputs"] = json!({});
            std::fs::write(&path, alone.to_string()).expect("written");
            reader.read(&path).expect("a record");
            let mut merged: Value = serde_json::from_slice(&bytes(&reader.finish())).expect("JSON");
            merged["format"]["minor"] = json!(3);
            let sample = sampled(&digest, &words, |s| s[3] ^= 3);
            merged["outputs"][&digest] = sample.clone();
            let mut hasher = blake3::Hasher::new();
            let run = &merged["records"][0]["run"];
            hasher.update(format!("record {} {run}\n", merged["records"][0]["id"].as_str().expect("id")).as_bytes());
            let stored: record::Stored = serde_json::from_value(sample).expect("JSON");
            let text = serde_json::to_string(&stored).expect("JSON");
            hasher.update(format!("output {digest} {text}\n").as_bytes());
            merged["id"] = json!(hasher.finalize().to_hex().to_string());
            ("a merged file of format 1.3 with a changed sample", merged)
        }
        13 => {
            let mut value = older(from, |_| {});
            value["environment"]["host"] = json!("of format 1.3");
            ("an honest record of format 1.3", sealed(value))
        }
        _ => unreachable!("kinds"),
    }
}

const KINDS: usize = 14;
/// Those whose file is no record, or contradicts itself.
const REFUSED: [usize; 3] = [3, 5, 10];

/// A file of the pool: its text, what it is, and the set that reading it gives, if it can be read.
struct File {
    what: &'static str,
    text: Vec<u8>,
    set: Option<Merged>,
}

fn read(folder: &Path, text: &[u8]) -> Option<Merged> {
    let path = folder.join("one.json");
    std::fs::write(&path, text).expect("written");
    let reader = Reader::default();
    reader.read(&path).ok().map(|()| reader.finish())
}

fn pool(folder: &Path, honest: &[Record]) -> Vec<File> {
    let mut rng = Lcg(1);
    let mut out = Vec::new();
    for from in honest {
        for kind in 0..KINDS {
            let (what, value) = forged(kind, from, &mut rng);
            let text = value.to_string().into_bytes();
            let cut = text[..rng.below(text.len())].to_vec();
            let set = read(folder, &text);
            assert_eq!(set.is_none(), REFUSED.contains(&kind), "{what}");
            out.push(File { what, text, set });
            let set = read(folder, &cut);
            assert!(set.is_none(), "{what}, cut short");
            out.push(File { what: "cut short", text: cut, set });
        }
    }
    out
}

fn union<'a>(sets: impl IntoIterator<Item = &'a Merged>) -> Merged {
    sets.into_iter().fold(Merged::default(), |all, one| all.join(one.clone()))
}

/// What is said of every two honest records.
fn rows(set: &Merged, honest: &[&Record]) -> BTreeMap<(String, String), String> {
    let records: Vec<Record> = set.records().map(|r| r.expect("JSON")).collect();
    let mut out = BTreeMap::new();
    let of = |id: &str| records.iter().find(|r| r.id == id).expect("it is in the set");
    for (a, b) in honest.iter().flat_map(|a| honest.iter().map(move |b| (a, b))).filter(|(a, b)| a.id < b.id) {
        let compared = pair::compare(of(&a.id), of(&b.id), &[]).expect("nothing is forced");
        out.insert((a.id.clone(), b.id.clone()), format!("{:?} {:?}", compared.sameness, compared.results));
    }
    out
}

#[test]
fn merging_keeps_its_laws_whatever_strangers_send() {
    let folder = tempfile::tempdir().expect("a folder");
    let honest = honest();
    let sets: Vec<Merged> = honest
        .iter()
        .map(|r| read(folder.path(), &record::to_json(r).expect("JSON")).expect("an honest record is read"))
        .collect();
    let pool = pool(folder.path(), &honest);
    let mut rng = Lcg(7);
    let (mut checks, mut hostile) = (0, BTreeMap::<&str, usize>::new());
    for round in 0..250 {
        let mine: Vec<usize> = (0..2 + rng.below(2)).map(|_| rng.below(honest.len())).collect();
        let theirs: Vec<&File> = (0..1 + rng.below(4)).map(|_| &pool[rng.below(pool.len())]).collect();
        theirs.iter().for_each(|f| *hostile.entry(f.what).or_default() += 1);
        let what = format!("round {round}: {mine:?}, {:?}", theirs.iter().map(|f| f.what).collect::<Vec<_>>());
        let good = union(mine.iter().map(|i| &sets[*i]));
        let bad = union(theirs.iter().filter_map(|f| f.set.as_ref()));
        let all = good.clone().join(bad.clone());
        let text = bytes(&all);
        // The union of sets.
        assert_eq!(bytes(&bad.clone().join(good.clone())), text, "{what}: commutative");
        let mut each: Vec<&Merged> = mine.iter().map(|i| &sets[*i]).collect();
        each.extend(theirs.iter().filter_map(|f| f.set.as_ref()));
        for _ in 0..each.len() {
            let (a, b) = (rng.below(each.len()), rng.below(each.len()));
            each.swap(a, b);
        }
        let cut = rng.below(each.len() + 1);
        let (first, rest) = each.split_at(cut);
        assert_eq!(bytes(&union(first.iter().copied()).join(union(rest.iter().copied()))), text, "{what}: associative");
        assert_eq!(bytes(&all.clone().join(bad.clone()).join(all.clone())), text, "{what}: idempotent");
        // What was written is read again, and is the same; in parts too.
        let again = read(folder.path(), &text).unwrap_or_else(|| panic!("{what}: the merged file is read again"));
        assert_eq!(bytes(&again), text, "{what}: the same through a file");
        let part = read(folder.path(), &bytes(&union(first.iter().copied()))).expect("a part is read again");
        assert_eq!(bytes(&part.join(union(rest.iter().copied()))), text, "{what}: in parts through a file");
        checks += 5;
        // What can't be read changes nothing of what was read beside it.
        let reader = Reader::default();
        for (i, text) in theirs.iter().map(|f| &f.text).enumerate() {
            let path = folder.path().join(format!("{i}.json"));
            std::fs::write(&path, text).expect("written");
            assert_eq!(reader.read(&path).is_ok(), theirs[i].set.is_some(), "{what}: read as it is by itself");
        }
        assert_eq!(bytes(&reader.finish()), bytes(&bad), "{what}: what was refused left nothing");
        // Honest rows.
        let of: Vec<&Record> = mine.iter().map(|i| &honest[*i]).collect();
        assert!(rows(&again, &of) == rows(&good, &of), "{what}: what is said of honest records");
        let is_honest = |id: &str| of.iter().any(|r| r.id == id);
        let origins = |set: &Merged| -> Vec<String> {
            relate(set).records.iter().filter(|r| is_honest(&r.id)).map(|r| format!("{r:?}")).collect()
        };
        assert_eq!(origins(&again), origins(&good), "{what}: what is said of each");
        // Its id covers how much is known of outputs, to which anyone may add what is proven.
        let together = |set: &Merged| format!("{:?}", Related { id: String::new(), ..relate(set) });
        let (alone, before) = (together(&again.only(|m| is_honest(m.id()))), together(&good));
        let at = alone.bytes().zip(before.bytes()).position(|(a, b)| a != b).unwrap_or(0).saturating_sub(60);
        let shown = |text: &str| text.chars().skip(at).take(200).collect::<String>();
        assert!(alone == before, "{what}: together:\n{}\n{}", shown(&alone), shown(&before));
        checks += 4;
    }
    assert!(checks >= 1000, "{checks} checks");
    assert_eq!(hostile.len(), KINDS + 1, "every kind was met: {hostile:?}");
}

/// What nothing proves is a record's own word. Where copies of the record disagree in it nothing is known; nobody else's
/// copy of the output is taken for it, and what is proven is never disputed.
#[test]
fn a_sample_that_nothing_proves_says_nothing_of_other_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let from = small(2);
    let (digest, words) = words_of(&from);
    let set = |value: Value| read(folder.path(), value.to_string().as_bytes()).expect("it is read");
    let stored = |set: &Merged, host: &str| {
        let member = set.members().find(|m| m.shell.environment.host == host).expect("a member");
        set.record(member).expect("JSON").outputs.get(&digest).cloned()
    };
    let named = |host: &str, forge: &dyn Fn(&mut Vec<u32>)| {
        let mut value = older(&from, forge);
        value["environment"]["host"] = json!(host);
        sealed(value)
    };
    let mine = set(named("mine", &|_| {}));
    let own = stored(&mine, "mine").expect("its sample");
    let theirs = set(named("theirs", &|s| s.extend([7; 500])));
    let both = mine.clone().join(theirs.clone());
    assert_eq!(stored(&both, "mine"), Some(own), "its own, and not the longer one");
    assert_ne!(stored(&both, "mine"), stored(&both, "theirs"), "each has its own");
    assert!(!both.outputs().has(&digest), "and none is everybody's");
    let disputed = mine.clone().join(set(named("mine", &|s| s.extend([7; 500]))));
    let nothing = stored(&disputed, "mine").is_none_or(|s| s.known(&digest).is_err());
    assert!(nothing, "copies that disagree say nothing");
    let mut newer = serde_json::to_value(&from).expect("JSON");
    newer["outputs"][&digest] = sampled(&digest, &words, |s| s[7] ^= 1);
    let refused = read(folder.path(), newer.to_string().as_bytes()).is_none();
    assert!(refused, "a format whose samples are proven has none that is not");
    let mut whole = from.clone();
    whole.outputs = record::Outputs::default();
    let proven = record::Stored::new(&Bits::words(Dtype::F32, words), 0);
    whole.outputs.add(digest.clone(), proven.clone());
    let with = set(serde_json::to_value(&whole).expect("JSON")).join(disputed).join(theirs);
    assert_eq!(stored(&with, "mine"), Some(proven), "what is proven is proven, whoever sent it");
}

/// Was: the first record, by id, decided for all what a case is, what its references are and which a result equals.
#[test]
fn what_a_stranger_states_of_a_case_is_taken_for_nobody_elses() {
    let folder = tempfile::tempdir().expect("a folder");
    let honest = honest();
    let set = |text: &[u8]| read(folder.path(), text).expect("it is read");
    let good = union(&[&honest[0], &honest[1]].map(|r| set(&record::to_json(r).expect("JSON"))));
    let before = relate(&good);
    assert!(!before.conflicts.is_empty(), "the honest ones differ: {before:?}");
    let mut rng = Lcg(3);
    let mut sooner = 0;
    // Ids fall on either side of the honest ones: as many strangers as it takes until several come before them.
    for number in 0..600 {
        if number >= 16 && sooner > 4 {
            break;
        }
        for kind in [8, 9] {
            let mut from = honest[0].clone();
            // Another machine and adapter, so that its results are nobody's conflict.
            from.environment.host = format!("stranger {number}");
            from.environment.machine_id = from.environment.host.clone();
            for adapter in from.engines.iter_mut().filter_map(|e| e.adapter.as_mut()) {
                adapter.name = format!("{} of strangers", adapter.name);
            }
            let (what, value) = forged(kind, &from, &mut rng);
            let theirs = set(value.to_string().as_bytes());
            sooner += usize::from(theirs.members().next().map(|m| m.id()) < good.members().next().map(|m| m.id()));
            let after = relate(&good.clone().join(theirs));
            assert_eq!(after.conflicts, before.conflicts, "{what}");
        }
    }
    assert!(sooner > 4, "some come before the honest ones: {sooner}");
}
