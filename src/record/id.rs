//! A record's id: a digest of its content, so that two audits that found the same have the same id.

use super::format::Record;

/// BLAKE3 over the record as JSON, without its id, [`Record::run`] and every field named `seconds`, as 64 hexadecimal
/// digits. Members are in a fixed order.
///
/// # Errors
/// When the record can not be written as JSON.
pub fn content_id(record: &Record) -> Result<String, serde_json::Error> {
    Ok(id_of(serde_json::to_value(record)?))
}

/// [`content_id`] of a record as it is in a file, members included that this program does not know.
pub(super) fn id_of(mut value: serde_json::Value) -> String {
    if let Some(members) = value.as_object_mut() {
        members.remove("id");
        members.remove("run");
    }
    strip(&mut value);
    blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
}

fn strip(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.remove("seconds");
            members.values_mut().for_each(strip);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
