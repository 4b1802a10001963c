//! The same numbers in every format, and what is refused.

use repro_audit::facts::tensors::{Asked, diff};
use repro_audit::model::Scalar;
use repro_audit::tensors::{Content, Raw, open};

use super::files::{Planted, folder, npy, safetensors, zip};
use super::{asked, between, headline};

fn values() -> Planted {
    Planted::f32("w", &[1.0, -2.5, 0.0, 1e-40, f32::INFINITY, 7.0]).shaped(&[2, 3])
}

fn write(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

#[test]
fn one_array_is_the_same_in_every_format() {
    let at = folder();
    let data = values().bytes();
    let big: Vec<u8> = data.chunks(4).flat_map(|c| [c[3], c[2], c[1], c[0]]).collect();
    let columns: Vec<u8> = [0, 3, 1, 4, 2, 5].iter().flat_map(|i| data[4 * i..4 * i + 4].to_vec()).collect();
    let plain = npy("<f4", false, &[2, 3], &data);
    let reference = write(&at, "w.npy", &plain);
    let others = [
        write(&at, "w.safetensors", &safetensors(&[values()])),
        write(&at, "big.npy", &npy(">f4", false, &[2, 3], &big)),
        write(&at, "fortran.npy", &npy("<f4", true, &[2, 3], &columns)),
        write(&at, "stored.npz", &zip(&[("w.npy", plain.clone())], false)),
        write(&at, "deflated.npz", &zip(&[("w.npy", plain.clone())], true)),
    ];
    for other in &others {
        let found = between(&reference, other);
        assert!(found.is_same(), "{}: {}", other.display(), headline(&found));
    }
    let raw = Raw { scalar: Scalar::F32, shape: Some(vec![2, 3]) };
    let content = open(&write(&at, "w.raw", &data), Some(&raw)).expect("raw");
    let found = diff(["a", "b"], &[open(&reference, None).expect("npy"), content], &Asked::default());
    assert!(found.is_same(), "raw: {}", headline(&found));
    let wrong = Raw { scalar: Scalar::F64, shape: Some(vec![2, 3]) };
    assert!(open(&at.path().join("w.raw"), Some(&wrong)).is_err(), "another size");
}

/// A matrix whose elements are large and many: blocks, and packed members larger than what is unpacked into memory.
#[test]
fn large_packed_arrays_are_whole() {
    let at = folder();
    let words: Vec<u64> = (0..70_000u64).map(|i| i * 0x0101_0101).map(|w| w & 0xffff_ffff).collect();
    let planted = Planted::of("w", Scalar::U32, &words).shaped(&[700, 100]);
    let turned: Vec<u8> =
        (0..70_000usize).flat_map(|i| (words[(i % 700) * 100 + i / 700] as u32).to_le_bytes()).collect();
    let packed = zip(&[("w.npy", npy("<u4", true, &[700, 100], &turned))], true);
    let found = between(&write(&at, "a.safetensors", &safetensors(&[planted])), &write(&at, "b.npz", &packed));
    assert!(found.is_same(), "{}", headline(&found));
}

#[test]
fn text_and_tables_are_numbers() {
    let at = folder();
    let found = between(&write(&at, "a.txt", b"1 2.5\n3 4\n"), &write(&at, "b.csv", b"1.0,2.5\n3.0,4e0\n"));
    assert!(found.is_same(), "{}", headline(&found));
    let found = between(&write(&at, "a.csv", b"x,y\n1,2\n3,4\n"), &write(&at, "b.csv", b"x,y\n1,2\n3,5\n"));
    assert_eq!(
        found.pairs.iter().map(|p| (p.name.as_str(), p.is_identical())).collect::<Vec<_>>(),
        [("x", true), ("y", false)],
        "columns"
    );
}

#[test]
fn shards_are_one_checkpoint() {
    let at = folder();
    let (a, b) = (Planted::f32("a", &[1.0]), Planted::f32("b", &[2.0]));
    let whole = write(&at, "whole.safetensors", &safetensors(&[a.clone(), b.clone()]));
    let shards = at.path().join("shards");
    std::fs::create_dir(&shards).expect("a folder");
    std::fs::write(shards.join("m-1.safetensors"), safetensors(&[a])).expect("written");
    std::fs::write(shards.join("m-2.safetensors"), safetensors(&[b])).expect("written");
    let index = r#"{"metadata": {}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#;
    std::fs::write(shards.join("model.safetensors.index.json"), index).expect("written");
    assert!(between(&whole, &shards).is_same(), "a folder with an index");
    assert!(between(&whole, &shards.join("model.safetensors.index.json")).is_same(), "the index");
    let away = index.replace("m-2", "../whole");
    std::fs::write(shards.join("model.safetensors.index.json"), away).expect("written");
    let error = open(&shards.join("model.safetensors.index.json"), None).expect_err("it leads away");
    assert!(error.to_string().contains("not a file of its folder"), "{error}");
}

#[test]
fn names_are_mapped_and_chosen() {
    let at = folder();
    let named = |names: [&str; 2]| safetensors(&[Planted::f32(names[0], &[1.0, 2.0]), Planted::f32(names[1], &[3.0])]);
    let left = write(&at, "a.safetensors", &named(["model.x", "model.y"]));
    let right = write(&at, "b.safetensors", &named(["x", "y"]));
    let map = Asked { map: vec![("model.*".to_owned(), "*".to_owned())], ..Asked::default() };
    assert!(asked(&left, &right, &map).is_same(), "mapped");
    let one = Asked { names: vec!["*x".to_owned()], ..map };
    assert_eq!(asked(&left, &right, &one).pairs.len(), 1, "chosen");
    let none = between(&left, &right);
    assert!(none.pairs.is_empty() && !none.is_same() && none.renamed.len() == 2, "{}", headline(&none));
}

/// Refused files say what to do.
#[test]
fn what_is_not_read_says_what_to_do() {
    let at = folder();
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let legacy = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.".to_vec();
    for (name, bytes, wanted) in [
        ("a.pt", tar, "safetensors.torch.save_file"),
        ("b.pt", legacy, "from before 1.6"),
        ("c.h5", b"\x89HDF\r\n\x1a\n".to_vec(), "numpy.savez"),
        ("d.bin", vec![0, 1, 2, 3], "--dtype"),
        ("e.npy", npy("|O", false, &[1], &[0; 8]), "Python objects"),
        ("f.npy", Vec::new(), "empty"),
    ] {
        let error = open(&write(&at, name, &bytes), None).expect_err(name).to_string();
        assert!(error.contains(wanted) && !error.contains('\n'), "{name}: {error}");
    }
}

/// A file of a folder that can't be read leaves nothing to be called equal.
#[test]
fn what_was_not_read_is_never_equal() {
    let at = folder();
    for side in ["a", "b"] {
        let side = at.path().join(side);
        std::fs::create_dir(&side).expect("a folder");
        std::fs::write(side.join("w.npy"), npy("<f4", false, &[6], &values().bytes())).expect("written");
        std::fs::write(side.join("x.npy"), b"\x93NUMPY\x01").expect("written");
    }
    let found = between(&at.path().join("a"), &at.path().join("b"));
    assert!(!found.is_same() && !found.is_whole(), "{}", headline(&found));
    assert!(headline(&found).contains("2 files could not be read"), "{}", headline(&found));
    let _: &Content = &open(&at.path().join("a"), None).expect("a folder");
}

/// A pickle's text of up to 255 bytes.
fn word(text: &str) -> Vec<u8> {
    [&b"X"[..], &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// A tensor as PyTorch pickles it: `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`.
fn tensor(storage: &str, key: &str, offset: u8, shape: [u8; 2], strides: [u8; 2]) -> Vec<u8> {
    let pair = |[a, b]: [u8; 2]| vec![b'K', a, b'K', b, 0x86];
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        word("storage"),
        format!("ctorch\n{storage}\n").into_bytes(),
        word(key),
        word("cpu"),
        b"K\x06tQ".to_vec(),
        vec![b'K', offset],
        pair(shape),
        pair(strides),
        b"\x89ccollections\nOrderedDict\n)RtR".to_vec(),
    ]
    .concat()
}

/// A dictionary of these, as an archive with these storages.
pub(crate) fn archive(entries: &[(&str, Vec<u8>)], storages: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> = entries.iter().flat_map(|(name, value)| [word(name), value.clone()].concat()).collect();
    let pickle = [b"\x80\x02}q\x00(", &items[..], b"u."].concat();
    let mut members = vec![("m/data.pkl".to_owned(), pickle), ("m/byteorder".to_owned(), b"little".to_vec())];
    members.extend(storages.iter().map(|(key, data)| (format!("m/data/{key}"), data.clone())));
    let members: Vec<(&str, Vec<u8>)> = members.iter().map(|(n, d)| (n.as_str(), d.clone())).collect();
    zip(&members, false)
}

#[test]
fn archives_of_pytorch_are_read() {
    let at = folder();
    let data = values().bytes();
    let columns: Vec<u8> = [0, 3, 1, 4, 2, 5].iter().flat_map(|i| data[4 * i..4 * i + 4].to_vec()).collect();
    let reference = write(&at, "w.npz", &zip(&[("w.npy", npy("<f4", false, &[2, 3], &data))], false));
    let plain = archive(&[("w", tensor("FloatStorage", "0", 0, [2, 3], [3, 1]))], &[("0", data.clone())]);
    let found = between(&reference, &write(&at, "plain.pt", &plain));
    assert!(found.is_same(), "{}", headline(&found));
    let strided =
        archive(&[("w", tensor("FloatStorage", "0", 2, [2, 3], [1, 2]))], &[("0", [&[0; 8], &columns[..]].concat())]);
    let found = between(&reference, &write(&at, "strided.pt", &strided));
    assert!(found.is_same(), "strides and an offset: {}", headline(&found));
    // Numbers and texts beside tensors, and dictionaries in one another.
    let nested = |lr: f64, note: &str| {
        let inner = [
            b"}(".to_vec(),
            word("lr"),
            [&b"G"[..], &lr.to_be_bytes()].concat(),
            word("note"),
            word(note),
            word("step"),
            vec![b'K', 9],
            b"u".to_vec(),
        ]
        .concat();
        archive(&[("opt", inner)], &[])
    };
    let left = write(&at, "a.pt", &nested(0.1, "x"));
    assert!(between(&left, &write(&at, "b.pt", &nested(0.1, "x"))).is_same(), "the same");
    let found = between(&left, &write(&at, "c.pt", &nested(0.2, "y")));
    let differing: Vec<&str> = found.differing().map(|p| p.name.as_str()).collect();
    assert_eq!(differing, ["opt.lr", "opt.note"], "{}", headline(&found));
}

/// Nothing is called, whatever a pickle names, and nothing lies outside its storage.
#[test]
fn pickles_are_never_executed() {
    let at = folder();
    let touched = at.path().join("touched");
    let command = format!("touch {}", touched.display());
    let system = [b"cos\nsystem\n(".to_vec(), word(&command), b"tR".to_vec()].concat();
    let four = [&b"\x8c\x05posix\x8c\x06system\x93("[..], &word(&command), b"tR"].concat();
    let evil = |value: Vec<u8>| archive(&[("w", value)], &[("0", values().bytes())]);
    for (value, wanted) in [
        (system, "names os.system"),
        (four, "names posix.system"),
        (b"cbuiltins\neval\n".to_vec(), "names builtins.eval"),
        (b"i__main__\nx\n".to_vec(), "opcode 0x69"),
        (tensor("FloatStorage", "0", 1, [2, 3], [3, 1]), "beyond its storage"),
        (tensor("FloatStorage", "0", 0, [200, 200], [0, 0]), "more elements than its storage"),
        (tensor("FloatStorage", "7", 0, [2, 3], [3, 1]), "is not in the archive"),
        (b"h\x00".to_vec(), "deep in one another"),
    ] {
        let error = open(&write(&at, "evil.pt", &evil(value)), None).expect_err(wanted).to_string();
        assert!(error.contains(wanted) && !error.contains('\n'), "{wanted}: {error}");
    }
    // Lists that hold each other twice are without end.
    let mut laugh = b"]q\x01".to_vec();
    for i in 1..40u8 {
        laugh.extend([b']', b'q', i + 1, b'(', b'h', i, b'h', i, b'e']);
    }
    // Only the last is the value.
    let laugh = [&[b'('][..], &laugh, b"t"].concat();
    assert!(open(&write(&at, "laugh.pt", &evil(laugh)), None).is_err(), "without end");
    assert!(!touched.exists(), "executed");
}

/// A GGUF file of one tensor; `ty` is the type's number.
fn gguf(ty: u32, shape: &[u64], data: &[u8]) -> Vec<u8> {
    let text = |t: &str| [&(t.len() as u64).to_le_bytes()[..], t.as_bytes()].concat();
    let mut out =
        [b"GGUF".to_vec(), 3u32.to_le_bytes().to_vec(), 1u64.to_le_bytes().to_vec(), 2u64.to_le_bytes().to_vec()]
            .concat();
    out.extend([text("general.name"), 8u32.to_le_bytes().to_vec(), text("m")].concat());
    let array =
        [9u32.to_le_bytes().to_vec(), 4u32.to_le_bytes().to_vec(), 2u64.to_le_bytes().to_vec(), vec![0; 8]].concat();
    out.extend([text("list"), array].concat());
    out.extend([text("w"), (shape.len() as u32).to_le_bytes().to_vec()].concat());
    shape.iter().rev().for_each(|n| out.extend(n.to_le_bytes()));
    out.extend([&ty.to_le_bytes()[..], &0u64.to_le_bytes()].concat());
    out.resize(out.len().next_multiple_of(32), 0);
    out.extend(data);
    out
}

#[test]
fn gguf_is_read_and_quantised_blocks_are_bytes() {
    let at = folder();
    let reference = write(&at, "w.safetensors", &safetensors(&[values()]));
    let found = between(&reference, &write(&at, "w.gguf", &gguf(0, &[2, 3], &values().bytes())));
    assert!(found.is_same(), "{}", headline(&found));
    let blocks = |last: u8| gguf(8, &[64], &[&[7; 67][..], &[last]].concat());
    let found = between(&write(&at, "a.gguf", &blocks(1)), &write(&at, "b.gguf", &blocks(2)));
    let pair = &found.pairs[0];
    assert_eq!(
        (pair.dtypes[0].as_str(), pair.numeric, pair.drift.as_ref().map(|d| d.differing)),
        ("q8_0", false, Some(1)),
        "bytes"
    );
    assert!(headline(&found).contains("in bytes"), "{}", headline(&found));
}

/// An event file of scalars; the checksums are those of the format.
pub(crate) fn events(values: &[(u8, f32)]) -> Vec<u8> {
    let scalar = |(step, value): &(u8, f32)| (*step, [&b"\x0a\x04loss\x15"[..], &value.to_le_bytes()].concat());
    events_of(&values.iter().map(scalar).collect::<Vec<_>>())
}

/// Events of a value each, as it is in the file.
fn events_of(values: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        let sum = bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0x82f6_3b78 } else { c >> 1 })
        });
        (!sum).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let mut out = Vec::new();
    for (step, scalar) in values {
        let summary = [&[0x0a, scalar.len() as u8][..], scalar].concat();
        let event = [&[0x09][..], &1.5f64.to_le_bytes(), &[0x10, *step, 0x2a, summary.len() as u8], &summary].concat();
        let length = (event.len() as u64).to_le_bytes();
        out.extend([&length[..], &crc(&length), &event, &crc(&event)].concat());
    }
    out
}

#[test]
fn events_of_tensorboard_are_series() {
    let at = folder();
    let left = write(&at, "events.out.tfevents.1.a", &events(&[(1, 0.5), (2, 0.25), (3, 0.125)]));
    let right = write(&at, "events.out.tfevents.2.b", &events(&[(1, 0.5), (2, 0.26), (3, 0.126)]));
    assert!(between(&left, &left).is_same(), "itself");
    let found = between(&left, &right);
    assert!(headline(&found).contains(" from step 2 on"), "{}", headline(&found));
    // Half a record at the end is told, and what was read is not called the whole.
    let whole = std::fs::read(&left).expect("read");
    let cut = between(&left, &write(&at, "cut.tfevents", &whole[..whole.len() - 3]));
    assert!(!cut.is_whole() && !cut.is_same(), "{}", headline(&cut));
    let mut wrong = whole.clone();
    wrong[30] ^= 1;
    assert!(
        open(&write(&at, "wrong.tfevents", &wrong), None).is_err_and(|e| e.to_string().contains("damaged")),
        "a checksum"
    );
}

/// What is no single number is compared byte by byte, and not passed over.
#[test]
fn an_image_among_the_events_is_compared() {
    let at = folder();
    let image = |last: u8| (2, [&b"\x0a\x03img\x22\x02\x08"[..], &[last]].concat());
    let scalar = (1, [&b"\x0a\x04loss\x15"[..], &0.5f32.to_le_bytes()].concat());
    let file = |name: &str, last| write(&at, name, &events_of(&[scalar.clone(), image(last)]));
    let (left, right) = (file("a.tfevents", 1), file("b.tfevents", 2));
    assert!(between(&left, &left).is_same(), "itself");
    let found = between(&left, &right);
    let names: Vec<(&str, bool)> = found.pairs.iter().map(|p| (p.name.as_str(), p.is_identical())).collect();
    assert_eq!(names, [("loss", true), ("img (step 2)", false)], "{}", headline(&found));
}

/// Whole files of the formats that need more than a line.
pub(crate) fn more_seeds() -> Vec<Vec<u8>> {
    let data = values().bytes();
    vec![
        archive(&[("w", tensor("FloatStorage", "0", 0, [2, 3], [1, 2])), ("n", vec![b'K', 7])], &[("0", data.clone())]),
        gguf(0, &[2, 3], &data),
        gguf(8, &[32], &[3; 34]),
        events(&[(1, 0.5), (2, 0.25)]),
    ]
}

/// Keys that spell one name twice are two tensors, and a difference in either is found.
#[test]
fn names_that_are_spelled_alike_are_apart() {
    let at = folder();
    let table = |last: u8| [&b"x,x\n1,2\n3,"[..], &[last], b"\n"].concat();
    let found = between(&write(&at, "a.csv", &table(b'4')), &write(&at, "b.csv", &table(b'5')));
    let names: Vec<(&str, bool)> = found.pairs.iter().map(|p| (p.name.as_str(), p.is_identical())).collect();
    assert_eq!(names, [("x", true), ("x #2", false)], "both columns");
}
