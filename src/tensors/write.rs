//! Writes safetensors: <https://huggingface.co/docs/safetensors>. One format of tensors is written, of elements of 32 bits.

use std::collections::BTreeMap;

/// A tensor to be written.
#[derive(Debug, Clone)]
pub struct Written<'w> {
    /// Its name.
    pub name: String,
    /// The format's name of its elements, of 32 bits each: `F32`, `I32` or `U32`.
    pub dtype: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The bits of its elements.
    pub words: &'w [u32],
}

/// The bytes of a file of tensors with these names and values as metadata. The header is padded with spaces, so that data begin
/// at a multiple of 8, as the format's own library does.
#[must_use]
pub fn write_safetensors(tensors: &[Written<'_>], metadata: &BTreeMap<&str, String>) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".to_owned(), serde_json::json!(metadata));
    let mut from = 0;
    for tensor in tensors {
        let to = from + 4 * tensor.words.len();
        let info = serde_json::json!({ "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [from, to] });
        header.insert(tensor.name.clone(), info);
        from = to;
    }
    let mut text = serde_json::Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut out = (text.len() as u64).to_le_bytes().to_vec();
    out.extend(text);
    for tensor in tensors {
        out.extend(tensor.words.iter().flat_map(|word| word.to_le_bytes()));
    }
    out
}
