//! Files that lie: refused in one line, without a panic and without memory for what they claim.

use proptest::prelude::*;
use repro_audit::facts::tensors::{Asked, diff};
use repro_audit::tensors::open;
use repro_audit::views::View as _;

use super::files::{Planted, folder, npy, safetensors, zip};

fn refused(name: &str, bytes: &[u8]) -> String {
    let at = folder();
    let path = at.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let error = open(&path, None).expect_err("it is refused").to_string();
    assert!(!error.contains('\n'), "one line: {error}");
    error
}

fn header(json: &str, data: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), data].concat()
}

#[test]
fn claims_are_checked_before_they_are_believed() {
    let entry = |a: &str, b: &str| {
        header(
            &format!(
                r#"{{"a":{{"dtype":"F32","shape":[2],"data_offsets":{a}}},"b":{{"dtype":"F32","shape":[2],"data_offsets":{b}}}}}"#
            ),
            &[0; 16],
        )
    };
    assert!(refused("overlap", &entry("[0,8]", "[4,12]")).contains("overlap"), "overlapping");
    assert!(refused("beyond", &entry("[0,8]", "[16,24]")).contains("beyond the file"), "beyond the end");
    assert!(refused("size", &entry("[0,8]", "[8,12]")).contains("need 8"), "another size");
    let huge = r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}"#;
    assert!(refused("huge", &header(huge, &[0; 8])).contains("more elements"), "a product that overflows");
    let twice =
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#;
    assert!(refused("twice", &header(twice, &[0; 2])).contains("two tensors named"), "one name twice");
    let long = [&99_999_999u64.to_le_bytes()[..], b"{}"].concat();
    assert!(refused("long", &long).contains("truncated or damaged"), "a header longer than the file");
    let whole = npy("<f8", false, &[1000], &[0; 8000]);
    assert!(refused("cut.npy", &whole[..5000]).contains("truncated"), "cut");
    assert!(refused("more.npy", &[&whole[..], b"x"].concat()).contains("follow its data"), "more than it says");
}

/// A bomb says more than it may, or holds more than it says.
#[test]
fn archives_unpack_to_what_they_say_and_no_more() {
    let member = npy("<f4", false, &[1 << 20], &vec![0; 4 << 20]);
    let good = zip(&[("w.npy", member)], true);
    assert!(good.len() < 1 << 16, "it is packed well");
    // The size when unpacked is in the directory's entry.
    let entry = good.windows(4).rposition(|w| w == b"PK\x01\x02").expect("an entry");
    let mut less = good.clone();
    less[entry + 24..entry + 28].copy_from_slice(&1000u32.to_le_bytes());
    assert!(refused("less.npz", &less).contains("does not unpack to what"), "more than it says");
    let mut more = good.clone();
    more[entry + 24..entry + 28].copy_from_slice(&0xf000_0000u32.to_le_bytes());
    assert!(refused("more.npz", &more).contains("does not unpack to what"), "less than it says");
    let many: Vec<(String, Vec<u8>)> = (0..4).map(|i| (format!("{i}.npy"), vec![0; 100])).collect();
    let many: Vec<(&str, Vec<u8>)> = many.iter().map(|(n, d)| (n.as_str(), d.clone())).collect();
    let mut bomb = zip(&many, true);
    let entries: Vec<usize> =
        bomb.windows(4).enumerate().filter(|(_, w)| *w == b"PK\x01\x02").map(|(i, _)| i).collect();
    bomb[entries[0] + 24..entries[0] + 28].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    assert!(refused("bomb.npz", &bomb).contains("does not unpack"), "it is not unpacked on its word");
    // Two entries of one member's data.
    let mut shared = zip(&many, true);
    let first: [u8; 4] = shared[entries[0] + 42..entries[0] + 46].try_into().expect("four");
    shared[entries[1] + 42..entries[1] + 46].copy_from_slice(&first);
    assert!(refused("shared.npz", &shared).contains("overlap"), "one member's data twice");
}

/// Whole files of every format.
fn seeds() -> Vec<Vec<u8>> {
    let tensors = [Planted::f32("a", &[1.0, 2.0, 3.0, 4.0]).shaped(&[2, 2]), Planted::f32("b", &[0.5; 40])];
    let array = npy("<f4", true, &[2, 2], &tensors[0].bytes());
    vec![
        safetensors(&tensors),
        array.clone(),
        zip(&[("a.npy", array.clone()), ("b.npy", array.clone())], false),
        zip(&[("a.npy", array)], true),
        b"{\"step\": 1, \"loss\": 0.5}\n{\"step\": 2, \"loss\": NaN}\n".to_vec(),
        b"step,key,value\n1,loss,0.5\n2,loss,0.25\n".to_vec(),
        b"1 2 3\n4 5 6\n".to_vec(),
    ]
    .into_iter()
    .chain(super::formats::more_seeds())
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Bytes changed, cut out and doubled: it is read or refused, and what is read can be compared and shown.
    #[test]
    fn no_damage_makes_it_panic(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let all = seeds();
        let whole = &all[seed.index(all.len())];
        let mut bytes = whole.clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => bytes[at] = [0, 0xff, 0x7f, 0x80][usize::from(byte % 4)],
                2 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        let at = folder();
        let (left, right) = (at.path().join("left"), at.path().join("right"));
        std::fs::write(&left, whole).expect("written");
        std::fs::write(&right, &bytes).expect("written");
        let good = open(&left, None).expect("a whole file");
        match open(&right, None) {
            Ok(content) => {
                let found = diff(["left", "right"], &[good, content], &Asked::default());
                prop_assert!(!found.document().headline.is_empty());
                prop_assert!(found.json().is_ok());
            }
            Err(e) => prop_assert!(!e.to_string().is_empty()),
        }
    }
}
