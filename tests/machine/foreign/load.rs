//! A shader of this folder with its settings, as programs: one for each buffer that it writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use repro_audit::kernels::{Buffer, Feature, OutputView, Pass, Program, Slot};
use repro_audit::model::bits::Dtype;
use repro_audit::numerics::inputs::Distribution;
use repro_audit::numerics::inputs::philox::Stream;

/// What an output buffer holds before a run, so that what the shader leaves alone is told from what it writes.
pub(crate) const BEFORE: u32 = 0x7fad_7e5d;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    entry: String,
    groups: [u32; 3],
    #[serde(default)]
    buffers: BTreeMap<String, Contents>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    len: Option<usize>,
    dist: Option<String>,
    initial: Option<String>,
    values: Option<Vec<toml::Value>>,
}

/// One entry point of one file with its settings.
pub(crate) struct Kernel {
    /// `CRATE/FILE` or `CRATE/FILE.ENTRY`.
    pub(crate) name: String,
    /// One for each buffer that is written.
    pub(crate) outputs: Vec<Output>,
}

/// A buffer that a kernel writes.
pub(crate) struct Output {
    /// The variable's name.
    pub(crate) title: String,
    /// Whether each word is floating point.
    pub(crate) floats: Vec<bool>,
    /// What it holds before a run.
    pub(crate) before: Vec<u32>,
    /// The program whose answer it is.
    pub(crate) program: Program,
}

/// This folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign")
}

/// A table of this folder.
pub(crate) fn table(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The settings files of this folder, by name.
pub(crate) fn files() -> Vec<PathBuf> {
    let mut out = Vec::new();
    for folder in std::fs::read_dir(root()).expect("the folder").flatten().filter(|f| f.path().is_dir()) {
        let inside = std::fs::read_dir(folder.path()).expect("a crate's folder").flatten().map(|f| f.path());
        out.extend(inside.filter(|p| p.extension().is_some_and(|e| e == "toml")));
    }
    out.sort();
    out
}

fn scalars(module: &naga::Module, ty: naga::Handle<naga::Type>, at: u32, out: &mut Vec<(u32, naga::ScalarKind)>) {
    use naga::TypeInner as T;
    match &module.types[ty].inner {
        T::Scalar(s) | T::Atomic(s) => out.push((at, s.kind)),
        T::Vector { size, scalar } => out.extend((0..*size as u32).map(|i| (at + i, scalar.kind))),
        T::Matrix { columns, rows, scalar } => {
            let stride = if *rows as u32 == 2 { 2 } else { 4 };
            for c in 0..*columns as u32 {
                out.extend((0..*rows as u32).map(|r| (at + c * stride + r, scalar.kind)));
            }
        }
        T::Array { base, size: naga::ArraySize::Constant(n), stride } => {
            (0..n.get()).for_each(|i| scalars(module, *base, at + i * stride / 4, out));
        }
        T::Struct { members, .. } => {
            for member in members {
                scalars(module, member.ty, at + member.offset / 4, out);
            }
        }
        other => panic!("{other:?} is not for a buffer of known length"),
    }
}

/// The scalars of a variable whose runtime array has `len` elements, and its size in words.
fn layout(module: &naga::Module, ty: naga::Handle<naga::Type>, len: usize) -> (Vec<(u32, naga::ScalarKind)>, usize) {
    use naga::TypeInner as T;
    let len = u32::try_from(len).expect("a small buffer");
    let mut layouter = naga::proc::Layouter::default();
    layouter.update(module.to_ctx()).expect("a valid module");
    let mut out = Vec::new();
    let words = match &module.types[ty].inner {
        T::Array { base, size: naga::ArraySize::Dynamic, stride } => {
            (0..len).for_each(|i| scalars(module, *base, i * stride / 4, &mut out));
            len * stride / 4
        }
        T::Struct { members, .. }
            if let Some((last, before)) = members.split_last()
                && let T::Array { base, size: naga::ArraySize::Dynamic, stride } = &module.types[last.ty].inner =>
        {
            before.iter().for_each(|m| scalars(module, m.ty, m.offset / 4, &mut out));
            (0..len).for_each(|i| scalars(module, *base, (last.offset + i * stride) / 4, &mut out));
            last.offset / 4 + len * stride / 4
        }
        _ => {
            scalars(module, ty, 0, &mut out);
            layouter[ty].size.div_ceil(4)
        }
    };
    (out, words as usize)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a table's number is rounded to the element's type, and a negative integer is its two's complement"
)]
fn number(value: &toml::Value, kind: naga::ScalarKind) -> u32 {
    match (value, kind) {
        (toml::Value::Integer(i), naga::ScalarKind::Float) => (*i as f32).to_bits(),
        (toml::Value::Float(x), naga::ScalarKind::Float) => (*x as f32).to_bits(),
        (toml::Value::Integer(i), _) => *i as u32,
        other => panic!("{other:?} is not a value"),
    }
}

fn fill(words: &mut [u32], at: &[(u32, naga::ScalarKind)], how: &str, stream: u32) {
    let mut bits = Stream::new(7, stream);
    let floats = |d: Distribution| d.draw(7, stream, at.len()).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let drawn: Vec<u32> = match how {
        "zeros" => vec![0; at.len()],
        "normal" => floats(Distribution::Normal),
        "uniform" => floats(Distribution::Uniform),
        "positive" => floats(Distribution::Positive),
        "bits" => at.iter().map(|_| bits.next_u32()).collect(),
        "index" => (0u32..).take(at.len()).collect(),
        other => panic!("'{other}' is not a distribution"),
    };
    for ((place, _), word) in at.iter().zip(drawn) {
        words[*place as usize] = word;
    }
}

/// Reads one settings file and its shader.
pub(crate) fn kernel(file: &Path) -> Kernel {
    let stem = file.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
    let folder = file.parent().expect("a folder");
    let name = format!("{}/{stem}", folder.file_name().and_then(|f| f.to_str()).expect("a name"));
    let shader = folder.join(format!("{}.wgsl", stem.split('.').next().expect("a stem")));
    let source = std::fs::read_to_string(&shader).unwrap_or_else(|e| panic!("{}: {e}", shader.display()));
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{name}: {e}"));
    let settings: Settings = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let module =
        naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    let info = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all())
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    let entry = module.entry_points.iter().position(|e| e.name == settings.entry);
    let entry = entry.unwrap_or_else(|| panic!("{name}: no entry point '{}'", settings.entry));
    let used = info.get_entry_point(entry);
    let mut buffers = Vec::new();
    let mut slots = Vec::new();
    let mut written = Vec::new();
    for (handle, variable) in module.global_variables.iter() {
        let usage = used[handle];
        let Some(binding) = &variable.binding else { continue };
        if usage.is_empty() {
            continue;
        }
        let title = variable.name.clone().unwrap_or_default();
        let contents = settings.buffers.get(&title);
        let values = contents.and_then(|c| c.values.as_ref());
        let len = contents.and_then(|c| c.len).unwrap_or(0);
        let (mut at, mut words) = layout(&module, variable.ty, len);
        if let Some(values) = values.filter(|v| at.len() < v.len()) {
            let (one, _) = layout(&module, variable.ty, 1);
            let (two, _) = layout(&module, variable.ty, 2);
            let each = two.len() - one.len();
            assert!(each > 0, "{name}: {title} has {} values, and there are {}", at.len(), values.len());
            (at, words) = layout(&module, variable.ty, (values.len() + each - one.len()) / each);
        }
        assert!(words > 0, "{name}: the length of '{title}' is missing");
        let writes = usage.contains(naga::valid::GlobalUse::WRITE);
        let mut data = vec![if writes { BEFORE } else { 0 }; words];
        let how = contents.and_then(|c| c.dist.as_deref().or(c.initial.as_deref()));
        match (values, how) {
            (Some(values), None) => {
                assert_eq!(values.len(), at.len(), "{name}: the number of values of '{title}'");
                for ((place, kind), value) in at.iter().zip(values) {
                    data[*place as usize] = number(value, *kind);
                }
            }
            (None, Some(how)) => fill(&mut data, &at, how, binding.binding),
            (None, None) if writes => {}
            _ => panic!("{name}: say what '{title}' holds"),
        }
        let mut floats = vec![false; words];
        at.iter().for_each(|(place, kind)| floats[*place as usize] = *kind == naga::ScalarKind::Float);
        slots.push(Slot { group: binding.group, binding: binding.binding });
        let uniform = variable.space == naga::AddressSpace::Uniform;
        let writable = matches!(variable.space, naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE));
        if writes {
            written.push((title, floats, data.clone(), buffers.len()));
        }
        buffers.push(match (uniform, writable) {
            (true, _) => Buffer::Uniform(data),
            (false, true) => Buffer::InOut(data),
            (false, false) => Buffer::Input(data),
        });
    }
    for title in settings.buffers.keys() {
        let known = module.global_variables.iter().any(|(_, v)| v.name.as_ref() == Some(title));
        assert!(known, "{name}: the shader has no '{title}'");
    }
    let mut features = Vec::new();
    if source.contains("subgroup") && source.contains("subgroupAdd") {
        features.push(Feature::Subgroup);
    }
    if source.contains("pack2x16float") {
        features.push(Feature::HalfConversions);
    }
    let program = |buffer: usize, words: usize| {
        let pass = Pass::new(settings.entry.clone(), settings.groups);
        let output = OutputView::whole(buffer, Dtype::U32, words);
        let program = Program::new(source.clone(), buffers.clone(), vec![pass], output);
        Program { slots: slots.clone(), ..program.needing(features.clone()) }
    };
    let outputs = written.into_iter().map(|(title, floats, before, buffer)| {
        let program = program(buffer, before.len());
        Output { title, floats, before, program }
    });
    Kernel { name, outputs: outputs.collect() }
}
