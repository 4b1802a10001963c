//! Files as other programs write them.

use std::io::Write as _;

use repro_audit::model::Scalar;

/// A folder for files, removed with it.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A tensor to be written.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub(crate) name: String,
    pub(crate) scalar: Scalar,
    pub(crate) shape: Vec<u64>,
    pub(crate) words: Vec<u64>,
}

impl Planted {
    pub(crate) fn of(name: &str, scalar: Scalar, words: &[u64]) -> Self {
        Self { name: name.to_owned(), scalar, shape: vec![words.len() as u64], words: words.to_vec() }
    }

    pub(crate) fn f32(name: &str, values: &[f32]) -> Self {
        let words: Vec<u64> = values.iter().map(|v| u64::from(v.to_bits())).collect();
        Self::of(name, Scalar::F32, &words)
    }

    pub(crate) fn shaped(mut self, shape: &[u64]) -> Self {
        self.shape = shape.to_vec();
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.to_le_bytes()[..self.scalar.width()].to_vec()).collect()
    }
}

pub(crate) fn safetensors(tensors: &[Planted]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for t in tensors {
        let dtype = match t.scalar {
            Scalar::F8E4m3 => "F8_E4M3".to_owned(),
            Scalar::F8E5m2 => "F8_E5M2".to_owned(),
            other => other.name().to_ascii_uppercase(),
        };
        let from = data.len();
        data.extend(t.bytes());
        header.insert(
            t.name.clone(),
            serde_json::json!({"dtype": dtype, "shape": t.shape, "data_offsets": [from, data.len()]}),
        );
    }
    let header = serde_json::Value::Object(header).to_string().into_bytes();
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}

/// `descr` is NumPy's name of the type.
pub(crate) fn npy(descr: &str, fortran: bool, shape: &[u64], data: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({axes}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// A zip archive.
pub(crate) fn zip(members: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let packed = if deflated {
            let mut to = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            to.write_all(data).expect("in memory");
            to.finish().expect("in memory")
        } else {
            data.clone()
        };
        let word = |n: usize| u32::try_from(n).expect("small").to_le_bytes();
        let half = |n: usize| u16::try_from(n).expect("small").to_le_bytes();
        let offset = out.len();
        let method = half(if deflated { 8 } else { 0 });
        let about = [&crc.sum().to_le_bytes()[..], &word(packed.len()), &word(data.len()), &half(name.len())].concat();
        out.extend(
            [b"PK\x03\x04\x14\0\0\0", &method[..], b"\0\0\0\0", &about, b"\0\0", name.as_bytes(), &packed].concat(),
        );
        directory.extend(
            [b"PK\x01\x02\x14\0\x14\0\0\0", &method[..], b"\0\0\0\0", &about, &[0; 12], &word(offset), name.as_bytes()]
                .concat(),
        );
    }
    let half = |n: usize| u16::try_from(n).expect("small").to_le_bytes();
    let word = |n: usize| u32::try_from(n).expect("small").to_le_bytes();
    let (start, n) = (out.len(), half(members.len()));
    out.extend(&directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &n[..], &n, &word(directory.len()), &word(start), b"\0\0"].concat());
    out
}
