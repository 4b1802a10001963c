//! `repro-audit rng predict`.

use std::path::PathBuf;

use super::draw::{DrawArgs, cards};
use super::{Exit, Failure};
use crate::cli::shown::{self, formats};
use crate::formats::{Format, files};
use crate::model::words::{count, number, percent};
use crate::rng::{Card, Cards, Geometry, Op, Prediction, Subject, most_slack, predict};
use crate::views::prediction::Predicted;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    draw: DrawArgs,
    /// A card of the table (see `rng cards`). May be given more than once.
    #[arg(long, value_name = "NAME")]
    card: Vec<String>,
    /// The multiprocessors of a card that is not in the table; with --threads-per-sm, as often as that.
    #[arg(long, value_name = "N")]
    sm: Vec<u32>,
    /// Its maxThreadsPerMultiProcessor.
    #[arg(long, value_name = "N")]
    threads_per_sm: Vec<u32>,
    /// How many values of either end are shown, at most a million.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    show: u32,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Also write a page (index.html), agreement.csv and the charts to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let cards = cards(args.draw.cards.as_deref())?;
    let subjects = subjects(args, &cards)?;
    let (draw, before) = (args.draw.draw()?, args.draw.before()?);
    let (seed, offset) = (args.draw.seed()?, args.draw.offset()?);
    let show = args.show as usize;
    let found = predict(&draw, seed, offset, &before, &subjects, show).map_err(Failure::usage)?;
    let view = predicted(args, &found, &cards);
    if let Some(folder) = &args.out {
        let foot = format!("{} · repro-audit rng", view.title);
        files::write(&view, "", &foot, folder).map_err(Failure::usage)?;
        super::super::note(format_args!("Written: {}", folder.join("index.html").display()));
    }
    shown::show(&view, args.format, true)?;
    Ok(Exit::Within)
}

/// rocRAND makes other numbers of the same words than cuRAND, whose arithmetic is what is known here. Of normal values only the
/// places where cards part were reported.
fn modelled(card: &Card, op: &str) -> Result<(), Failure> {
    if card.is_rocm() && !op.eq_ignore_ascii_case("randn") {
        return Err(Failure::usage(format!(
            "{} draws through rocRAND, which makes other numbers of the same words: only --op randn is known of it; leave it out",
            card.name
        )));
    }
    Ok(())
}

fn predicted<'a>(args: &Args, found: &'a Prediction, cards: &Cards) -> Predicted<'a> {
    Predicted {
        found,
        title: title(args, found),
        headline: headline(found),
        common: common(found),
        notes: notes(found, cards),
    }
}

fn subjects(args: &Args, cards: &Cards) -> Result<Vec<Subject>, Failure> {
    if args.sm.len() != args.threads_per_sm.len() {
        return Err(Failure::usage("--sm and --threads-per-sm describe a card together: give both, equally often"));
    }
    let mut subjects = Vec::new();
    for name in &args.card {
        let card = cards.find(name).map_err(Failure::usage)?;
        modelled(card, &args.draw.op)?;
        subjects.push(Subject { name: card.name.clone(), geometry: card.geometry });
    }
    for (sms, threads) in args.sm.iter().zip(&args.threads_per_sm) {
        let geometry = Geometry::new(*sms, *threads).map_err(Failure::usage)?;
        subjects.push(Subject { name: format!("{sms} x {threads}"), geometry });
    }
    if subjects.is_empty() {
        return Err(Failure::usage(
            "no card: give --card NAME (see repro-audit rng cards), or --sm N --threads-per-sm N",
        ));
    }
    if subjects.len() > 64 {
        return Err(Failure::usage(format!("{} cards: at most 64 are compared at a time", subjects.len())));
    }
    Ok(subjects)
}

/// The draw in words.
fn title(args: &Args, found: &Prediction) -> String {
    let draw = &found.draw;
    let kernel = match (draw.op, draw.vector) {
        (Op::Dropout, 1) => format!(", p {}, the scalar kernel", draw.p),
        (Op::Dropout, width) => format!(", p {}, {width} elements per thread", draw.p),
        (Op::Rand, _) if draw.is_scaled() => format!(", between {} and {}", draw.low, draw.high),
        (Op::Randn, _) if draw.mean != 0.0 || draw.std != 1.0 => format!(", mean {}, std {}", draw.mean, draw.std),
        _ => String::new(),
    };
    let offset = if args.draw.offset == "0" { String::new() } else { format!(", offset {}", args.draw.offset) };
    let after =
        if args.draw.after.is_empty() { String::new() } else { format!(", after {}", args.draw.after.join(" and ")) };
    format!(
        "{} of {} {}{kernel}, seed {}{offset}{after}",
        args.draw.op,
        args.draw.shape,
        draw.element.name(),
        found.seed
    )
}

/// What held, in a sentence.
fn headline(found: &Prediction) -> String {
    let n = count(found.draw.n);
    if found.cards.len() == 1 {
        return format!("One card: {n} elements.");
    }
    let Some(first) = found.pairs.iter().filter_map(|p| p.first_value).min() else {
        // Other words may give the same elements; where all have one value, none are drawn that could differ.
        let placed = found.pairs.iter().filter_map(|p| p.first_place).min().filter(|_| !found.draw.is_constant());
        let placed = placed.map(|at| format!(", though they use different random words from element {} on", count(at)));
        return format!("All {} cards give the same {n} elements{}.", found.cards.len(), placed.unwrap_or_default());
    };
    let worst = found.pairs.iter().map(|p| p.fraction()).fold(1.0, f64::min);
    let what = if found.draw.op == Op::Dropout { "masks" } else { "tensors" };
    format!(
        "The cards first differ at element {}. For the two {what} that differ most, {} of the elements are the same.",
        count(first),
        percent(worst)
    )
}

/// The largest size about which all agree, in a sentence.
fn common(found: &Prediction) -> String {
    if found.draw.is_constant() {
        return "Every element has the one value that these arguments leave, so they agree at every size.".to_owned();
    }
    let offsets: Vec<_> = found.cards.iter().map(|c| c.offset[0]).collect();
    if offsets.windows(2).any(|w| w[0] != w[1]) {
        return "The draws before moved the generators differently: from here on no size agrees.".to_owned();
    }
    let width = found.draw.vector;
    match (found.common.elements, found.common.next) {
        (Some(elements), Some(next)) if found.common.verified && width > 1 => format!(
            "Sizes that are multiples of {width} agree up to {} elements (checked element by element there, and at {}, where their random words first differ); any size agrees up to {}.",
            count(elements),
            count(next),
            count(found.common.any.unwrap_or(0))
        ),
        (Some(elements), Some(next)) if found.common.verified => format!(
            "All agree up to {} elements (checked element by element there, and at {}, where their random words first differ).",
            count(elements),
            count(next)
        ),
        (Some(_), _) => {
            "The rule and the simulation disagree about the largest common size: please report this.".to_owned()
        }
        _ => "They launch alike, so they agree at every size.".to_owned(),
    }
}

fn notes(found: &Prediction, cards: &Cards) -> Vec<String> {
    let mut notes = Vec::new();
    if found.draw.op == Op::Randn {
        notes.push(format!(
            "Normal values are within {} of these: the device's own log, sin and cos decide the last bits.",
            number(most_slack(&found.draw))
        ));
    }
    if found.draw.op == Op::Dropout && found.pairs.iter().any(|p| p.differing > 0) {
        let keep = found.draw.keep();
        let chance = keep * keep + (1.0 - keep) * (1.0 - keep);
        notes.push(format!(
            "Two independent masks of this rate agree in {} of the elements by chance.",
            percent(chance)
        ));
    }
    let unverified: Vec<&str> = found
        .cards
        .iter()
        .filter(|c| cards.all().iter().any(|known| known.name == c.subject.name && known.evidence == "unverified"))
        .map(|c| c.subject.name.as_str())
        .collect();
    if !unverified.is_empty() {
        notes.push(format!(
            "No source was read for the figures of {}: compare them with torch.cuda.get_device_properties on the card.",
            unverified.join(", ")
        ));
    }
    let after: Vec<_> = found.cards.iter().map(|c| c.offset[1]).collect();
    if found.draw.n > 0 && after.windows(2).any(|w| w[0] != w[1]) {
        notes.push(
            "The offsets after this draw differ, so every later draw uses different random words from its first element on."
                .to_owned(),
        );
    }
    notes
}
