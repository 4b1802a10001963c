//! `repro-audit explain`: what makes results differ, proven by computing them again.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::gpu::carry_out;
use super::options::{limits, unmatched};
use super::shown::{formats, show};
use super::{Exit, Failure, outputs, refuse_to_replace, scratch};
use crate::audit::explain::{ExplainPlan, ExplainProgress, explain};
use crate::audit::{Caches, Listing, Plan, Wanted, adapters, modelled};
use crate::engines::interpreter::Mode;
use crate::formats::Format;
use crate::kernels::Profile;
use crate::kernels::case::{Case, first_seed};
use crate::kernels::user::Kernel;
use crate::model::adapter_model::AdapterModel;
use crate::model::explained::{ExplainFile, Explained, VERSION};
use crate::model::words::short;
use crate::process::Limits;
use crate::record::{self, FormatVersion, Record, write_atomically};
use crate::views::explain::explained;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A record of this machine (a record.json, the folder that holds one, the beginning of an id, or latest), or ids of
    /// cases, which are audited first.
    #[arg(value_name = "RECORD|CASE", default_value = "latest")]
    of: Vec<OsString>,
    /// Only adapters with this id (vulkan:0), or whose name, backend or driver contains this text; may be given more than
    /// once.
    #[arg(long, value_name = "TEXT")]
    adapter: Vec<String>,
    /// The interpreters with planted defects that are in the record, in its order. May be given more than once.
    #[arg(long, value_name = "MODE")]
    planted: Vec<Mode>,
    /// Also write everything to this file as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write how the adapter computes to this file, for `gpu --as` and `kernel --as`. Where several differ, --adapter names one.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Write what is found into the record, which gets another id by that, and make its report again.
    #[arg(long)]
    write: bool,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print every case (table format).
    #[arg(long)]
    full: bool,
    /// Seconds that one case may take on one adapter.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// MiB of memory that one adapter's processes may take together, 0 for all there is. Default: half of the machine's
    /// memory.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(out) = &args.out {
        refuse_to_replace(
            out,
            "--out",
            &[],
            ("explanation of this program", |text| text.contains("\"explain_version\"")),
        )?;
    }
    if let Some(save) = &args.save {
        refuse_to_replace(save, "--save", &[], ("model of an adapter", |text| text.contains("model-version = ")))?;
    }
    let limits = limits(Duration::from_secs(args.timeout), args.memory);
    let (mut record, mut file_of) = record_of(args, limits)?;
    let whole = if args.write { Some((record.clone(), writable(&record, file_of.take())?)) } else { None };
    if !args.adapter.is_empty() {
        let labels: Vec<String> = record.engines.iter().map(|e| format!("{} {}", e.id, e.label)).collect();
        let wanted =
            |text: &&String| record.engines.iter().any(|e| e.adapter.as_ref().is_some_and(|a| a.matches(text)));
        if let Some(text) = args.adapter.iter().find(|text| !wanted(text)) {
            return Err(unmatched(text, &format!("in the record: {}", labels.join("; "))));
        }
        record.engines.retain(|e| e.adapter.as_ref().is_some_and(|a| args.adapter.iter().any(|text| a.matches(text))));
    }
    if record.provenance.own.is_some() {
        return Err(Failure::usage(
            "the record is of a kernel of your own: its shader is not in it, and can't be computed again; repro-audit kernel \
             explains its differences when it runs it",
        ));
    }
    let listing = adapters(&args.planted, limits);
    record.explained = found(&record, listing, &args.planted, None, limits)?;
    let file = ExplainFile {
        explain_version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        record: record.id.clone(),
        explained: record.explained.clone(),
    };
    if let Some(out) = &args.out {
        let text = crate::views::pretty(&file).map_err(Failure::usage)?;
        write_atomically(out, text.as_bytes())
            .map_err(|e| Failure::unwritten(&out.display().to_string(), &e, "file with --out"))?;
    }
    if let Some(save) = &args.save {
        let model = model(&record)?;
        write_atomically(save, model.to_string().as_bytes())
            .map_err(|e| Failure::unwritten(&save.display().to_string(), &e, "file with --save"))?;
        super::note(format_args!("Saved to {}, {}", save.display(), model.standing()));
    }
    if let Some((mut whole, (path, before))) = whole {
        take(&mut whole, &record.explained)?;
        outputs::rewrite(&path, before, &whole)?;
        super::note(format_args!("Written into {}, whose id is now {}", path.display(), short(&whole.id)));
    }
    show(&explained(&file, &record).map_err(Failure::usage)?, args.format, args.full)?;
    let unasked = file.explained.iter().any(|e| e.absent.is_some() || !e.unasked.is_empty());
    Ok(if unasked { Exit::Incomplete } else { Exit::Within })
}

/// What is found of a record's adapters on this machine.
pub(super) fn found(
    record: &Record,
    listing: Listing,
    planted: &[Mode],
    own: Option<Arc<Kernel>>,
    limits: Limits,
) -> Result<Vec<Explained>, Failure> {
    let plan = ExplainPlan { listing, planted: planted.to_vec(), caches: Caches::of_user(false), limits, own };
    let scratch = scratch()?;
    let shown = Shown::new(record);
    explain(record, &plan, scratch.path(), &shown).map_err(|e| Failure::new(Exit::Incomplete, e))
}

/// The model of the one adapter that differs.
fn model(record: &Record) -> Result<AdapterModel, Failure> {
    let differs: Vec<&Explained> =
        record.explained.iter().filter(|e| e.absent.is_none() && e.pairs_differing > 0).collect();
    match differs.as_slice() {
        [one] => Ok(modelled::of(record, one)),
        [] => Err(Failure::usage(
            "--save needs an adapter that is here and differs from strict arithmetic, and none does",
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|e| e.engine.as_str()).collect();
            Err(Failure::usage(format!("--save needs one adapter; name it with --adapter: {}", names.join(", "))))
        }
    }
}

/// Puts what was found into a record. Of engines that were not asked this time, what was found before stays.
pub(super) fn take(record: &mut Record, found: &[Explained]) -> Result<(), Failure> {
    let asked: Vec<&Explained> = found.iter().filter(|e| e.absent.is_none()).collect();
    record.explained.retain(|old| !asked.iter().any(|new| new.engine == old.engine));
    record.explained.extend(asked.into_iter().cloned());
    let places: Vec<String> = record.engines.iter().map(|e| e.id.clone()).collect();
    record.explained.sort_by_key(|e| places.iter().position(|id| *id == e.engine));
    record.format = FormatVersion::CURRENT;
    record.id = record::content_id(record).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    Ok(())
}

/// The file that a record is in, with the digest of what it holds now, if it can be written there again.
fn writable(record: &Record, path: Option<PathBuf>) -> Result<(PathBuf, blake3::Hash), Failure> {
    let Some(path) = path else {
        return Err(Failure::usage("--write needs a record that is there, and cases were named"));
    };
    let name = path.display();
    let refused = |why: &str| Failure::usage(format!("--write can't change {name}: {why}"));
    if record.is_unfinished() {
        return Err(refused("its audit was not finished"));
    }
    if !record.format.has_proofs() {
        return Err(refused("it was written in a format that this program reads and does not write; audit again"));
    }
    let bytes = std::fs::read(&path).map_err(|e| refused(&e.to_string()))?;
    let same = record::parse(&name.to_string(), &bytes).is_ok_and(|there| there.id == record.id);
    if !same {
        return Err(refused("it is compressed, or was changed meanwhile"));
    }
    Ok((path, blake3::hash(&bytes)))
}

/// The record, read or made; where it was read, with its file.
fn record_of(args: &Args, limits: Limits) -> Result<(Record, Option<PathBuf>), Failure> {
    let texts: Vec<String> = args.of.iter().map(|of| of.to_string_lossy().into_owned()).collect();
    let cases: Result<Vec<Case>, _> = texts.iter().map(|text| Case::parse(text)).collect();
    match (cases, args.of.as_slice()) {
        (Ok(cases), _) => {
            let plan = Plan::new(Wanted {
                profile: Profile::Quick,
                kernels: Vec::new(),
                adapters: args.adapter.clone(),
                planted: args.planted.clone(),
                repeats: 2,
                seed: first_seed(&cases).unwrap_or(7),
                threads: vec![1],
                vary: Vec::new(),
                vary_all: false,
                timeout: Some(limits.time),
                memory: limits.memory,
                cases: Some(cases),
                store: record::STORE,
                label: None,
                engines: Vec::new(),
            })
            .map_err(Failure::usage)?;
            Ok((carry_out(&plan.with_caches(Caches::of_user(false)), None)?, None))
        }
        (Err(_), [of]) if !texts[0].contains('?') => {
            let path = record::find(of, &[Path::new(record::FOLDER)]).map_err(|e| Failure::new(Exit::Unreadable, e))?;
            let record = record::read(&path).map_err(|e| Failure::new(Exit::Unreadable, e))?;
            Ok((record, Some(path)))
        }
        (Err(e), _) => Err(Failure::usage(e)),
    }
}

/// A bar an engine, on a terminal only.
struct Shown {
    bars: Vec<(String, ProgressBar)>,
    all: MultiProgress,
}

impl Shown {
    fn new(record: &Record) -> Self {
        let quiet = super::QUIET.load(std::sync::atomic::Ordering::Relaxed);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let all = MultiProgress::with_draw_target(target);
        let bar = |id: &String| {
            let bar = all.add(ProgressBar::no_length());
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} differing results · {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(crate::process::shown(id));
            (id.clone(), bar)
        };
        let bars = record.engines.iter().filter(|e| e.adapter.is_some()).map(|e| bar(&e.id)).collect();
        Self { bars, all }
    }
}

impl ExplainProgress for Shown {
    fn done(&self, engine: &str, cases: usize, of: usize) {
        if let Some((_, bar)) = self.bars.iter().find(|(id, _)| id == engine) {
            bar.set_length(of as u64);
            bar.set_position(cases as u64);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bars.iter().for_each(|(_, bar)| bar.finish_and_clear());
        // Without a terminal there is nothing to clear.
        let _ = self.all.clear();
    }
}
