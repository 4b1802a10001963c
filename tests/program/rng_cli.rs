//! `repro-audit rng` as a user runs it.

use crate::common::{program, run, status, stderr};
use serde_json::Value;

fn stdout(arguments: &[&str], expected: i32) -> String {
    let output = run(&mut program(&[&["rng"], arguments].concat()));
    assert_eq!(status(&output), expected, "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The words of what is wrapped for a terminal.
fn words(arguments: &[&str], expected: i32) -> String {
    stdout(arguments, expected).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(arguments: &[&str], expected: i32) -> Value {
    let text = stdout(&[arguments, &["--format", "json"]].concat(), expected);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

const K80: [&str; 10] =
    ["predict", "--op", "dropout", "--shape", "1000,1000", "--seed", "0", "--vec", "scalar", "--p=0.5"];

#[test]
fn predict_says_what_each_card_gives_and_where_they_part() {
    let arguments = [&K80[..], &["--card", "p100", "--card", "K80", "--sm", "80", "--threads-per-sm", "1536"]].concat();
    let text = words(&arguments, 0);
    assert!(text.starts_with("The cards first differ at element "), "the verdict comes first: {text}");
    assert!(text.contains("999826") && text.contains("999100"), "the published sums: {text}");
    assert!(text.contains("All agree up to 26,624 elements (checked"), "the largest common size: {text}");
    assert!(text.contains("every later draw uses different random words"), "offsets differ: {text}");
    let found = json(&arguments, 0);
    assert_eq!(found["cards"][0]["output_sum"], 999_826.0, "{found}");
    assert_eq!(found["pairs"][0]["first_place"], 26_624, "the K80's launch");
    assert_eq!(found["common"]["verified"], true, "simulated");
    assert_eq!(found["pairs"].as_array().map(Vec::len), Some(3), "three pairs");
    let text = stdout(&[&arguments[..], &["--format", "csv"]].concat(), 0);
    assert_eq!(text.lines().count(), 4, "a row a pair: {text}");
    let text = stdout(&[&arguments[..], &["--format", "markdown"]].concat(), 0);
    assert!(text.starts_with("## The cards first differ") && text.contains("|---"), "{text}");
}

#[test]
fn predict_says_when_cards_agree() {
    let text = words(&["predict", "--shape", "40960", "--seed", "7", "--card", "T4", "--card", "L4"], 0);
    assert!(text.starts_with("All 2 cards give the same 40,960 elements."), "{text}");
    let text = words(&["predict", "--shape", "9,9", "--seed", "7", "--card", "L40", "--card", "L40S"], 0);
    assert!(text.contains("they agree at every size"), "{text}");
    let arguments =
        ["predict", "--shape", "10", "--seed", "7", "--card", "T4", "--card", "A100", "--after", "rand:1000,1000"];
    let text = words(&arguments, 0);
    assert!(text.contains("first differ at element 0") && text.contains("from here on no size agrees"), "{text}");
}

#[test]
fn a_page_is_written_that_asks_for_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new");
    let arguments = [&K80[..], &["--card", "p100", "--card", "K80", "--out", out.to_str().expect("a name")]].concat();
    stdout(&arguments, 0);
    let page = std::fs::read_to_string(out.join("index.html")).expect("a page");
    assert!(page.contains("Tesla K80") && page.contains("<svg") && page.contains("26,624"), "the matrix and the map");
    assert!(
        !page.contains("http://")
            && !page.contains("https://")
            && !page.contains(" src=")
            && page.matches("<script").count() == 1,
        "no request, and no script but the page's own"
    );
    assert!(std::fs::read(out.join("charts/differences.png")).expect("a chart").starts_with(b"\x89PNG"), "a PNG");
    assert!(std::fs::read_to_string(out.join("agreement.csv")).expect("a table").starts_with("left,right,"), "a table");
}

#[test]
fn a_name_can_not_put_markup_into_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("cards.csv");
    std::fs::write(&table, "name,sms,threads_per_sm\n<script>x</script>,5,1536\n").expect("written");
    let (out, table) = (folder.path().join("out"), table.to_str().expect("a name").to_owned());
    let card =
        ["--cards", &table, "--card", "<script>x</script>", "--card", "T4", "--out", out.to_str().expect("a name")];
    stdout(&[&["predict", "--shape", "99999", "--seed", "1"], &card[..]].concat(), 0);
    let page = std::fs::read_to_string(out.join("index.html")).expect("a page");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "escaped");
}

#[test]
fn identify_finds_the_card_and_says_how_sure_that_is() {
    let arguments = ["identify", "--op", "randn", "--shape", "1,9483264", "--seed", "1"];
    let tensor = "tensor([[-0.2963,  2.6764, -0.1408,  ...,  0.1549, -0.6797, -0.1656]])";
    let found = json(&[&arguments[..], &[tensor]].concat(), 0);
    assert_eq!(found["matching"][0]["members"][0]["name"], "A100", "{found}");
    assert_eq!((&found["shared"], &found["shared_agreeing"]), (&Value::from(3), &Value::from(3)), "{found}");
    assert_eq!(found["thin"], false, "three values of four decimals");
    let text = words(
        &["identify", "--op", "rand", "--shape", "5", "--seed", "0", "[0.3990, 0.5167, 0.0249, 0.9401, 0.9459]"],
        0,
    );
    assert!(text.contains("nothing in them tells cards apart") && text.contains("thin"), "a small tensor: {text}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.txt");
    std::fs::write(&file, "0 0.3990\n4 0.9459\n").expect("written");
    let text = words(&["identify", "--shape", "5", "--seed", "0", "--values", file.to_str().expect("a name")], 0);
    assert!(text.starts_with("All "), "pairs in a file: {text}");
}

#[test]
fn none_is_an_answer_with_a_status_of_its_own() {
    let values = ["identify", "--shape", "5", "--seed", "1", "[0.3990, 0.5167, 0.0249, 0.9401, 0.9459]"];
    let text = words(&values, 1);
    assert!(text.contains("None of the") && text.contains("the seed, offset, operation"), "another seed: {text}");
    let sum = ["identify", "--op", "dropout", "--vec", "1", "--shape", "1000,1000", "--seed", "0", "--sum", "12."];
    assert!(words(&sum, 1).contains("--any"), "what to do next");
    let sum = ["identify", "--op", "dropout", "--vec", "1", "--shape", "1000,1000", "--seed", "0", "--sum", "999100."];
    assert!(words(&sum, 0).contains("Tesla K80"), "and a sum that one card gives");
    // 37 SMs of 1024 threads: on no card of the table.
    let strange = ["predict", "--shape", "99999", "--seed", "3", "--sm", "37", "--threads-per-sm", "1024"];
    let found = json(&strange, 0);
    let last: Vec<String> =
        found["cards"][0]["last"].as_array().expect("values").iter().map(Value::to_string).collect();
    let values: Vec<String> = (99_995..).zip(&last).map(|(i, x)| format!("{i} {x}")).collect();
    let values = values.join("\n");
    let identify = ["identify", "--shape", "99999", "--seed", "3", "--any=64", &values];
    assert!(words(&identify, 0).contains("37 x 1024"), "a search of every geometry finds it");
    let identify = ["identify", "--shape", "99999", "--seed", "3", &values];
    assert!(words(&identify, 1).contains("None of the"), "the table does not");
}

#[test]
fn streams_say_what_survives_and_give_the_words() {
    let text = words(&["streams"], 0);
    assert!(
        text.contains("≠ bernoulli_, dropout No: ") && text.contains("needs --card"),
        "PyTorch CUDA without a card: {text}"
    );
    let rows =
        stdout(&["streams", "--framework", "jax", "--seed", "0", "--shape", "2", "--show", "0", "--format", "csv"], 0);
    assert_eq!(
        rows, "framework,index,word,value\njax,0,0xf29a4fa7,4070199207\njax,1,0xfa843692,4202968722\n",
        "JAX's words"
    );
    let all = json(&["streams", "--card", "T4", "--kind", "uniform"], 0);
    assert_eq!(all.as_array().map(Vec::len), Some(7), "seven streams: {all}");
    assert!(all.to_string().contains("0.4962"), "PyTorch's CPU values");
}

#[test]
fn cards_are_listed_and_the_list_can_be_read_back() {
    let text = stdout(&["cards", "--format", "csv"], 0);
    assert!(text.lines().any(|l| l.starts_with("Tesla K80,13,2048,reproduced,https://")), "{text}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.csv");
    std::fs::write(&file, &text).expect("written");
    assert_eq!(stdout(&["cards", "--cards", file.to_str().expect("a name"), "--format", "csv"], 0), text, "the same");
}

/// The one line of an error.
fn error_of(arguments: &[&str]) -> String {
    let output = run(&mut program(&[&["rng"], arguments].concat()));
    assert_eq!(status(&output), 2, "{arguments:?}: {}", stderr(&output));
    assert!(output.stdout.is_empty(), "{arguments:?} prints no data");
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{arguments:?} says one line: {text}");
    text
}

#[test]
fn bad_input_is_one_clear_line() {
    let predict = |more: &[&str]| {
        let base = ["predict", "--seed", "0", "--card", "T4"];
        error_of(&[&base[..], more].concat())
    };
    for (more, wanted) in [
        (&["--shape", "4294967296,4294967296"][..], "more elements than a tensor"),
        (&["--shape", "1000000,1000000"], "at most"),
        (&["--shape", "10,y"], "the size 'y'"),
        (&["--shape", "10", "--op", "dropout", "--p", "1.5"], "0 to 1"),
        (&["--shape", "10", "--op", "dropout", "--p", "-0.1"], "0 to 1"),
        (&["--shape", "10", "--op", "dropout", "--p", "nan"], "0 to 1"),
        (&["--shape", "10", "--op", "gamma"], "rand, uniform, randn, dropout"),
        (&["--shape", "10", "--dtype", "f8"], "f32, f16, bf16, f64"),
        (&["--shape", "10", "--card", "RTX 409"], "RTX 4090"),
        (&["--shape", "10", "--sm", "5"], "--threads-per-sm"),
        (&["--shape", "10", "--sm", "5", "--threads-per-sm", "128"], "256 to 8192"),
        (&["--shape", "10", "--offset", "6"], "multiple of 4"),
        (&["--shape", "10", "--op", "dropout", "--vec", "4"], "leave --vec out"),
        (&["--shape", "10", "--vec", "4"], "--vec is for dropout"),
        (&["--shape", "10", "--op", "randn", "--std", "0"], "positive deviation"),
        (&["--shape", "10", "--after", "rand"], "such as rand:1000,1000"),
        (&["--shape", "10", "--cards", "/nonexistent.csv"], "can't read"),
    ] {
        let line = predict(more);
        assert!(line.contains(wanted), "{more:?}: {line}");
    }
    assert!(error_of(&["predict", "--shape", "10", "--seed", "x", "--card", "T4"]).contains("--seed x"), "a seed");
    assert!(error_of(&["predict", "--shape", "10", "--seed", "1"]).contains("--card NAME"), "no card");
    let identify = |more: &[&str]| error_of(&[&["identify", "--seed", "0", "--shape", "10,10"], more].concat());
    assert!(identify(&["0.5 nan"]).contains("NaN"), "NaN among the values");
    assert!(identify(&["0.5 x"]).contains("no number"), "a word among the values");
    assert!(identify(&[]).contains("nothing was seen"), "no values");
    assert!(identify(&["--values", "/nonexistent"]).contains("can't read"), "no file");
    assert!(error_of(&["streams", "--seed", "4294967296"]).contains("--x64"), "an ambiguous key");
}

/// The K80's and the P100's odd sizes take the scalar kernel, and part at the K80's capacity.
#[test]
fn a_vectorised_mask_is_promised_only_for_the_sizes_that_keep_its_width() {
    let ask = |shape: &str| {
        let card = ["--card", "K80", "--card", "P100"];
        words(&[&["predict", "--op", "dropout", "--seed", "0", "--shape", shape], &card[..]].concat(), 0)
    };
    let even = ask("106496");
    assert!(
        even.contains("multiples of 4 agree up to 106,496") && even.contains("any size agrees up to 26,624"),
        "{even}"
    );
    assert!(ask("106495").contains("at 26,624"), "an odd size parts there");
}
