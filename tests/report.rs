//! What every format promises: the verdict first, hostile names harmless, the same bytes every time, and nothing that
//! only looks like data.

mod fixture;

use std::path::Path;

use repro_audit::record::{EngineStatus, Record};
use repro_audit::report;

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
    let mut record = fixture::full(2);
    record.cases.retain(|c| ["sum", "log", "exp", "adam", "dropout", "threads_sum"].contains(&c.kernel.as_str()));
    record.verdicts.retain(|v| ["sum", "log", "exp", "adam", "dropout", "threads_sum"].contains(&v.kernel.as_str()));
    record
}

#[test]
fn the_table_is_as_reviewed() {
    snapshot("table.txt", &report::table(&small(), false));
    snapshot("table-without-adapters.txt", &report::table(&fixture::without_adapters(), false));
}

#[test]
fn markdown_is_as_reviewed() {
    snapshot("summary.md", &report::markdown(&small()));
}

#[test]
fn csv_is_as_reviewed() {
    let mut record = small();
    record.cases.retain(|c| c.kernel == "adam" || c.variant == "atomic");
    snapshot("summary.csv", &report::summary_csv(&record).expect("the rows are flat"));
    snapshot("values.csv", &report::values_csv(&record).expect("the rows are flat"));
}

#[test]
fn the_table_fits_a_terminal_but_for_ids() {
    for line in report::table(&fixture::full(2), false).lines() {
        let id_or_command = line.contains('?') || line.contains("repro-audit ");
        assert!(line.chars().count() <= 112 || id_or_command, "too wide: {line}");
    }
}

#[test]
fn colours_change_no_letter() {
    let record = small();
    let plain = report::table(&record, false);
    let mut stripped = String::new();
    let mut escape = false;
    for c in report::table(&record, true).chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (false, c) => stripped.push(c),
            (true, 'm') => escape = false,
            (true, _) => {}
        }
    }
    assert_eq!(plain, stripped, "without its escapes, the coloured table is the plain one");
    assert!(!plain.contains('\u{1b}'), "an adapter's name can not steer the terminal");
}

#[test]
fn hostile_names_are_harmless() {
    let record = fixture::full(1);
    let html = report::html(&record).expect("the page renders");
    assert!(!html.contains("<script>alert"), "the name is escaped in the page");
    assert!(html.contains("&lt;script&gt;alert"), "and still shown");
    assert!(!html.contains("<b>7</b>"), "the host's name is escaped");
    let markdown = report::markdown(&record);
    assert!(!markdown.contains("<script"), "the name is escaped in Markdown");
    for line in markdown.lines().filter(|l| l.starts_with("| <code>gl:0") && l.contains("alert")) {
        assert_eq!(line.matches('|').count(), 4, "a bar in a name adds no column: {line}");
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let html = report::html(&fixture::full(2)).expect("the page renders");
    for scheme in ["http:", "https:", "ws:", "file:", "src=", "url(", "@import", "=\"//"] {
        assert!(!html.contains(scheme), "the page contains {scheme}");
    }
    assert!(html.contains("default-src 'none'"), "the policy forbids requests");
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    let large = report::html(&fixture::full(5)).expect("the page renders");
    assert!(large.len() < 3_000_000, "{} bytes for {} cases", large.len(), fixture::full(5).cases.len());
}

#[test]
fn the_page_gives_its_script_alone_the_nonce() {
    let html = report::html(&fixture::full(1)).expect("the page renders");
    let nonce = html.split("script-src 'nonce-").nth(1).and_then(|t| t.split('\'').next()).expect("a nonce");
    assert_eq!(html.matches("<script").count(), 1, "one script");
    assert!(html.contains(&format!("<script nonce=\"{nonce}\">")), "with the policy's nonce");
}

#[test]
fn a_record_of_nothing_is_reported_as_nothing() {
    let record = fixture::without_adapters();
    let html = report::html(&record).expect("the page renders");
    assert!(html.contains("Nothing was audited"), "the headline claims nothing");
    assert!(!report::table(&record, false).contains("Bit for bit"), "nor does the table");
    assert!(report::pictures(&record).expect("no chart is no error").is_empty(), "there is nothing to draw");
}

#[test]
fn a_missed_control_comes_before_everything() {
    let mut record = fixture::full(1);
    record.controls[1].caught = false;
    for text in
        [report::html(&record).expect("the page renders"), report::table(&record, false), report::markdown(&record)]
    {
        assert!(text.contains("This audit is invalid"), "the headline says so");
    }
}

#[test]
fn a_clean_but_unfinished_audit_is_not_called_clean() {
    let mut record = fixture::full(1);
    record.cases.retain(|c| c.kernel == "quantize");
    record.verdicts.retain(|v| v.kernel == "quantize");
    let unfinished = report::table(&record, false);
    assert!(unfinished.starts_with("What finished agrees bit for bit, but the audit is incomplete"), "{unfinished}");
    for engine in &mut record.engines {
        engine.status = EngineStatus::Complete;
    }
    let clean = report::table(&record, false);
    assert!(clean.starts_with("Bit for bit the same, wherever it was tested"), "{clean}");
}

#[test]
fn csv_reads_back() {
    let record = fixture::full(2);
    let text = report::summary_csv(&record).expect("the rows are flat");
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
    let values = report::values_csv(&record).expect("the rows are flat");
    let samples: usize = record.cases.iter().flat_map(|c| &c.executions).map(|x| x.samples.len()).sum();
    assert_eq!(csv::Reader::from_reader(values.as_bytes()).records().count(), samples, "a row a sample");
    assert!(values.contains("-inf"), "an infinity is written as one");
}

#[test]
fn pictures_are_whole_and_the_same_each_time() {
    let record = fixture::full(2);
    let pictures = report::pictures(&record).expect("the charts draw");
    assert!(pictures.len() >= 5, "{} charts", pictures.len());
    assert_eq!(pictures, report::pictures(&record).expect("the charts draw"), "byte for byte");
    for picture in &pictures {
        let decoder = png::Decoder::new(std::io::Cursor::new(&picture.png));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("whole");
        let mut colours: Vec<&[u8]> = pixels.chunks(3).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 4, "{} is not blank", picture.name);
        let info = reader.info();
        let text = info.uncompressed_latin1_text.iter().find(|t| t.keyword == "repro-audit record");
        assert_eq!(text.map(|t| t.text.as_str()), Some(record.id.as_str()), "the record's id");
    }
}

#[test]
fn markdown_stays_within_what_github_takes() {
    let mut record = fixture::full(1);
    for i in 0..3000 {
        let mut case = record.cases[0].clone();
        case.kernel = format!("kernel{i}");
        record.cases.push(case);
    }
    let text = report::markdown(&record);
    assert!(text.len() <= 60_000, "{} bytes", text.len());
    assert!(text.contains("Shortened"), "and says that it was shortened");
}

#[test]
fn all_files_are_written_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = report::write_all(&fixture::full(1), folder.path()).expect("it writes");
    assert!(files.iter().all(|f| f.starts_with(folder.path()) && f.is_file()), "each where it was said to be");
    let found = walk(folder.path());
    assert_eq!(found, files.len(), "no temporary file is left");
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
    let mut record = fixture::full(2);
    record.cases.retain(|c| c.kernel == "conv2d");
    record.verdicts.retain(|v| v.kernel == "conv2d");
    assert!(report::table(&record, false).starts_with("Repeatable on each adapter, but adapters disagree"), "repeated");
    for verdict in &mut record.verdicts {
        verdict.levels[0].1 = repro_audit::record::LevelState::Untested;
    }
    let text = report::table(&record, false);
    assert!(text.starts_with("Adapters disagree on"), "{text}");
}
