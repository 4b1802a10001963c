//! `repro-audit kernels`: what cases there can be.

use super::shown::{formats, show};
use super::{Exit, Failure};
use crate::formats::Format;
use crate::kernels::{self, Kernel, Param, Profile, Variant};
use crate::model::CasePattern;
use crate::model::pattern::instead;
use crate::model::words::plural;
use crate::views::document::{Cell, Column, Document, Rows, Section, Table, Text, Tone};
use crate::views::prepared::Prepared;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only what this names: a kernel, or kernel/variant, with * for any text.
    #[arg(default_value = "*")]
    name: String,
    /// Also list the cases of this profile.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
}

/// A kernel and those of its variants that were asked for.
struct Listed {
    kernel: &'static dyn Kernel,
    variants: Vec<&'static Variant>,
    cases: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let pattern = CasePattern::parse(&args.name).map_err(Failure::usage)?;
    // The controls are part of every audit and are not asked for.
    let kernels = kernels::all().iter().filter(|k| k.name() != crate::audit::CONTROL);
    let listed: Vec<Listed> = kernels
        .map(|kernel| {
            let named = |variant: &str| pattern.names(kernel.name(), variant);
            let planned = args.profile.map(|profile| kernel.plan(profile, 7)).unwrap_or_default();
            Listed {
                kernel: &**kernel,
                variants: kernel.variants().iter().filter(|v| named(v.name)).collect(),
                cases: planned.iter().filter(|c| named(c.variant())).map(ToString::to_string).collect(),
            }
        })
        .filter(|listed| !listed.variants.is_empty())
        .collect();
    if listed.is_empty() {
        let instead = instead(args.name.split('/').next().unwrap_or_default(), "kernels", kernels::names());
        return Err(Failure::usage(format!("'{}' names no kernel and no variant; {instead}", args.name)));
    }
    let view = Prepared { document: document(&listed), rows: rows(&listed), json: json(&listed) };
    show(&view, args.format, true)?;
    Ok(Exit::Within)
}

fn document(listed: &[Listed]) -> Document {
    let variants: usize = listed.iter().map(|l| l.variants.len()).sum();
    let headline = format!("{}, {}", plural(listed.len(), "kernel"), plural(variants, "variant"));
    let mut document = Document::new(Tone::Plain, headline);
    document.lead =
        Text::plain("A case is kernel/variant?name=value&…; parameters that are left out take their defaults.");
    for Listed { kernel, variants, cases } in listed {
        let mut section = Section::new(kernel.name(), format!("{}: {}", kernel.name(), kernel.about()));
        for variant in variants {
            let id = format!("{}/{}", kernel.name(), variant.name);
            let mut below = Section::new(id.replace('/', "-"), format!("{id}: {}", variant.about));
            let columns = ["parameter", "default", "what it is", "values"].map(Column::text);
            let mut table = Table::new(format!("{}-parameters", below.id), &columns).most(variant.params.len());
            for Param { name, default, range, about, config } in variant.params {
                let kind = if *config { " (configuration)" } else { "" };
                table.push([
                    Cell::code(*name),
                    Cell::code(*default),
                    Cell::text(format!("{about}{kind}")),
                    Cell::text(range.to_string()),
                ]);
            }
            below.table(table);
            if below.blocks.is_empty() {
                below.text("It has no parameters.");
            }
            section.push(below);
        }
        if !cases.is_empty() {
            let mut below = Section::new(format!("{}-cases", kernel.name()), "Cases of the profile");
            let mut table =
                Table::new(format!("{}-case-list", kernel.name()), &[Column::text("case")]).most(cases.len());
            cases.iter().for_each(|case| table.push([Cell::case(case.as_str())]));
            below.table(table);
            section.push(below);
        }
        document.push(section);
    }
    document
}

/// A row a parameter, and a row a case.
fn rows(listed: &[Listed]) -> Vec<Rows> {
    let columns = ["kernel", "variant", "parameter", "default", "values", "configuration", "about"];
    let mut parameters = Rows::new("parameters", &columns);
    let mut planned = Rows::new("cases", &["kernel", "case"]);
    for Listed { kernel, variants, cases } in listed {
        for variant in variants {
            for Param { name, default, range, about, config } in variant.params {
                parameters.push(vec![
                    kernel.name().into(),
                    variant.name.into(),
                    (*name).into(),
                    (*default).into(),
                    range.to_string().into(),
                    (*config).into(),
                    (*about).into(),
                ]);
            }
        }
        cases.iter().for_each(|case| planned.push(vec![kernel.name().into(), case.as_str().into()]));
    }
    // What was asked for is what is written where only one table is.
    if planned.rows.is_empty() { vec![parameters, planned] } else { vec![planned, parameters] }
}

fn json(listed: &[Listed]) -> serde_json::Value {
    let parameter = |p: &Param| {
        serde_json::json!({
            "name": p.name, "default": p.default, "values": p.range.to_string(), "configuration": p.config, "about": p.about,
        })
    };
    let variant = |v: &&Variant| {
        let parameters: Vec<_> = v.params.iter().map(parameter).collect();
        serde_json::json!({ "name": v.name, "about": v.about, "parameters": parameters })
    };
    let kernel = |l: &Listed| {
        let variants: Vec<_> = l.variants.iter().map(variant).collect();
        serde_json::json!({ "name": l.kernel.name(), "about": l.kernel.about(), "variants": variants, "cases": l.cases })
    };
    listed.iter().map(kernel).collect()
}
