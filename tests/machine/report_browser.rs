//! Opens a report in Chromium, offline: it renders, asks for nothing, and its script runs without a complaint.
//! Shown as ignored where there is no `chromium` on the path. Pictures of the page are left in
//! `target/report-browser/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use repro_audit::formats::{self, Options};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;

const OFFLINE: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--enable-logging=stderr",
];

pub(crate) fn trials() -> Vec<Trial> {
    let there = Command::new("chromium").arg("--version").output().is_ok_and(|o| o.status.success());
    let name = if there { "report_opens_offline" } else { "report_opens_offline (no chromium on the path)" };
    let trial = crate::trial("report_browser", name, opens_offline).with_ignored_flag(!there);
    vec![trial]
}

fn chromium(profile: &Path, extra: &[&str], page: &Path) -> Result<(String, String), Failed> {
    let output = Command::new("chromium")
        .args(OFFLINE)
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(extra)
        .arg(format!("file://{}", page.display()))
        .output()?;
    if !output.status.success() {
        return Err(format!("chromium ended with {}", output.status).into());
    }
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn opens_offline() -> Result<(), Failed> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../report-browser");
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let record = match std::env::var_os("REPRO_AUDIT_RECORD") {
        Some(path) => repro_audit::record::read(Path::new(&path))?,
        None => crate::fixture::full(2),
    };
    let view = Audit::new(&record);
    formats::files::write(&view, &record.id, "a record", &folder)?;
    std::fs::write(
        folder.join("table.txt"),
        formats::terminal::write(&view.document(), &Options { full: true, ..Options::default() }),
    )?;
    let page = folder.join("index.html");
    let profile = tempfile::tempdir()?;
    let log = profile.path().join("net.json");
    let (dom, errors) =
        chromium(profile.path(), &["--dump-dom", "--v=0", &format!("--log-net-log={}", log.display())], &page)?;
    for wanted in ["<h1>", "class=\"matrix\"", "class=\"statements\"", "</svg>", "Content-Security-Policy"] {
        if !dom.contains(wanted) {
            return Err(format!("the page has no {wanted}").into());
        }
    }
    // The script adds this class; a policy that refused it, or an error, would leave it out.
    if !dom.contains("class=\"has-js\"") {
        return Err("the page's script did not run".into());
    }
    if let Some(line) = errors.lines().find(|l| l.contains("CONSOLE")) {
        return Err(format!("the console says: {line}").into());
    }
    // Chromium writes every request of the page to its network log. The browser's own are of other hosts, and off.
    let net = std::fs::read_to_string(&log)?;
    let text: serde_json::Value = serde_json::from_str(&net)?;
    let events = text["events"].as_array().ok_or("the network log has no events")?;
    for url in events.iter().filter_map(|e| e["params"]["url"].as_str()) {
        if !(url.starts_with("file://") || url.starts_with("data:") || browsers_own(url)) {
            return Err(format!("the page asked for {url}").into());
        }
    }
    let bare = profile.path().join("bare.html");
    std::fs::write(&bare, formats::html::write(&Audit::new(&crate::fixture::without_adapters()).document()))?;
    let (dom, errors) = chromium(profile.path(), &["--dump-dom", "--v=0"], &bare)?;
    if !dom.contains("class=\"has-js\"") || errors.contains("CONSOLE") {
        return Err(format!("a page without adapters does not work: {errors}").into());
    }
    let shots: [(&str, &str, &[&str]); 4] = [
        ("light-wide.png", "1280,7000", &["--blink-settings=preferredColorScheme=1"]),
        ("dark-wide.png", "1280,7000", &["--blink-settings=preferredColorScheme=0"]),
        ("light-narrow.png", "500,9000", &["--blink-settings=preferredColorScheme=1"]),
        ("dark-narrow.png", "500,9000", &["--blink-settings=preferredColorScheme=0"]),
    ];
    for (name, size, extra) in shots {
        let mut options =
            vec![format!("--screenshot={}", folder.join(name).display()), format!("--window-size={size}")];
        options.extend(extra.iter().map(|e| (*e).to_owned()));
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        chromium(profile.path(), &options, &page)?;
        let bytes = std::fs::metadata(folder.join(name))?.len();
        if bytes < 20_000 {
            return Err(format!("{name} is all but blank ({bytes} bytes)").into());
        }
    }
    let pdf = folder.join("print.pdf");
    chromium(profile.path(), &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display())], &page)?;
    if std::fs::metadata(&pdf)?.len() < 20_000 {
        return Err("the printed page is all but blank".into());
    }
    // Counted where poppler is there.
    if let Ok(said) = Command::new("pdfinfo").arg(&pdf).output() {
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let pages = said.lines().find_map(|l| l.strip_prefix("Pages:")).and_then(|n| n.trim().parse::<u32>().ok());
        let pages = pages.ok_or_else(|| format!("pdfinfo says: {said}"))?;
        if pages > PRINTED {
            return Err(format!("the print has {pages} pages").into());
        }
    }
    Ok(())
}

/// Pages of a print, unless everything is asked for.
const PRINTED: u32 = 8;

/// Requests that Chromium makes for itself at its start, whatever the page.
fn browsers_own(url: &str) -> bool {
    url.starts_with("chrome")
        || ["google.com", "googleapis.com", "gstatic.com", "gvt1.com"].iter().any(|host| url.contains(host))
}
