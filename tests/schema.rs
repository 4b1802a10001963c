//! The published schema says what the program writes: every record fits it, and no member is left out of it.

mod fixture;

use serde_json::Value;

const SCHEMA: &str = include_str!("../reports/record.schema.json");

/// Checks the part of JSON Schema that the record's schema uses, more strictly in one point: members that the schema
/// does not name are refused, so that a new field can not be forgotten there.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).ok_or_else(|| format!("{name} is missing"))?;
        return check(root, target, value, at);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[key].as_array() {
            let results: Vec<_> = choices.iter().map(|c| check(root, c, value, at)).collect();
            let fits = results.iter().filter(|r| r.is_ok()).count();
            return match (key, fits) {
                (_, 0) => Err(format!("{at}: {value} fits no choice: {results:?}")),
                ("oneOf", 2..) => Err(format!("{at}: {value} fits several choices")),
                _ => Ok(()),
            };
        }
    }
    let fail = |what: &str| Err(format!("{at}: {value} {what}"));
    if schema.get("const").is_some_and(|c| c != value) {
        return fail("is not the constant");
    }
    if schema["enum"].as_array().is_some_and(|e| !e.contains(value)) {
        return fail("is not one of the words");
    }
    match schema["type"].as_str() {
        None => {}
        Some("string") if value.is_string() => {}
        Some("number") if value.is_number() => {}
        Some("boolean") if value.is_boolean() => {}
        Some("null") if value.is_null() => {}
        Some("integer") if value.is_u64() => {}
        Some("array") if value.is_array() => {}
        Some("object") if value.is_object() => {}
        Some(other) => return fail(&format!("is no {other}")),
    }
    if let Some(items) = value.as_array() {
        for (i, item) in items.iter().enumerate() {
            let of = schema["prefixItems"].get(i).unwrap_or(&schema["items"]);
            check(root, of, item, &format!("{at}[{i}]"))?;
        }
    }
    if let Some(members) = value.as_object() {
        let known = schema["properties"].as_object();
        for (name, member) in members {
            let here = format!("{at}.{name}");
            match known.and_then(|k| k.get(name)) {
                Some(of) => check(root, of, member, &here)?,
                None if known.is_none() => check(root, &schema["additionalProperties"], member, &here)?,
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

#[test]
fn records_fit_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    for record in [fixture::full(1), fixture::without_adapters(), fixture::interpreted(fixture::full(1), false)] {
        let value = serde_json::to_value(&record).expect("a record is JSON");
        assert_eq!(check(&schema, &schema, &value, "record"), Ok(()), "a record fits its schema");
    }
}

#[test]
fn merged_records_fit_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let reader = repro_audit::record::Reader::default();
    for (i, mut record) in [fixture::full(1), fixture::without_adapters()].into_iter().enumerate() {
        fixture::readable(&mut record);
        record.provenance.settings.label = Some(format!("leg-{i}"));
        let whole = repro_audit::model::bits::Bits::f32(&[1.0; 8]);
        record.outputs.add(whole.digest(), repro_audit::record::Stored::new(&whole, 8));
        let sampled = repro_audit::model::bits::Bits::f32(&[2.0; 80]);
        record.outputs.add(sampled.digest(), repro_audit::record::Stored::new(&sampled, 8));
        record.id = repro_audit::record::content_id(&record).expect("JSON");
        let path = folder.path().join(format!("{i}.json"));
        let text = repro_audit::record::to_json(&record).expect("JSON");
        std::fs::write(&path, &text).expect("written");
        let value: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(check(&schema, &schema, &value, "record"), Ok(()), "outputs and labels");
        reader.read(&path).unwrap_or_else(|e| panic!("{e}"));
    }
    let mut merged = reader.finish();
    merged.expect(["leg-9".to_owned()]);
    let mut text = Vec::new();
    merged.write(&mut text).expect("memory takes it");
    let value: Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(check(&schema, &schema["$defs"]["merged"], &value, "merged"), Ok(()), "a merged record");
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let good = serde_json::to_value(fixture::full(1)).expect("a record is JSON");
    let breaks: [(&str, Value); 4] = [
        ("/run/seconds", Value::Null),
        ("/verdicts/0/level", "best".into()),
        ("/cases/0/executions/0/outcome/state", "perhaps".into()),
        ("/cases/0/comparisons/0/drift/max_ulp", (-1).into()),
    ];
    for (path, wrong) in breaks {
        let mut record = good.clone();
        *record.pointer_mut(path).unwrap_or_else(|| panic!("{path} exists")) = wrong;
        assert!(check(&schema, &schema, &record, "record").is_err(), "{path}");
    }
    let mut more = good;
    more["surprise"] = 1.into();
    assert!(check(&schema, &schema, &more, "record").is_err(), "an unknown member is noticed");
}
