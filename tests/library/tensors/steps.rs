//! Folders of steps and logs: from which step on.

use super::files::{Planted, folder, safetensors};
use super::{between, headline};

fn run(root: &std::path::Path, name: &str, moved: &[u64]) -> std::path::PathBuf {
    let run = root.join(name);
    for step in [20u64, 100, 220, 440, 660] {
        let at = run.join(format!("step_{step}"));
        std::fs::create_dir_all(&at).expect("a folder");
        let off = if moved.contains(&step) { f32::EPSILON } else { 0.0 };
        let tensors = [Planted::f32("a", &[1.0, 2.0]), Planted::f32("b", &[1.0 + off, 3.0])];
        std::fs::write(at.join("model.safetensors"), safetensors(&tensors)).expect("written");
        std::fs::write(at.join("config.json"), "{}").expect("written");
    }
    run
}

#[test]
fn the_step_from_which_folders_differ_is_told_by_number_not_by_name() {
    let folder = folder();
    let left = run(folder.path(), "left", &[]);
    let right = run(folder.path(), "right", &[440, 660]);
    let found = between(&left, &right);
    let onset = found.onset.as_ref().expect("steps");
    assert_eq!(
        (onset.step, onset.before, onset.name.as_str(), onset.lasting),
        (440, Some(220), "b", true),
        "{onset:?}"
    );
    assert!(headline(&found).contains(" from step 440 on"), "{}", headline(&found));
    let back = between(&left, &run(folder.path(), "back", &[100]));
    assert!(headline(&back).contains(" first at step 100"), "equal again later: {}", headline(&back));
    assert!(between(&left, &run(folder.path(), "same", &[])).is_same(), "the same");
    let all = between(&left, &run(folder.path(), "all", &[20, 100, 220, 440, 660]));
    assert!(headline(&all).contains(" at every step"), "{}", headline(&all));
}

#[test]
fn logs_differ_from_a_step_on() {
    let folder = folder();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let wide = |moved: u64| {
        (0..50)
            .map(|i| {
                format!(
                    "{{\"step\": {i}, \"loss\": {}, \"time\": {moved}}}\n",
                    1.0 / (i + 1) as f64 + if i >= moved { 1e-9 } else { 0.0 }
                )
            })
            .collect::<String>()
    };
    let found = between(&write("a.jsonl", wide(99)), &write("b.jsonl", wide(40)));
    assert!(headline(&found).contains(" from step 40 on"), "{}", headline(&found));
    assert_eq!(found.pairs.len(), 1, "times are no results");
    // The same numbers in another format and spelling.
    let long: String = (0..50).map(|i| format!("{i},loss,{:e}\n", 1.0 / f64::from(i + 1))).collect();
    let found = between(&write("c.jsonl", wide(99)), &write("d.csv", format!("step,key,value\n{long}")));
    assert!(found.is_same(), "{}", headline(&found));
    // Hashes of layers: the first layer of the first step that differs.
    let hashes = |off: &str| {
        (0..3)
            .flat_map(|s| {
                ["embed", "attn", "mlp"].map(|l| {
                    format!(
                        "{{\"step\": {s}, \"name\": \"{l}\", \"hash\": \"{}\"}}\n",
                        if s == 1 && l != "embed" || s > 1 { off } else { "00aa" }
                    )
                })
            })
            .collect::<String>()
    };
    let found = between(&write("e.jsonl", hashes("1234")), &write("f.jsonl", hashes("4321")));
    let onset = found.onset.as_ref().expect("steps");
    assert_eq!((onset.step, onset.name.as_str()), (1, "attn"), "{onset:?}");
    // NaN as Python writes it, and steps on one side only.
    let nan = write("g.jsonl", "{\"step\": 0, \"loss\": NaN}\n{\"step\": 1, \"loss\": -Infinity}\n".to_owned());
    let short = write("h.jsonl", "{\"step\": 0, \"loss\": NaN}\n".to_owned());
    assert!(between(&nan, &nan).is_same(), "NaN is itself");
    let found = between(&nan, &short);
    assert_eq!(
        (found.pairs[0].steps_only, found.is_same(), found.onset.is_none()),
        ([1, 0], false, true),
        "a step less"
    );
    assert!(headline(&found).starts_with("Equal at all steps that both have"), "{}", headline(&found));
}
