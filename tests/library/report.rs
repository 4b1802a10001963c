//! What every format promises: the verdict first, hostile names harmless, the same bytes every time, and nothing that
//! only looks like data.

use std::path::Path;

use repro_audit::formats::{self, Options};
use repro_audit::model::FindingKind;
use repro_audit::record::{EngineStatus, Outcome, Record, Status};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;

/// Everything on a terminal of 80 columns.
fn table_of(record: &Record, color: bool) -> String {
    formats::terminal::write(&Audit::new(record).document(), &Options { width: 80, full: true, color })
}

fn html_of(record: &Record) -> String {
    formats::html::write(&Audit::new(record).document())
}

fn markdown_of(record: &Record) -> String {
    formats::markdown::write(&Audit::new(record).document())
}

/// Comparisons (0) and values (1) as CSV.
fn rows_of(record: &Record, which: usize) -> String {
    formats::csv::write(&Audit::new(record).rows()[which]).expect("the rows are flat")
}

/// The charts as PNG files, by name.
fn pictures_of(record: &Record) -> Vec<(String, Vec<u8>)> {
    let document = Audit::new(record).document();
    let png = |c: &repro_audit::views::chart::Chart| formats::charts::png(c, &record.id).expect("the chart draws");
    document.charts().into_iter().map(|c| (c.name.clone(), png(c))).collect()
}

fn write_all(record: &Record, folder: &Path) -> Vec<std::path::PathBuf> {
    formats::files::write(&Audit::new(record), &record.id, "a record", folder).expect("it writes")
}

/// Compares with a file in tests/snapshots; `REPRO_AUDIT_BLESS=1` writes it.
fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("REPRO_AUDIT_BLESS").is_some() {
        std::fs::write(&path, text).expect("the snapshot can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = expected.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        expected == text,
        "{name} differs from its snapshot, first in line {:?}; if that is meant, run again with REPRO_AUDIT_BLESS=1\n{text}",
        first.map(|i| i + 1)
    );
}

fn small() -> Record {
    let mut record = crate::fixture::full(2);
    record.cases.retain(|c| ["sum", "log", "exp", "adam", "dropout", "threads_sum"].contains(&c.kernel.as_str()));
    record.verdicts.retain(|v| ["sum", "log", "exp", "adam", "dropout", "threads_sum"].contains(&v.kernel.as_str()));
    record
}

#[test]
fn the_table_is_as_reviewed() {
    snapshot("table.txt", &table_of(&small(), false));
    snapshot("table-without-adapters.txt", &table_of(&crate::fixture::without_adapters(), false));
}

#[test]
fn what_the_interpreter_says_is_as_reviewed() {
    let record = crate::fixture::interpreted(small(), true);
    snapshot("table-interpreter.txt", &table_of(&record, false));
    let table = table_of(&record, false);
    assert!(table.starts_with("Data race in adam/step: what it computes is undefined"), "the verdict: {table}");
    let mut apart = record.clone();
    apart.engines.retain(|e| e.id != "cpu");
    for case in &mut apart.cases {
        case.executions.retain(|x| x.engine != "cpu");
        case.comparisons.retain(|c| c.axis != repro_audit::record::AxisLevel::Threads);
    }
    let said = table_of(&apart, false);
    assert!(!said.contains("% of runs"), "chosen orders are no random draws\n{said}");
    for text in [html_of(&record), markdown_of(&record)] {
        assert!(text.contains("data-race") && text.contains("order-dependent"), "findings are listed: {text}");
        assert!(!text.contains("<script>alert"), "a message is escaped");
    }
}

#[test]
fn without_a_driver_nothing_is_claimed_of_one() {
    let mut record = crate::fixture::interpreted(small(), true);
    for execution in record.cases.iter_mut().flat_map(|c| &mut c.executions) {
        execution.findings.retain(|f| f.kind == FindingKind::OrderDependent);
    }
    record.engines.retain(|e| e.id != "embedded:1");
    record.verdicts.retain(|v| v.engine != "embedded:1");
    for case in &mut record.cases {
        case.executions.retain(|x| x.engine != "embedded:1");
        case.comparisons.retain(|c| c.right != "embedded:1");
    }
    record.controls.retain(|c| c.engine != "embedded:1");
    let table = table_of(&record, false);
    let flat = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.starts_with(
            "No driver was audited: in the interpreter 2 of 12 test problems depend on the order of execution"
        ),
        "the verdict says who was asked\n{table}"
    );
    assert!(flat.contains("on the interpreter;"), "and so does the sentence below it\n{table}");
    assert!(table.contains("No driver was audited. List the adapters"), "and what to do\n{table}");
}

#[test]
fn the_interpreter_takes_no_verdict_from_drivers() {
    let (without, with) = (small(), crate::fixture::interpreted(small(), false));
    let mut clean = with.clone();
    for execution in clean.cases.iter_mut().flat_map(|c| &mut c.executions) {
        execution.findings.clear();
    }
    let first = |record: &Record| table_of(record, false).lines().next().unwrap_or_default().to_owned();
    assert_eq!(first(&without), first(&clean), "the strict interpreter is no machine");
    let table = table_of(&clean, false);
    let flat = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("fewer than 37.5 % of runs (95 % confidence)"), "the drivers' runs\n{table}");
    assert!(
        flat.contains("a different one if the shader allows several; at least 8 were made"),
        "the interpreter's\n{table}"
    );
    assert!(flat.contains("4 software adapters (3 finished), the interpreter and 1 interpreter with"), "{table}");
}

#[test]
fn markdown_is_as_reviewed() {
    snapshot("summary.md", &markdown_of(&small()));
}

#[test]
fn csv_is_as_reviewed() {
    let mut record = small();
    record.cases.retain(|c| c.kernel == "adam" || c.variant == "atomic");
    record.verdicts = repro_audit::facts::verdicts(&record);
    snapshot("summary.csv", &rows_of(&record, 0));
    snapshot("values.csv", &rows_of(&record, 1));
}

#[test]
fn the_table_fits_a_terminal_but_for_ids() {
    for line in table_of(&crate::fixture::full(2), false).lines() {
        let id_or_command = line.contains('?') || line.contains("repro-audit ");
        assert!(line.chars().count() <= 112 || id_or_command, "too wide: {line}");
    }
}

#[test]
fn colours_change_no_letter() {
    let record = small();
    let plain = table_of(&record, false);
    let mut stripped = String::new();
    let mut escape = false;
    for c in table_of(&record, true).chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (false, c) => stripped.push(c),
            (true, 'm') => escape = false,
            (true, _) => {}
        }
    }
    assert_eq!(plain, stripped, "without its escapes, the coloured table is the plain one");
    assert!(!plain.contains('\u{1b}'), "an adapter's name cannot steer the terminal");
}

/// Was: tools were told only how many distinct results there were.
#[test]
fn tools_are_told_what_is_outside_the_specification() {
    let mut record = small();
    let all = record.cases.iter_mut().flat_map(|c| &mut c.executions);
    for execution in all.filter(|x| x.status == Status::OutsideSpecification) {
        let accuracy = execution.accuracy.as_mut().expect("it was judged");
        (accuracy.outside, accuracy.first_outside) = (3, Some(7));
    }
    let document = Audit::new(&record).document();
    for text in [formats::github::write(&document), formats::junit::write(&document)] {
        let told =
            "elements are outside what the WGSL specification allows, the first at index 7; one result in 8 runs";
        assert!(text.contains("3 of ") && text.contains(told), "{text}");
    }
}

#[test]
fn hostile_names_are_harmless() {
    let record = crate::fixture::full(1);
    let html = html_of(&record);
    assert!(!html.contains("<script>alert"), "the name is escaped in the page");
    assert!(html.contains("&lt;script&gt;alert"), "and still shown");
    assert!(!html.contains("<b>7</b>"), "the host's name is escaped");
    let markdown = markdown_of(&record);
    assert!(!markdown.contains("<script"), "the name is escaped in Markdown");
    for line in markdown.lines().filter(|l| l.starts_with("| <code>gl:0") && l.contains("alert")) {
        assert_eq!(line.matches('|').count(), 4, "a bar in a name adds no column: {line}");
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let html = html_of(&crate::fixture::full(2));
    for scheme in ["http:", "https:", "ws:", "file:", "src=", "url(", "@import", "=\"//"] {
        assert!(!html.contains(scheme), "the page contains {scheme}");
    }
    assert!(html.contains("default-src 'none'"), "the policy forbids requests");
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    let large = html_of(&crate::fixture::full(5));
    assert!(large.len() < 3_000_000, "{} bytes for {} cases", large.len(), crate::fixture::full(5).cases.len());
}

#[test]
fn the_page_gives_its_script_alone_the_nonce() {
    let html = html_of(&crate::fixture::full(1));
    let nonce = html.split("script-src 'nonce-").nth(1).and_then(|t| t.split('\'').next()).expect("a nonce");
    assert_eq!(html.matches("<script").count(), 1, "one script");
    assert!(html.contains(&format!("<script nonce=\"{nonce}\">")), "with the policy's nonce");
}

#[test]
fn a_record_of_nothing_is_reported_as_nothing() {
    let record = crate::fixture::without_adapters();
    let html = html_of(&record);
    assert!(html.contains("nothing was executed"), "the headline claims nothing");
    assert!(!table_of(&record, false).contains("Bit for bit"), "nor does the table");
    assert!(pictures_of(&record).is_empty(), "there is nothing to draw");
}

#[test]
fn a_missed_control_comes_before_everything() {
    let mut record = crate::fixture::full(1);
    record.controls[1].caught = false;
    for text in [html_of(&record), table_of(&record, false), markdown_of(&record)] {
        assert!(text.contains("Invalid, do not rely on this"), "the headline says so");
    }
}

#[test]
fn a_clean_but_unfinished_audit_is_not_called_clean() {
    let mut record = crate::fixture::full(1);
    record.cases.retain(|c| c.kernel == "quantize");
    record.verdicts.retain(|v| v.kernel == "quantize");
    let unfinished = table_of(&record, false);
    let mut paragraphs = unfinished.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(paragraphs.starts_with("Incomplete: gl:1 failed"), "what it lacks comes first: {unfinished}");
    paragraphs = paragraphs.split_off(paragraphs.find("(segmentation fault)").expect("the reason"));
    let verdict =
        "(segmentation fault) What finished on engines under test agrees bit for bit, but the audit is incomplete.";
    assert!(paragraphs.starts_with(verdict), "and the verdict next: {unfinished}");
    for engine in &mut record.engines {
        engine.status = EngineStatus::Complete;
    }
    let clean = table_of(&record, false);
    assert!(clean.starts_with("Bit for bit the same, wherever it was tested"), "{clean}");
}

#[test]
fn csv_reads_back() {
    let record = crate::fixture::full(2);
    let text = rows_of(&record, 0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().expect("a header").clone();
    let column = |name: &str| head.iter().position(|h| h == name).expect("the column exists");
    let rows: Vec<_> = reader.records().map(|r| r.expect("a row")).collect();
    let comparisons: Vec<_> = record.cases.iter().flat_map(|c| c.comparisons.iter().map(move |x| (c, x))).collect();
    assert_eq!(rows.len(), comparisons.len(), "a row a comparison");
    for (row, (case, comparison)) in rows.iter().zip(comparisons) {
        assert_eq!(&row[column("case")], case.id, "the case");
        assert_eq!(row[column("differing")].parse(), Ok(comparison.drift.differing), "the count");
        let nmse: f64 = row[column("nmse")].parse().expect("a number");
        assert!(nmse.to_bits() == comparison.drift.nmse.to_bits() || nmse.is_nan(), "the metric is exact");
        assert!(!row[column("engine")].is_empty(), "the engine is known: {}", comparison.right);
    }
    let values = rows_of(&record, 1);
    let samples: usize = record.cases.iter().flat_map(|c| &c.executions).map(|x| x.samples.len()).sum();
    assert_eq!(csv::Reader::from_reader(values.as_bytes()).records().count(), samples, "a row a sample");
    assert!(values.contains("-inf"), "an infinity is written as one");
}

#[test]
fn pictures_are_whole_and_the_same_each_time() {
    let record = crate::fixture::full(2);
    let pictures = pictures_of(&record);
    assert!(pictures.len() >= 5, "{} charts", pictures.len());
    assert_eq!(pictures, pictures_of(&record), "byte for byte");
    for picture in &pictures {
        let decoder = png::Decoder::new(std::io::Cursor::new(&picture.1));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("whole");
        let mut colours: Vec<&[u8]> = pixels.chunks(3).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 4, "{} is not blank", picture.0);
        let info = reader.info();
        let text = info.uncompressed_latin1_text.iter().find(|t| t.keyword == "repro-audit record");
        assert_eq!(text.map(|t| t.text.as_str()), Some(record.id.as_str()), "the record's id");
    }
}

#[test]
fn markdown_stays_within_what_github_takes() {
    let with = |name: &dyn Fn(usize) -> String| {
        let mut record = crate::fixture::full(1);
        for i in 0..3000 {
            let mut case = record.cases[0].clone();
            case.kernel = name(i);
            record.cases.push(case);
        }
        let text = markdown_of(&record);
        assert!(text.len() <= 60_000, "{} bytes", text.len());
        assert!(text.trim_end().ends_with("</sub>"), "which record it is of comes last: {text}");
        text
    };
    assert!(with(&|i| format!("kernel{i}")).contains("… and 2,"), "a table says how many rows it leaves out");
    assert!(with(&|i| format!("kernel{i:0200}")).contains("Shortened by"), "and so does the whole");
}

#[test]
fn all_files_are_written_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = write_all(&crate::fixture::full(1), folder.path());
    assert!(files.iter().all(|f| f.starts_with(folder.path()) && f.is_file()), "each where it was said to be");
    let found = walk(folder.path());
    assert_eq!(found, files.len(), "no temporary file is left");
}

#[test]
fn charts_of_an_earlier_record_do_not_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    write_all(&crate::fixture::full(2), folder.path());
    let charts = folder.path().join("charts");
    assert!(charts.join("growth-matmul.png").is_file(), "the first record has this chart");
    let axes = std::fs::read(charts.join("axes.png")).expect("a chart");
    std::fs::write(charts.join("mine.png"), &axes).expect("it can be written");
    std::fs::write(charts.join("growth-mine.png"), b"drawn by hand").expect("it can be written");
    write_all(&crate::fixture::without_adapters(), folder.path());
    let mut left: Vec<_> = std::fs::read_dir(&charts)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["growth-mine.png", "mine.png"], "only what this program did not write is left");
}

/// A record with the threads of a CPU as an audit lists them, and two adapters with varied variables.
fn varied() -> Record {
    let mut record = small();
    let plain = record.engines.clone();
    let controls = record.controls.clone();
    for engine in plain.iter().filter(|e| e.id.starts_with("vulkan")) {
        for n in 1..=9 {
            let mut varied = engine.clone();
            record.controls.extend(controls.iter().filter(|c| c.engine == engine.id).cloned().map(|mut c| {
                c.engine = format!("{} LP_NUM_THREADS={n}", engine.id);
                c
            }));
            varied.id = format!("{} LP_NUM_THREADS={n}", engine.id);
            varied.variables.insert("LP_NUM_THREADS".to_owned(), n.to_string());
            record.engines.push(varied);
        }
    }
    for n in [1, 2, 3] {
        let mut threads = plain[0].clone();
        threads.id = format!("cpu threads={n}");
        threads.variables.insert("threads".to_owned(), n.to_string());
        record.engines.push(threads);
    }
    for case in &mut record.cases {
        let found: Vec<_> = case.executions.clone();
        for execution in found {
            let name = if execution.engine == "cpu" { "cpu threads=" } else { "vulkan:0 LP_NUM_THREADS=" };
            if execution.engine != "cpu" && execution.engine != "vulkan:0" {
                continue;
            }
            for n in 1..=(if execution.engine == "cpu" { 3 } else { 9 }) {
                let mut other = execution.clone();
                other.engine = format!("{name}{n}");
                if n > 1 && case.variant == "chunked" {
                    other.status = Status::WithinSpecification;
                    other.equals.clear();
                    if let Outcome::Ran { distinct, .. } = &mut other.outcome {
                        distinct[0].digest = "cd".repeat(16);
                    }
                }
                case.executions.push(other);
            }
        }
        for comparison in case.comparisons.iter_mut().filter(|c| c.left == "cpu threads=1") {
            comparison.left = "cpu threads=1".into();
            comparison.right = "cpu threads=3".into();
        }
        case.executions.retain(|x| x.engine != "cpu");
    }
    record.verdicts = repro_audit::facts::verdicts(&record);
    record
}

#[test]
fn threads_and_varied_variables_share_a_column() {
    let record = varied();
    let table = table_of(&record, false);
    let flat = table.split_whitespace().collect::<Vec<_>>().join(" ");
    let above = table.split("Worst drift").next().expect("a part");
    assert!(!above.contains("cpu threads="), "no column or sentence for each count\n{table}");
    assert!(flat.contains("1 of 2 on the CPU's threads (3 against 1)"), "the counts that differ are named\n{table}");
    assert!(table.contains("CPU reference, 2 threads; threads 1, 2 and 3\n"), "one line lists them\n{table}");
    assert!(table.contains("  vulkan:0 varied  "), "one line an adapter\n{table}");
    assert!(flat.contains("LP_NUM_THREADS=1, 2, 3, 4, 5, 6, 7, 8 and 1 more"), "with its values\n{table}");
    let markdown = markdown_of(&record);
    assert!(markdown.contains("≈ within spec (2 and 3)"), "{markdown}");
    let html = html_of(&record);
    let matrix = html.split("<table id=\"kernels\"").nth(1).and_then(|t| t.split("</table>").next()).expect("a matrix");
    assert!(matrix.contains("(2 and 3)"), "the cell names the counts");
    assert_eq!(matrix.matches("<th scope=\"col\"").count(), 7, "kernel, variants, and five columns");
}

#[test]
fn the_terminal_breaks_no_word() {
    let mut record = varied();
    for i in 0..40 {
        let mut case = record.cases[0].clone();
        case.kernel = "a_kernel_with_a_rather_long_name".to_owned();
        case.variant = format!("a_variant_of_some_length_{i}");
        record.cases.push(case);
    }
    for (name, record) in [("varied", &record), ("full", &crate::fixture::full(2))] {
        let table = table_of(record, false);
        let words: Vec<&str> = table.split_whitespace().map(|w| w.trim_end_matches(',')).collect();
        for case in &record.cases {
            assert!(words.contains(&case.kernel.as_str()), "{name}: {} is whole", case.kernel);
            assert!(words.contains(&case.variant.as_str()), "{name}: {} is whole", case.variant);
        }
        let matrix = table.split("Kernels by engine").nth(1).and_then(|t| t.split("\n\n").next()).expect("a matrix");
        for line in matrix.lines() {
            assert!(line.chars().count() <= 110, "{name}: too wide: {line}");
        }
    }
}

#[test]
fn an_explanation_is_of_its_own_comparison() {
    let mut record = small();
    // The judge's sentence is of the first level that failed; of others it would be false.
    for verdict in &mut record.verdicts {
        verdict.because = "SENTENCE OF THE VERDICT".to_owned();
        verdict.evidence = record.cases.iter().rfind(|c| c.problem == verdict.problem).map(|c| c.id.clone());
    }
    let html = html_of(&record);
    let drift = html.split("id=\"drift\"").nth(1).and_then(|t| t.split("id=\"charts\"").next()).expect("the section");
    let rows: Vec<&str> = drift.split("<tr class=\"row\"").skip(1).filter(|r| r.contains("data-l=\"axes\"")).collect();
    assert!(rows.len() >= 4, "{} rows", rows.len());
    for row in &rows {
        assert!(!row.contains("SENTENCE"), "what a file states of a verdict is not believed: {row}");
        let repeat = row.contains("data-l=\"axes\"><span>repeat");
        assert_eq!(row.contains("distinct results in"), repeat, "only runs are explained by runs: {row}");
    }
    assert!(rows[0].contains("log/builtin") && rows[0].contains("gl:0 is outside the specification in"), "{}", rows[0]);
    assert!(
        rows[1].contains("sum/atomic") && rows[1].contains("data-l=\"axes\"><span>repeat"),
        "then what did not repeat: {}",
        rows[1]
    );
    let mut seen = std::collections::BTreeSet::new();
    for row in rows {
        let case = row.split("<code>").nth(1).and_then(|t| t.split('?').next()).expect("a case");
        assert!(seen.insert(case), "{case} has one row");
    }
}

#[test]
fn commands_name_verbs_that_exist() {
    let mut clean = crate::fixture::full(1);
    clean.cases.retain(|c| c.kernel == "quantize");
    clean.verdicts.retain(|v| v.kernel == "quantize");
    let mut missed = crate::fixture::full(1);
    missed.controls[0].caught = false;
    let command = repro_audit::cli::command();
    let mut found = 0;
    let interpreted = crate::fixture::interpreted(small(), true);
    for record in [crate::fixture::full(2), crate::fixture::without_adapters(), clean, missed, interpreted] {
        for line in table_of(&record, false).lines() {
            let Some(words) = line.trim().strip_prefix("repro-audit ") else { continue };
            let arguments = shell_words(line.trim());
            let parsed = command.clone().try_get_matches_from(&arguments);
            assert!(parsed.is_ok(), "{words}: {:?}", parsed.err().map(|e| e.to_string()));
            found += 1;
        }
    }
    assert!(found >= 8, "{found} commands");
}

/// The words of a command of single-quoted and plain words.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match (quoted, c) {
            (_, '\'') => quoted = !quoted,
            (false, ' ') => words.push(String::new()),
            (_, c) => words.last_mut().expect("a word").push(c),
        }
    }
    words
}

#[test]
fn growth_is_drawn_for_a_series_in_k() {
    let mut record = crate::fixture::full(1);
    let template = record.cases[0].clone();
    record.cases.clear();
    for (k, scale) in [(64_u32, 1.0), (256, 2.0), (1024, 4.0), (4096, 8.0)] {
        for (variant, mad) in [("naive", "separate"), ("naive", "fma"), ("tiled", "separate")] {
            let mut case = template.clone();
            case.variant = variant.to_owned();
            case.problem = format!("matmul/{variant}?m=33&k={k}&n=65&mad={mad}&dtype=f32&dist=normal&seed=7");
            case.config = "tile=16&batch=1".to_owned();
            case.id = format!("{}&{}", case.problem, case.config);
            for execution in &mut case.executions {
                if let Some(accuracy) = &mut execution.accuracy {
                    accuracy.max_ulp = scale * if mad == "fma" { 1.5 } else { 3.0 };
                }
            }
            if let Some(accuracy) = &mut case.twin_accuracy {
                accuracy.max_ulp = scale;
            }
            record.cases.push(case);
        }
        // Another shape at the same k is no point of that line, however wrong it is.
        let mut odd = record.cases[record.cases.len() - 1].clone();
        odd.problem = odd.problem.replace("m=33", &format!("m={k}"));
        odd.id = format!("{}&{}", odd.problem, odd.config);
        for execution in &mut odd.executions {
            if let Some(accuracy) = &mut execution.accuracy {
                accuracy.max_ulp = 1e6;
            }
        }
        record.cases.push(odd);
    }
    let names: Vec<String> = pictures_of(&record).into_iter().map(|p| p.0).collect();
    assert!(names.contains(&"growth-matmul".to_owned()), "{names:?}");
    let html = html_of(&record);
    let figure = html.split("id=\"chart-growth-matmul\"").nth(1).and_then(|t| t.split("</figure>").next()).expect("it");
    for wanted in
        ["k = 64", "k = 4096", "naive (mad=fma): ", "naive (mad=separate): ", "tiled (mad=separate): ", "<td>24</td>"]
    {
        assert!(figure.contains(wanted), "the chart has {wanted}: {figure}");
    }
    assert!(!figure.contains("1.00e6"), "another shape is on no line");
}

fn walk(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .map(|p| if p.is_dir() { walk(&p) } else { 1 })
        .sum()
}

#[test]
fn nothing_is_called_repeatable_that_was_not_repeated() {
    let mut record = crate::fixture::full(2);
    record.cases.retain(|c| c.kernel == "conv2d");
    record.verdicts.retain(|v| v.kernel == "conv2d");
    record.engines.iter_mut().for_each(|e| e.status = EngineStatus::Complete);
    let text = table_of(&record, false);
    assert!(text.starts_with("Repeatable on each adapter, but adapters disagree"), "repeated: {text}");
    for execution in record.cases.iter_mut().flat_map(|c| &mut c.executions) {
        if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
            *runs = 1;
            distinct.iter_mut().for_each(|d| d.runs = 1);
        }
    }
    let text = table_of(&record, false);
    assert!(text.starts_with("Adapters disagree on"), "{text}");
}

/// The relative luminance of `#rgb` or `#rrggbb`, WCAG 2.
fn luminance(color: &str) -> f64 {
    let hex = color.trim_start_matches('#');
    let wide: String = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    let channel = |at: usize| {
        let c = f64::from(u8::from_str_radix(&wide[at..at + 2], 16).expect("a colour")) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    let style = include_str!("../../src/formats/page/style.css");
    let themes: Vec<std::collections::BTreeMap<&str, &str>> = style
        .split(":root{")
        .skip(1)
        .map(|block| {
            let block = block.split('}').next().expect("it ends");
            block.split(';').filter_map(|d| d.trim().strip_prefix("--")?.split_once(':')).collect()
        })
        .collect();
    assert_eq!(themes.len(), 3, "light, dark and print");
    assert!((contrast("#000", "#fff") - 21.0).abs() < 1e-9, "the formula");
    for (name, theme) in ["light", "dark", "print"].iter().zip(&themes) {
        let of = |variable: &str| *theme.get(variable).unwrap_or_else(|| panic!("{name} has no --{variable}"));
        // Text, and what it is written on. WCAG 2 AA asks for 4.5.
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for text in ["ink", "muted", "link", "held", "spec", "warn", "bad", "none"] {
            pairs.extend([(text, "bg"), (text, "panel")]);
        }
        for text in ["held", "spec", "warn", "bad", "none"] {
            for ground in ["held-bg", "spec-bg", "warn-bg", "bad-bg", "none-bg"] {
                if ground.strip_suffix("-bg") == Some(text) {
                    pairs.extend([(text, ground), ("ink", ground)]);
                }
            }
        }
        pairs.extend([("ink", "code"), ("muted", "code"), ("link", "code")]);
        for (text, ground) in pairs {
            let ratio = contrast(of(text), of(ground));
            assert!(ratio >= 4.5, "{name}: --{text} on --{ground} is {ratio:.2}");
        }
        // Marks and lines of charts, and edges of controls: 3.
        for mark in ["s0", "s1", "s2", "s3", "s4", "s5", "muted", "bad"] {
            let ratio = contrast(of(mark), of("bg"));
            assert!(ratio >= 3.0, "{name}: --{mark} on --bg is {ratio:.2}");
        }
        assert!(contrast(of("good-fill"), of("s1")) >= 1.8, "{name}: the parts of a bar differ in lightness");
    }
    // Transparency would lower what was measured.
    let texts = style.lines().filter(|l| l.contains("opacity:.")).count();
    assert_eq!(texts, 0, "no text is transparent");
}

/// The first screen, as a terminal shows it.
fn first_screen(record: &Record, width: usize) -> String {
    formats::terminal::write(&Audit::new(record).document(), &Options { width, full: false, color: false })
}

/// The column after the last letter of each word of a line.
fn ends(line: &str) -> Vec<usize> {
    let letters: Vec<char> = line.chars().collect();
    let ends = |i: &usize| letters[*i] != ' ' && letters.get(i + 1).is_none_or(|c| *c == ' ');
    (0..letters.len()).filter(ends).collect()
}

#[test]
fn the_first_screen_answers_each_question_in_a_line_and_a_column() {
    for record in [crate::fixture::full(1), crate::fixture::full(2), crate::fixture::full(3), small()] {
        for width in [80, 120] {
            let text = first_screen(&record, width);
            let told: Vec<&str> = text.lines().filter(|l| !l.contains("repro-audit ")).collect();
            assert!(told.iter().all(|l| l.chars().count() <= width), "{width} columns: {text}");
            let line = |begin: &str| told.iter().find(|l| l.chars().skip(4).collect::<String>().starts_with(begin));
            let untested = text.split("Not tested").nth(1).and_then(|t| t.split("operation ").next()).unwrap_or("");
            let questions = [
                ("Again", "again ("),
                ("Other launch", "launch ("),
                ("Other threads", "threads ("),
                ("Other driver", "driver ("),
                ("Other device", "device ("),
                ("Strict CPU", "CPU ("),
            ];
            for (question, head) in questions {
                match line(question) {
                    Some(line) => assert!(["YES", "NO"].iter().any(|a| line.contains(a)), "{line}"),
                    None => assert!(untested.contains(head), "{question}: {text}"),
                }
            }
            let head = told.iter().position(|l| l.trim_start().starts_with("worst ")).expect("a table");
            let columns = ends(told[head]);
            assert_eq!(columns.len(), 7, "the operation and six columns: {}", told[head]);
            let rows: Vec<&&str> =
                told[head + 1..].iter().take_while(|l| !l.trim_start().starts_with("= same")).collect();
            assert!(!rows.is_empty(), "{text}");
            for row in rows {
                let stand = ends(row);
                assert!(columns[1..].iter().all(|c| stand.contains(c)), "each cell stands under its head: {text}");
            }
        }
    }
    let without = first_screen(&crate::fixture::without_adapters(), 80);
    assert!(
        without.starts_with("Invalid") && !without.contains("If the same training"),
        "nothing was tested: {without}"
    );
}

#[test]
fn a_statement_says_what_was_measured_and_what_was_not() {
    let record = small();
    let document = repro_audit::views::statement::Statement::new(&record).document();
    let text = formats::markdown::write(&document);
    for words in
        ["occurs in 37.5 % of runs or more would have been seen", "rarer ones may exist", &record.id, "Not tested:"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let latex = formats::latex::write(&document);
    assert!(
        latex.contains("\\begin{tabular}") && !latex.contains("<script>") || latex.contains("\\textless"),
        "{latex}"
    );
}

#[test]
fn a_statement_names_every_engine_that_it_speaks_of() {
    let mut record = crate::fixture::full(1);
    let stray = record.engines.iter().find(|e| e.id == "vulkan:1").expect("an adapter").label.clone();
    for case in &mut record.cases {
        for execution in case.executions.iter_mut().filter(|x| x.engine == "vulkan:1") {
            if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
                let mut other = distinct[0].clone();
                other.digest = "0e".repeat(16);
                distinct.push(other);
                distinct[0].runs = *runs - 1;
                distinct[1].runs = 1;
                execution.status = Status::NotRepeatable;
                execution.equals.clear();
            }
        }
        case.comparisons.retain(|c| !c.left.is_of("vulkan:1") && !c.right.is_of("vulkan:1"));
    }
    record.verdicts = repro_audit::facts::verdicts(&record);
    let said = |record: &Record| {
        formats::markdown::write(&repro_audit::views::statement::Statement::new(record).document()).replace('\\', "")
    };
    let text = said(&record);
    let split = text.split_once("Runs of a case gave different bits in kernels of ");
    let (_, strays) = split.unwrap_or_else(|| panic!("they differ: {text}"));
    let strays = strays.split("; all others").next().unwrap_or_default();
    assert!(strays.contains(&stray), "who it was: {strays}");
    // An engine that gave nothing is none that was measured.
    record.cases.iter_mut().for_each(|c| c.executions.retain(|x| x.engine != "vulkan:1"));
    record
        .cases
        .iter_mut()
        .for_each(|c| c.comparisons.retain(|c| !c.left.is_of("vulkan:1") && !c.right.is_of("vulkan:1")));
    let text = said(&record);
    let measured = text.split(" were run:").next().unwrap_or_default();
    assert!(!measured.contains(&stray), "{measured}");
}
