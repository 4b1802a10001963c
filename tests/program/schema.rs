//! The published schema is derived from the record's types, and says what the program writes: every record fits it, and no
//! member is left out of it.

use std::collections::BTreeMap;
use std::path::Path;

use repro_audit::kernels::{Feature, Observation, Profile};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::model::sweep::{Inputs, Missing};
use repro_audit::model::{Arithmetic, Examination, Finding, FindingKind, Level, Limit, Origin, OutputComparison};
use repro_audit::model::{Quantity, Skip, TranslationGap};
use repro_audit::record::{
    self, CaseRecord, EngineStatus, LevelState, Outcome, OwnKernel, Reader, Record, ShaderCache, Status, Stored,
};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::common::older::{as_written_by_1_1, kept};
use crate::fixture::explained;
use crate::fixture::sweeps::with_sweeps;
use crate::fixture::trained::with_trainings;

const SCHEMA: &str = include_str!("../../reports/record.schema.json");

/// The schema that follows from the types, as it is published.
fn derived() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Record>().to_value();
    tidy(&mut schema);
    // A merged file leaves it out.
    for timed in ["Execution", "Swept", "Trained"] {
        let timed = &mut schema["$defs"][timed];
        timed["required"].as_array_mut().expect("required members").retain(|name| name != "seconds");
        timed["properties"]["seconds"].as_object_mut().expect("a schema").remove("default");
    }
    let (member, merged) = (merged_record(&schema), merged(&schema));
    schema["$defs"]["MergedRecord"] = member;
    schema["$defs"]["Difference"] = difference();
    schema["$defs"]["Merged"] = merged;
    schema["title"] = "A record of repro-audit, format 1".into();
    schema["description"] =
        "Minor versions add members; a reader passes over those it does not know and refuses a larger \
                             major version. A merged file is `#/$defs/Merged`."
            .into();
    schema
}

/// A merged file: what records share is in tables.
fn merged(record: &Value) -> Value {
    let of = |name: &str| record["properties"][name].clone();
    json!({
        "description": "Records that were merged, since format 1.2: a set by id, the same bytes however it was made. What \
                        records share is in tables, each part once, as its canonical text (members by name, no space, no \
                        member named `seconds`): cases by their ids, verdicts by their problem and engine, and those that \
                        have the same by the BLAKE3 of that text. Since format 1.6 only the first of these is there as it \
                        is, and the others as what makes them from it; so it is with records, whose text keeps `seconds`, \
                        and with outputs.",
        "type": "object",
        "properties": {
            "format": of("format"),
            "id": {
                "description": "BLAKE3 of a line for each record (its id and its run) and each of its own outputs, each output \
                                of all and each expected label: 64 hexadecimal digits.",
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
            },
            "expected": {
                "description": "Labels that records were expected to have.",
                "type": "array",
                "items": { "type": "string" },
            },
            "records": { "type": "array", "items": or_a_difference("MergedRecord") },
            "cases": { "description": of("cases")["description"], "type": "array", "items": or_a_difference("CaseRecord") },
            "verdicts": {
                "description": of("verdicts")["description"],
                "type": "array",
                "items": or_a_difference("Verdict"),
            },
            "outputs": {
                "description": of("outputs")["description"],
                "type": "object",
                "additionalProperties": or_a_difference("Stored"),
            },
        },
        "required": ["format", "id", "records", "cases", "verdicts", "outputs"],
    })
}

fn or_a_difference(name: &str) -> Value {
    json!({ "anyOf": [{ "$ref": format!("#/$defs/{name}") }, { "$ref": "#/$defs/Difference" }] })
}

/// What makes a part of a merged file from another one.
fn difference() -> Value {
    json!({
        "description": "Since format 1.6: what makes the canonical text of a part from that of another one. First the other \
                        part, which is no difference itself: its place in the same list, from 0, or an output's digest. Then \
                        a number copies so many bytes of the other text from the place that was reached, and goes past them; \
                        a text is put in, and goes past as many bytes as it has; a number in a list goes so many bytes \
                        forward, and a negative number goes back.",
        "type": "array",
        "minItems": 1,
        "prefixItems": [{ "type": ["integer", "string"] }],
        "items": {
            "anyOf": [
                { "type": "integer" },
                { "type": "string" },
                { "type": "array", "minItems": 1, "maxItems": 1, "items": { "type": "integer", "minimum": 0 } },
            ],
        },
    })
}

/// A record of a merged file: the record's members, with places in the tables.
fn merged_record(record: &Value) -> Value {
    let mut out = json!({
        "description": "A record of a merged file. `cases` and `verdicts` are places in the tables, from 0; the outputs \
                        that their digests prove are in the table of all records, and `outputs` here holds the others.",
        "type": "object",
        "properties": record["properties"],
        "required": record["required"],
    });
    let members = out["properties"].as_object_mut().expect("members");
    members["outputs"]["description"] = "The outputs that nothing proves, in this record's own words.".into();
    for table in ["cases", "verdicts"] {
        members[table] = json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } });
    }
    out
}

/// Descriptions without rustdoc's links and line breaks. A member that may be missing is never `null` instead.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
            }
            let required = members.get("required").cloned().unwrap_or(json!([]));
            for (name, of) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
                if !required.as_array().is_some_and(|r| r.contains(&name.as_str().into())) {
                    never_null(of);
                }
            }
            members.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

fn never_null(of: &mut Value) {
    if let Some(types) = of["type"].as_array().cloned() {
        let left: Vec<Value> = types.into_iter().filter(|t| t != "null").collect();
        of["type"] = if let [only] = &left[..] { only.clone() } else { left.into() };
    }
    let Some([other, null]) = of["anyOf"].as_array().map(|c| &c[..]) else { return };
    if *null == json!({ "type": "null" }) {
        let other = other.clone();
        let members = of.as_object_mut().expect("a schema");
        members.remove("anyOf");
        members.extend(other.as_object().cloned().unwrap_or_default());
    }
}

/// Compares with the file; `REPRO_AUDIT_BLESS=1` writes it.
#[test]
fn the_schema_is_that_of_the_types() {
    let mut text = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, format);
    serde::Serialize::serialize(&derived(), &mut writer).expect("JSON");
    text.push(b'\n');
    if std::env::var_os("REPRO_AUDIT_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/record.schema.json");
        std::fs::write(path, text).expect("written");
        return;
    }
    assert!(
        text == SCHEMA.as_bytes(),
        "reports/record.schema.json differs from the types; if they were meant to change, run again with \
         REPRO_AUDIT_BLESS=1"
    );
}

/// Checks the part of JSON Schema that the record's schema uses, and refuses what it does not know. It is stricter in one
/// point: members that the schema does not name are refused, so that none can be forgotten there.
struct Checker<'a> {
    root: &'a Value,
    /// The members and choices of the schema that something fitted, by their places in memory.
    met: Vec<*const Value>,
}

impl<'a> Checker<'a> {
    const WORDS: [&'static str; 21] = [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "default",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "anyOf",
        "oneOf",
        "const",
        "enum",
        "format",
        "minimum",
        "pattern",
    ];

    fn new(root: &'a Value) -> Self {
        Self { root, met: Vec::new() }
    }

    /// `at` is where in the record it is.
    fn check(&mut self, schema: &'a Value, value: &Value, at: &str) -> Result<(), String> {
        let unknown = schema.as_object().into_iter().flatten().map(|(k, _)| k);
        if let Some(word) = unknown.into_iter().find(|k| !Self::WORDS.contains(&k.as_str())) {
            return Err(format!("{at}: {word} is not checked here"));
        }
        // What a field is where it is left out has to fit, too; what it meets is no record's.
        if let Some(default) = schema.get("default").filter(|default| *default != value) {
            Checker::new(self.root).check(schema, default, at)?;
        }
        if let Some(name) = schema["$ref"].as_str() {
            let target = self.root.pointer(name.trim_start_matches('#')).ok_or_else(|| format!("{name} is missing"))?;
            self.check(target, value, at)?;
        }
        for key in ["anyOf", "oneOf"] {
            let Some(choices) = schema[key].as_array() else { continue };
            let (mut fits, mut why) = (0, Vec::new());
            for choice in choices {
                let before = self.met.len();
                match self.check(choice, value, at) {
                    Ok(()) => {
                        self.met.push(choice);
                        fits += 1;
                    }
                    Err(e) => {
                        self.met.truncate(before);
                        why.push(e);
                    }
                }
            }
            if fits == 0 || key == "oneOf" && fits > 1 {
                return Err(format!("{at}: {value} fits {fits} choices: {why:?}"));
            }
        }
        let fail = |what: &str| Err(format!("{at}: {value} {what}"));
        if schema.get("const").is_some_and(|c| c != value) {
            return fail("is not the constant");
        }
        if schema["enum"].as_array().is_some_and(|e| !e.contains(value)) {
            return fail("is not one of the words");
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            Value::String(only) => vec![only.as_str()],
            _ => Vec::new(),
        };
        let is = |name: &&str| match *name {
            "string" => value.is_string(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "integer" => value.is_u64() || value.is_i64() && schema.get("minimum").is_none(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        if !types.is_empty() && !types.iter().any(is) {
            return fail(&format!("is no {}", types.join(" or ")));
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            let digits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            let fits = match pattern {
                "^[0-9a-f]{64}$" => digits,
                "^([0-9a-f]{64})?$" => digits || text.is_empty(),
                other => return Err(format!("{at}: {other} is not checked here")),
            };
            if !fits {
                return fail("does not fit the pattern");
            }
        }
        if let Some(items) = value.as_array() {
            let bound = |name: &str| schema[name].as_u64().and_then(|n| usize::try_from(n).ok());
            if bound("minItems").is_some_and(|n| items.len() < n) || bound("maxItems").is_some_and(|n| items.len() > n)
            {
                return fail("has not as many items");
            }
            for (i, item) in items.iter().enumerate() {
                let of = schema["prefixItems"].get(i).unwrap_or(&schema["items"]);
                self.check(of, item, &format!("{at}[{i}]"))?;
            }
        }
        if let Some(members) = value.as_object() {
            let known = schema["properties"].as_object();
            for (name, member) in members {
                let here = format!("{at}.{name}");
                match known.and_then(|k| k.get(name)) {
                    Some(of) => {
                        self.check(of, member, &here)?;
                        self.met.push(of);
                    }
                    None if schema["additionalProperties"].is_object() => {
                        self.check(&schema["additionalProperties"], member, &here)?;
                    }
                    // What a `$ref` or a choice beside it says was checked there.
                    None if known.is_none() && (schema.get("$ref").is_some() || schema.get("oneOf").is_some()) => {}
                    None if known.is_none() && schema.get("anyOf").is_some() => {}
                    None => return Err(format!("{here} is not in the schema")),
                }
            }
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    return Err(format!("{at}.{name} is required and missing"));
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, value: &Value) -> Result<(), String> {
        self.check(self.root, value, "record")
    }

    fn merged(&mut self, value: &Value) -> Result<(), String> {
        self.check(&self.root["$defs"]["Merged"], value, "merged")
    }
}

/// Every member and choice that a schema has, by its place in memory, with its place in the schema.
fn all(schema: &Value, place: &str, out: &mut BTreeMap<*const Value, String>) {
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/properties/{name}");
        all(of, &place, out);
        out.insert(of, place);
    }
    for key in ["oneOf", "anyOf"] {
        for (i, of) in schema[key].as_array().into_iter().flatten().enumerate() {
            let place = format!("{place}/{key}/{i}");
            all(of, &place, out);
            out.insert(of, place);
        }
    }
    for (name, of) in schema["$defs"].as_object().into_iter().flatten() {
        all(of, &format!("#/$defs/{name}"), out);
    }
    for key in ["items", "additionalProperties"] {
        if schema[key].is_object() {
            all(&schema[key], &format!("{place}/{key}"), out);
        }
    }
}

fn skips() -> Vec<Skip> {
    vec![
        Skip::Feature { feature: Feature::ShaderF16 },
        Skip::Limit { limit: "maxBufferSize".to_owned(), needs: 2, has: 1 },
        Skip::CpuOnly,
        Skip::TooLarge { passes: 1 << 40, most: 1 << 29 },
        Skip::Memory { needs: 1 << 40, has: 1 << 34 },
        Skip::Operation { operation: "matmul".to_owned(), said: "not in this framework".to_owned() },
    ]
}

const FINDINGS: [FindingKind; 12] = [
    FindingKind::DataRace,
    FindingKind::NonUniformBarrier,
    FindingKind::Undefined,
    FindingKind::InactiveLane,
    FindingKind::OutOfBounds,
    FindingKind::ForwardProgress,
    FindingKind::OrderDependent,
    FindingKind::SubgroupSize,
    FindingKind::Overflow,
    FindingKind::NanArises,
    FindingKind::LongLoop,
    FindingKind::OneValue,
];

const QUANTITIES: [Quantity; 9] = [
    Quantity::Float,
    Quantity::Bounded,
    Quantity::Mask,
    Quantity::Membership,
    Quantity::Permutation,
    Quantity::Index,
    Quantity::Flag,
    Quantity::Count,
    Quantity::Word,
];

/// A record that has everything that a record can have, on a remote engine, with whatever word in each place.
fn with_everything() -> Record {
    let mut record = crate::fixture::full(1);
    let own = OwnKernel {
        file: "own.wgsl".to_owned(),
        shader: "ab".repeat(32),
        settings_digest: "cd".repeat(32),
        settings: "n = 1".to_owned(),
        source: "@compute".to_owned(),
        arguments: vec!["own.wgsl".to_owned()],
        unseeded: true,
    };
    record.provenance.own = Some(own);
    let settings = &mut record.provenance.settings;
    (settings.planted, settings.store, settings.label) = (vec!["flush".to_owned()], 8, Some("leg".to_owned()));
    for engine in &mut record.engines {
        let limit = Limit { name: Limit::LOOP_ITERATIONS.to_owned(), at: 65_535, counted: "per invocation".to_owned() };
        engine.limits.push(limit);
        if let Some(adapter) = &mut engine.adapter {
            adapter.features = Feature::ALL.to_vec();
            adapter.backend = repro_audit::model::adapter::REMOTE.to_owned();
        }
        engine.variables.insert("LP_NUM_THREADS".to_owned(), "1".to_owned());
    }
    let dtypes = [Dtype::F32, Dtype::F16, Dtype::Bf16, Dtype::U32, Dtype::I32, Dtype::Mask];
    for (i, case) in record.cases.iter_mut().enumerate() {
        case.dtype = dtypes[i % dtypes.len()];
        case.quantity = Some(QUANTITIES[i % QUANTITIES.len()]);
    }
    record.cases[0].comparisons[0].drift.classes.not_finite = 1;
    record.cases[0].comparisons[0].drift.from_zero = 1;
    let drift = record.cases[0].comparisons[0].drift.clone();
    let execution = &mut record.cases[0].executions[0];
    execution.findings = FINDINGS
        .map(|kind| Finding { kind, line: (kind > FindingKind::Overflow).then_some(7), message: "so".to_owned() })
        .to_vec();
    execution.content = Some(record::Content::of(&Bits::f32(&[f32::NAN; 4])));
    execution.observations.push(Observation::new("rate", 0.5, "a share"));
    execution.equals = vec![Arithmetic::SPLIT];
    if let Some(accuracy) = &mut execution.accuracy {
        (accuracy.vacuous, accuracy.undecided, accuracy.unmeasured) = (3, true, 2);
        (accuracy.not_finite, accuracy.first_not_finite, accuracy.first_outside) = (1, Some(0), Some(1));
    }
    for (case, why) in record.cases[1..].iter_mut().zip(skips()) {
        let skipped = case.executions.first_mut().expect("an execution");
        (skipped.outcome, skipped.status) = (Outcome::Skipped { why }, Status::Skipped);
    }
    record.cases[0].origin = Some(Origin {
        what: "the words".to_owned(),
        problem: "philox".to_owned(),
        prefix: true,
        then: "a conversion".to_owned(),
    });
    let gap = TranslationGap {
        backend: "gl".to_owned(),
        construct: "integer-remainder".to_owned(),
        about: "it rounds otherwise".to_owned(),
        source: "back/glsl".to_owned(),
        fix: Some("a change".to_owned()),
        lines: vec![3],
    };
    let compared = OutputComparison {
        engine: "vulkan:0".to_owned(),
        other: "x".to_owned(),
        drift,
        because: Some("the order".to_owned()),
    };
    record.cases[0].examination = Examination {
        iterations: 9,
        loop_limited: Some("ab".repeat(16)),
        insensitive: true,
        translation: vec![gap],
        outputs: vec![compared],
    };
    record.verdicts[0].level = Level::CpuGpuBitwise;
    record.verdicts[1].level = Level::NotGuaranteed;
    record.verdicts[0].levels = Level::ALL
        .into_iter()
        .map(|level| (level, LevelState::Untested))
        .chain([(Level::NotGuaranteed, LevelState::Held)])
        .collect();
    for (verdict, status) in record.verdicts.iter_mut().zip([Status::Unjudged, Status::Failed, Status::Skipped]) {
        verdict.status = status;
    }
    // Each form that an output is stored in; what nothing proves is of formats before 1.4.
    record.format.minor = 3;
    let forms = [Some([1.0; 8].to_vec()), Some([2.0; 900].to_vec()), None];
    let ran = |c: &&mut CaseRecord| c.dtype == Dtype::F32 && matches!(c.executions[0].outcome, Outcome::Ran { .. });
    for (case, form) in record.cases.iter_mut().filter(ran).zip(forms) {
        let output = Bits::f32(&form.clone().unwrap_or_else(|| vec![3.0]));
        case.elements = output.len as u64;
        for execution in &mut case.executions {
            let Outcome::Ran { distinct, .. } = &mut execution.outcome else { continue };
            distinct[0].digest = output.digest();
            distinct[0].bits = (output.len == 1).then(|| Dtype::F32.hex(output.get(0)));
        }
        let stored = form.map_or(Stored::Disputed, |_| Stored::new(&output, 8));
        record.outputs.add(output.digest(), stored);
    }
    record
}

/// Records of every kind.
fn records() -> Vec<Record> {
    let mut everything = with_everything();
    let caches = [ShaderCache::Cold, ShaderCache::Warm, ShaderCache::Own, ShaderCache::Off];
    everything.run.shader_caches = (0..).map(|place| format!("vulkan:{place}")).zip(caches).collect();
    everything.provenance.settings.models = vec!["card.toml".to_owned()];
    // Forbidden results of one function, with what the file of a sweep has besides, and one that could not be swept at any
    // input.
    let mut everything = with_sweeps(everything, |p, r| if p >> 23 == 127 { r ^ 0x40_0000 } else { r });
    let every =
        Missing { inputs: Some(Inputs::All), why: Some(Skip::CpuOnly), ..everything.sweeps[0].missing[0].clone() };
    everything.sweeps[0].missing.push(every);
    let swept = &mut everything.sweeps[1].functions[0];
    (swept.blocks, swept.sample) = (vec![swept.digest.clone()], vec![swept.digest.clone()]);
    everything.explained = vec![explained::with_everything(&everything)];
    let mut everything = with_trainings(everything, true);
    let died = &mut everything.trainings[2].trainings[1];
    died.epochs.truncate(1);
    (died.steps, died.final_digest) = (44, died.epochs.last().map(|e| e.digest.clone()));
    died.failure = Some("it ended by signal 6".to_owned());
    everything.trainings[2].controls[0].found = None;
    let mut deep = everything.clone();
    deep.provenance.settings.profile = Profile::Deep;
    let mut standard = crate::fixture::interpreted(crate::fixture::full(1), false);
    standard.provenance.settings.profile = Profile::Standard;
    let mut unfinished = crate::fixture::full(2);
    unfinished.notes.push(record::UNFINISHED.to_owned());
    unfinished.id = String::new();
    for engine in &mut unfinished.engines {
        engine.status = EngineStatus::Failed { reason: "the audit was interrupted".to_owned(), case: None };
    }
    vec![crate::fixture::full(1), crate::fixture::without_adapters(), standard, everything, deep, unfinished]
}

/// Text of records that were written by earlier versions.
fn older() -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut out = Vec::new();
    for path in kept() {
        let text = std::fs::read_to_string(path).expect("a record");
        let earlier = as_written_by_1_1(&text, folder.path());
        let earlier = std::fs::read_to_string(earlier).expect("a record");
        out.extend([text, earlier].map(|t| serde_json::from_str(&t).expect("JSON")));
    }
    out
}

/// Two audits of one machine, of which one result differs in some words.
fn twice() -> [Record; 2] {
    [0, 1].map(|which: u32| {
        let mut record = crate::fixture::full(1);
        record.provenance.settings.label = Some("again ".repeat(1 + usize::from(which > 0)));
        let (mut words, case) =
            ((0..1000u32).map(|i| i.wrapping_mul(2_654_435_761) % 8191).collect::<Vec<u32>>(), &mut record.cases[0]);
        words[300] += which;
        (case.dtype, case.elements) = (Dtype::F32, 1000);
        let bits = Bits::words(Dtype::F32, words);
        let mut first = case.executions.iter_mut().filter_map(|x| match &mut x.outcome {
            Outcome::Ran { distinct, .. } => distinct.first_mut(),
            _ => None,
        });
        first.next().expect("it ran").digest = bits.digest();
        record.outputs.add(bits.digest(), Stored::new(&bits, 1024));
        record
    })
}

fn merged_file() -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = Reader::default();
    for (i, mut record) in records().into_iter().chain(twice()).enumerate() {
        crate::fixture::readable(&mut record);
        for finding in record.cases.iter_mut().flat_map(|c| &mut c.executions).flat_map(|x| &mut x.findings) {
            finding.message = finding.message.replace('\u{1b}', "");
        }
        record.id = record::content_id(&record).expect("JSON");
        let path = folder.path().join(format!("{i}.json"));
        std::fs::write(&path, record::to_json(&record).expect("JSON")).expect("written");
        reader.read(&path).unwrap_or_else(|e| panic!("{e}"));
    }
    let mut merged = reader.finish();
    merged.expect(["leg-9".to_owned()]);
    let mut text = Vec::new();
    merged.write(&mut text).expect("memory takes it");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn every_record_fits_the_schema_and_all_of_the_schema_is_met() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut checker = Checker::new(&schema);
    let written = records().into_iter().map(|r| serde_json::to_value(&r).expect("a record is JSON"));
    for (i, value) in written.chain(older()).enumerate() {
        assert_eq!(checker.record(&value), Ok(()), "record {i} fits the schema");
    }
    assert_eq!(checker.merged(&merged_file()), Ok(()), "a merged file fits the schema");
    let mut unmet = BTreeMap::new();
    all(&schema, "#", &mut unmet);
    checker.met.iter().for_each(|place| drop(unmet.remove(place)));
    let unmet: Vec<_> = unmet.values().collect();
    assert!(unmet.is_empty(), "no record here has {unmet:#?}");
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let good = serde_json::to_value(crate::fixture::full(1)).expect("a record is JSON");
    let breaks: [(&str, Value); 8] = [
        ("/format/major", 2.into()),
        ("/id", "ab".into()),
        ("/run/seconds", Value::Null),
        ("/provenance/settings/engines", Value::Null),
        ("/verdicts/0/level", "best".into()),
        ("/verdicts/0/levels/0", json!(["run_to_run"])),
        ("/cases/0/executions/0/outcome/state", "perhaps".into()),
        ("/cases/0/comparisons/0/drift/max_ulp", (-1).into()),
    ];
    for (path, wrong) in breaks {
        let mut record = good.clone();
        *record.pointer_mut(path).unwrap_or_else(|| panic!("{path} exists")) = wrong;
        assert!(Checker::new(&schema).record(&record).is_err(), "{path}");
    }
    let mut more = good;
    more["surprise"] = 1.into();
    assert!(Checker::new(&schema).record(&more).is_err(), "an unknown member is noticed");
}
