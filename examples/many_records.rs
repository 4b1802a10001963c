//! Many varied records from a real one, to measure merging and rendering with:
//!
//! ```text
//! cargo run --release --example many_records -- repro-audit-out/record.json 1000 /tmp/many
//! command time -v target/release/repro-audit merge /tmp/many --out /tmp/merged.json
//! command time -v target/release/repro-audit report /tmp/merged.json --out /tmp/merged
//! ```
//!
//! Each has a host, a machine, a label and a time of its own. There are twelve driver versions, each of which moves some
//! cases by an ulp or a few, alike on every machine that has it; and in every record a few results are like no other's.

use std::path::Path;

use repro_audit::model::bits::Bits;
use repro_audit::record::{self, Outcome, Outputs, Record, Stored, content_id};

const VERSIONS: u64 = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, count, folder] = arguments.as_slice() else {
        return Err("usage: many_records RECORD COUNT FOLDER".into());
    };
    let model = record::read(Path::new(path))?;
    let count: u64 = count.parse()?;
    std::fs::create_dir_all(folder)?;
    for i in 0..count {
        let record = vary(&model, i)?;
        std::fs::write(Path::new(folder).join(format!("record-{i:05}.json")), record::to_json(&record)?)?;
    }
    Ok(())
}

/// A number that looks drawn from these.
fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    x.wrapping_mul(0x94d0_49bb_1331_11eb) >> 17
}

fn vary(model: &Record, i: u64) -> Result<Record, Box<dyn std::error::Error>> {
    let mut record = model.clone();
    let version = mix(i, 1) % VERSIONS;
    record.environment.host = format!("host-{i:05}");
    record.environment.machine_id = format!("{:016x}", mix(i, 2));
    record.provenance.settings.label = Some(format!("leg-{i:05}"));
    record.run.started = format!("2026-{:02}-{:02}T{:02}:00:00Z", 1 + i % 12, 1 + i / 12 % 28, i % 24);
    for engine in record.engines.iter_mut().filter(|e| e.is_driver()) {
        if let Some(adapter) = &mut engine.adapter {
            adapter.driver_info = format!("Mesa {}.{}.0", 22 + version / 4, version % 4);
            engine.label = adapter.label();
        }
    }
    let known = std::mem::take(&mut record.outputs);
    let mut outputs = Outputs::default();
    for (c, case) in (0u64..).zip(&mut record.cases) {
        for (e, execution) in (0u64..).zip(&mut case.executions) {
            let Outcome::Ran { distinct, .. } = &mut execution.outcome else { continue };
            execution.seconds *= 1.0 + (mix(i, c) % 100).to_string().parse::<f64>()? / 100.0;
            let Some(stored) = known.get(&distinct[0].digest) else { continue };
            // A driver moves one case in eight from its version on; a record by itself moves one in fifty.
            let since = mix(c, 3) % (8 * VERSIONS);
            let by = if mix(mix(i, c), e).is_multiple_of(50) {
                1 + mix(i, e) % 1000
            } else {
                u64::from(since < VERSIONS && version >= since) * (1 + mix(c, 4) % 3)
            };
            match stored.known(&distinct[0].digest)? {
                whole if by > 0 && whole.at.is_none() && !whole.values.is_empty() => {
                    let mut words = whole.values;
                    let last = words.len() - 1;
                    words[last] ^= u32::try_from(by)?;
                    let bits = Bits { dtype: case.dtype, len: usize::try_from(case.elements)?, words };
                    distinct[0].digest = bits.digest();
                    outputs.add(bits.digest(), Stored::new(&bits, u64::MAX));
                }
                _ => outputs.add(distinct[0].digest.clone(), stored.clone()),
            }
        }
    }
    record.outputs = outputs;
    record.id = content_id(&record)?;
    Ok(record)
}
