//! From a shader and what is said of it to everything that a run needs; what is not said is inferred.
//!
//! | what | where nothing is said |
//! |---|---|
//! | entry point | the only one |
//! | length of a runtime-sized array | [`LENGTH`] elements |
//! | a buffer that is only written | poison, so that elements never written show |
//! | any other storage buffer | floats normal, integers 0, 1, 2 … (zeros where one of them is atomic) |
//! | a uniform buffer | floats uniform on (0, 1), integers the number of the first output's elements |
//! | what is compared | every buffer that is written, the scalars of each type by themselves |
//! | dispatch | as many workgroups in x as give an invocation to each element of the first output |

use std::collections::{BTreeMap, BTreeSet};

use super::error::UserError;
use super::fill::Filling;
use super::given::{self, Given};
use super::layout::Kind;
use super::settings::{Config, Contents, Drawn, FileOf, Number, PassSettings, Settings};
use super::shader::{Binding, Entry, Shader};
use crate::model::bits::Bits;
use crate::numerics::inputs::Distribution;

/// Elements of a runtime-sized array of which nothing is said.
pub const LENGTH: u64 = 1024;

/// The seed where none is given.
pub const SEED: u64 = 7;

/// Most workgroups in a dimension, and most bytes of a storage and of a uniform buffer: what WebGPU guarantees, so that
/// settings that are accepted run on every adapter.
const MOST_GROUPS: u64 = 65_535;
const MOST_STORAGE: u64 = 128 << 20;
const MOST_UNIFORM: u64 = 64 << 10;

/// A buffer with its length and what it holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) binding: Binding,
    /// Elements of its open array.
    pub(super) len: u64,
    /// `None` for poison.
    pub(super) filling: Option<Filling>,
}

impl Held {
    /// Whether what it holds before a run depends on the seed.
    pub(super) fn is_drawn(&self) -> bool {
        self.filling.as_ref().is_some_and(|filling| filling.is_drawn(&self.binding.layout, self.len))
    }
}

/// What is compared: the scalars of one type of a buffer.
#[derive(Debug)]
pub(super) struct Output {
    /// The buffer's name, with the type where it holds several.
    pub(super) title: String,
    /// By its place in [`Resolved::held`].
    pub(super) buffer: usize,
    pub(super) kind: Kind,
}

/// What an output is expected to be.
#[derive(Debug)]
pub(super) struct Expected {
    /// The buffer, by its place in [`Resolved::held`].
    pub(super) buffer: usize,
    pub(super) bits: Bits,
    /// The file that says so.
    pub(super) file: FileOf,
}

/// One way to run it.
#[derive(Debug)]
pub(super) struct Configured {
    /// The dispatches: entry points, and workgroups in x, y and z. There is one at least.
    pub(super) passes: Vec<(Entry, [u32; 3])>,
    /// Whether nobody said how many.
    pub(super) inferred: bool,
    /// What tells it from the others: name and value.
    pub(super) params: Vec<(String, String)>,
}

/// All that a run needs.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) held: Vec<Held>,
    pub(super) outputs: Vec<Output>,
    pub(super) configs: Vec<Configured>,
    /// Two outputs, by their places, that are compared with each other.
    pub(super) compare: Option<[usize; 2]>,
    /// What outputs are expected to be.
    pub(super) expected: Vec<Expected>,
    pub(super) seed: u64,
    /// The settings that say all of it: read again with the shader they give the same.
    pub(super) settings: Settings,
}

/// Checks what is said and infers the rest. `from` names the settings in errors.
///
/// # Errors
/// What does not fit the shader, and what to say instead.
pub(super) fn resolve(shader: &Shader, given: &Settings, from: &str) -> Result<Resolved, UserError> {
    let wrong = |message: String| UserError::of(from, message);
    let sequence = sequence(shader, given).map_err(wrong)?;
    let names: Vec<String> =
        sequence.iter().map(|pass| shader.choose(pass.entry.as_deref())).collect::<Result<_, _>>()?;
    let entry = names.join("-");
    if let Some(name) = given.buffers.keys().find(|name| !shader.declares(name)) {
        return Err(wrong(format!("{} has no buffer '{name}'{}", shader.file, known(shader, given, &names))));
    }
    let ways = if given.config.is_empty() { vec![Config::default()] } else { given.config.clone() };
    let entries: Vec<Vec<Entry>> = ways
        .iter()
        .map(|way| {
            let mut values = given.overrides.clone();
            values.extend(way.overrides.iter().map(|(name, value)| (name.clone(), *value)));
            names.iter().map(|name| shader.entry(name, &values)).collect()
        })
        .collect::<Result<_, _>>()?;
    let first = entries.first().ok_or_else(|| wrong("no configuration is left".to_owned()))?;
    let bindings = shader.shared(first)?;
    let nothing = Contents::default();
    let said = |binding: &Binding| given.buffers.get(&binding.name).unwrap_or(&nothing);
    let read = |of: &Option<FileOf>, name: &str| of.as_ref().map(|f| given::read(f, name)).transpose().map_err(wrong);
    let data: Vec<Option<Given>> = bindings.iter().map(|b| read(&said(b).data, &b.name)).collect::<Result<_, _>>()?;
    let lens: Vec<u64> = bindings
        .iter()
        .zip(&data)
        .map(|(b, data)| length(b, said(b), data.as_ref().map(Given::count)).map_err(wrong))
        .collect::<Result<_, _>>()?;
    let mut outputs = outputs(shader, &bindings, &entry, given.outputs.as_deref(), from)?;
    let elements = outputs.first().map_or(1, |o| bindings[o.buffer].layout.elements(lens[o.buffer]));
    // A whole number that is off is a graver thing than a fraction.
    outputs.sort_by_key(|o| o.kind.is_float());
    let compare = given.compare.as_ref().map(|pair| pair_of(&outputs, pair)).transpose().map_err(wrong)?;
    if given.expect.is_some() && outputs.iter().any(|o| o.buffer != outputs[0].buffer) {
        let all: Vec<_> = outputs.iter().map(|o| o.title.as_str()).collect();
        return Err(wrong(format!("several outputs are compared ({}); say of which, as NAME=FILE", all.join(", "))));
    }
    let mut expected = Vec::new();
    for (buffer, binding) in bindings.iter().enumerate() {
        let alone = given.expect.as_ref().filter(|_| outputs.iter().all(|o| o.buffer == buffer));
        let wanted = said(binding).expect.as_ref().or(alone).cloned();
        let Some(found) = read(&wanted, &binding.name)? else { continue };
        let bits = expectation(binding, lens[buffer], &outputs, buffer, &found).map_err(wrong)?;
        expected.push(Expected { buffer, bits, file: found.file });
    }
    let mut held = Vec::new();
    let mut buffers = BTreeMap::new();
    for ((binding, len), data) in bindings.into_iter().zip(lens).zip(data) {
        let (filling, mut contents) = filling(&binding, said(&binding), len, elements, data.as_ref()).map_err(wrong)?;
        contents.expect = expected.iter().find(|e| e.buffer == held.len()).map(|e| e.file.clone());
        buffers.insert(binding.name.clone(), contents);
        held.push(Held { binding, len, filling });
    }
    let base = given.groups.as_deref().map(|g| groups(g, from)).transpose()?;
    let named: BTreeSet<&String> = ways.iter().flat_map(|way| way.overrides.keys()).collect();
    let mut configs: Vec<Configured> = Vec::new();
    let mut effective: Vec<Config> = Vec::new();
    for (way, entries) in ways.iter().zip(entries) {
        let own = way.groups.as_deref().map(|g| groups(g, from)).transpose()?;
        let mut is_inferred = false;
        let mut passes = Vec::new();
        for (entry, pass) in entries.into_iter().zip(&sequence) {
            let said = pass.groups.as_deref().map(|g| groups(g, from)).transpose()?.or(own).or(base);
            is_inferred |= said.is_none();
            let groups = match said {
                Some(groups) => groups,
                None => inferred(shader, &entry, elements)?,
            };
            passes.push((entry, groups));
        }
        let value = |name: &str| way.overrides.get(name).or_else(|| given.overrides.get(name));
        let mut params: Vec<(String, String)> = Vec::new();
        for name in &named {
            let value = value(name).map_or_else(|| "default".to_owned(), ToString::to_string);
            params.push(((*name).clone(), value));
        }
        let dispatch = |groups: &[u32; 3]| groups.map(|g| g.to_string()).join("x");
        if let [(_, groups)] = &passes[..]
            && !given.config.is_empty()
        {
            params.push(("groups".to_owned(), dispatch(groups)));
        }
        if configs.iter().any(|c| c.params == params) {
            return Err(wrong(format!("two configurations are the same: {}", pairs(&params))));
        }
        let whole = |groups: &[u32; 3]| groups.map(u64::from).to_vec();
        let groups = if given.passes.is_some() { None } else { passes.first().map(|(_, groups)| whole(groups)) };
        effective.push(Config { groups, overrides: way.overrides.clone() });
        configs.push(Configured { passes, inferred: is_inferred, params });
    }
    let listed = given.passes.as_ref().and(configs.first()).map(|config| {
        let each = config.passes.iter();
        each.map(|(entry, groups)| PassSettings {
            entry: entry.name.clone(),
            groups: Some(groups.map(u64::from).to_vec()),
        })
        .collect()
    });
    let alone = given.config.is_empty();
    let settings = Settings {
        entry: given.passes.is_none().then_some(entry),
        passes: listed,
        compare: given.compare.clone(),
        expect: None,
        groups: if alone { effective.first().and_then(|c| c.groups.clone()) } else { given.groups.clone() },
        seed: Some(given.seed.unwrap_or(SEED)),
        outputs: Some(outputs.iter().map(|o| o.title.clone()).collect()),
        overrides: given.overrides.clone(),
        buffers,
        config: if alone { Vec::new() } else { effective },
    };
    Ok(Resolved { held, outputs, configs, compare, expected, seed: given.seed.unwrap_or(SEED), settings })
}

fn pairs(params: &[(String, String)]) -> String {
    params.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(", ")
}

/// The dispatches as said: one whose entry point and groups are the settings', or those of `passes`.
fn sequence(shader: &Shader, given: &Settings) -> Result<Vec<Dispatch>, String> {
    let Some(passes) = &given.passes else {
        return Ok(vec![Dispatch { entry: given.entry.clone(), groups: None }]);
    };
    let own = given.groups.is_some() || given.config.iter().any(|config| config.groups.is_some());
    if given.entry.is_some() || own {
        return Err("passes say their own entry points and groups; leave entry and groups out".to_owned());
    }
    if passes.is_empty() {
        return Err(format!("passes is empty; list entry points of {}, or leave it out", shader.file));
    }
    Ok(passes.iter().map(|p| Dispatch { entry: Some(p.entry.clone()), groups: p.groups.clone() }).collect())
}

/// One dispatch as said.
struct Dispatch {
    entry: Option<String>,
    groups: Option<Vec<u64>>,
}

/// The places of two outputs that are to be compared.
fn pair_of(outputs: &[Output], pair: &[String; 2]) -> Result<[usize; 2], String> {
    let place = |name: &String| {
        outputs.iter().position(|o| o.title == *name).ok_or_else(|| {
            let all: Vec<_> = outputs.iter().map(|o| o.title.as_str()).collect();
            format!("compare: '{name}' is not compared; outputs are: {}", all.join(", "))
        })
    };
    let [one, other] = [place(&pair[0])?, place(&pair[1])?];
    if one == other || outputs[one].kind != outputs[other].kind {
        return Err(format!("compare: '{}' and '{}' are not two outputs of one type", pair[0], pair[1]));
    }
    Ok([one, other])
}

/// The buffers that there are, for an error; nothing where even they cannot be listed.
fn known(shader: &Shader, given: &Settings, names: &[String]) -> String {
    let entries: Result<Vec<_>, _> = names.iter().map(|name| shader.entry(name, &given.overrides)).collect();
    let bindings = entries.and_then(|entries| shader.shared(&entries));
    let entry = names.join(" and ");
    let names: Vec<String> = bindings.map(|all| all.into_iter().map(|b| b.name).collect()).unwrap_or_default();
    if names.is_empty() { String::new() } else { format!("; '{entry}' uses: {}", names.join(", ")) }
}

/// The length of a buffer's open array: said, or that of its values, or the default.
fn length(binding: &Binding, said: &Contents, file: Option<u64>) -> Result<u64, String> {
    let (name, layout) = (&binding.name, &binding.layout);
    let count = file.or(said.values.as_ref().map(|v| v.len() as u64));
    if !layout.is_open() {
        let elements = layout.elements(1);
        if said.len.is_some_and(|len| len != elements) {
            return Err(format!("the shader fixes the size of '{name}' at {elements}; leave len out"));
        }
        let scalars = layout.scalars(1);
        return match count {
            Some(count) if count != scalars => {
                Err(format!("'{name}' is given {count} values, and its type holds {scalars} scalars"))
            }
            _ => fits(binding, 1).map(|()| 1),
        };
    }
    let fixed = layout.fixed.len() as u64;
    let each = layout.tail.as_ref().map_or(1, |t| t.leaves.len() as u64).max(1);
    let len = match (count, said.len) {
        (Some(count), len) => {
            let rest = count.checked_sub(fixed).filter(|rest| *rest >= each && rest % each == 0).ok_or_else(|| {
                let before = if fixed > 0 { format!("{fixed} and then ") } else { String::new() };
                format!("'{name}' is given {count} values; {before}{each} for each element are wanted")
            })?;
            if len.is_some_and(|len| len != rest / each) {
                let len = len.unwrap_or_default();
                return Err(format!("'{name}' has len = {len}, and values for {} elements", rest / each));
            }
            rest / each
        }
        (None, Some(0)) => return Err(format!("'{name}' has len = 0; at least one element is needed")),
        (None, len) => len.unwrap_or(LENGTH),
    };
    fits(binding, len).map(|()| len)
}

/// Whether a buffer of this length can be had.
fn fits(binding: &Binding, len: u64) -> Result<(), String> {
    let name = &binding.name;
    let (what, most) = if binding.uniform { ("uniform", MOST_UNIFORM) } else { ("storage", MOST_STORAGE) };
    let stride = binding.layout.tail.as_ref().map_or(1, |t| u64::from(t.stride));
    // Before multiplying, so that no length overflows.
    if len > most / stride.max(1) + 1 || binding.layout.bytes(len) > most {
        return Err(format!(
            "'{name}' with len = {len} is larger than the {most} bytes that WebGPU guarantees for a {what} buffer"
        ));
    }
    let bytes = binding.layout.bytes(len);
    if !bytes.is_multiple_of(4) && binding.layout.is_open() {
        return Err(format!(
            "'{name}' with len = {len} has {bytes} bytes, and buffers are whole words; use len = {}",
            len + 1
        ));
    }
    Ok(())
}

/// What is compared.
fn outputs(
    shader: &Shader,
    bindings: &[Binding],
    entry: &str,
    wanted: Option<&[String]>,
    from: &str,
) -> Result<Vec<Output>, UserError> {
    let mut all = Vec::new();
    for (buffer, binding) in bindings.iter().enumerate().filter(|(_, b)| b.writes) {
        let kinds = binding.layout.kinds();
        for kind in &kinds {
            let name = &binding.name;
            let title = if kinds.len() == 1 { name.clone() } else { format!("{name}:{}", kind.name()) };
            all.push(Output { title, buffer, kind: *kind });
        }
    }
    if all.is_empty() {
        return Err(shader.error(format!("'{entry}' writes no buffer: there is nothing to compare")));
    }
    let Some(wanted) = wanted else { return Ok(all) };
    let names: Vec<String> = all.iter().map(|o| o.title.clone()).collect();
    let mine = |o: &Output, w: &String| o.title == *w || bindings[o.buffer].name == *w;
    if let Some(unknown) = wanted.iter().find(|w| !all.iter().any(|o| mine(o, w))) {
        return Err(UserError::of(
            from,
            format!("'{unknown}' is not an output of '{entry}'; it has: {}", names.join(", ")),
        ));
    }
    all.retain(|o| wanted.iter().any(|w| mine(o, w)));
    if all.is_empty() {
        return Err(UserError::of(from, format!("outputs is empty; '{entry}' has: {}", names.join(", "))));
    }
    Ok(all)
}

/// What a file says that an output is to hold, as the output is compared.
fn expectation(binding: &Binding, len: u64, outputs: &[Output], buffer: usize, found: &Given) -> Result<Bits, String> {
    let name = &binding.name;
    let [kind] = binding.layout.kinds()[..] else {
        return Err(format!("'{name}' holds scalars of several types, and expect is for one type"));
    };
    if !outputs.iter().any(|o| o.buffer == buffer) {
        return Err(format!("'{name}' is not compared, so that nothing can be expected of it; list it in outputs"));
    }
    let count = binding.layout.scalars(len);
    if found.count() != count {
        return Err(format!("'{name}' has {count} scalars, and {} has {}", found.file.file, found.count()));
    }
    let patterns = found.scalars(binding.layout.leaves(len).map(|(_, kind)| kind))?;
    let low = |bits: u64| u32::try_from(bits & 0xffff_ffff).unwrap_or_default();
    let halves = |bits: &u64| u16::try_from(bits & 0xffff).unwrap_or_default();
    Ok(match kind {
        Kind::F16 => Bits::halves(kind.dtype(), &patterns.iter().map(halves).collect::<Vec<_>>()),
        _ if kind.is_wide() => {
            Bits::words(kind.dtype(), patterns.iter().flat_map(|bits| [low(*bits), low(*bits >> 32)]).collect())
        }
        _ => Bits::words(kind.dtype(), patterns.into_iter().map(low).collect()),
    })
}

/// What a buffer holds, and the settings that say so.
fn filling(
    binding: &Binding,
    said: &Contents,
    len: u64,
    elements: u64,
    data: Option<&Given>,
) -> Result<(Option<Filling>, Contents), String> {
    let (name, layout) = (&binding.name, &binding.layout);
    let kinds = layout.kinds();
    let (has_floats, has_ints) = (kinds.iter().any(|k| k.is_float()), kinds.iter().any(|k| !k.is_float()));
    let types = kinds.iter().map(|k| k.name()).collect::<Vec<_>>().join(" and ");
    let open = layout.is_open().then_some(len);
    let drawn = said.dist.or(said.initial);
    if said.dist.is_some() && said.initial.is_some() {
        return Err(format!("'{name}' has dist and initial, which say the same; leave one out"));
    }
    let is_said = drawn.is_some() || said.ints.is_some() || !said.members.is_empty();
    if let Some(data) = data {
        if is_said || said.values.is_some() {
            return Err(format!("'{name}' has data of a file, and values or how to draw them; leave one out"));
        }
        let patterns = data.scalars(layout.leaves(len).map(|(_, kind)| kind)).map_err(|e| format!("'{name}': {e}"))?;
        let filling = Filling {
            floats: Drawn::Zeros,
            ints: Drawn::Zeros,
            values: None,
            patterns: Some(patterns),
            members: Vec::new(),
        };
        return Ok((Some(filling), Contents { len: open, data: Some(data.file.clone()), ..Contents::default() }));
    }
    if said.values.is_some() && is_said {
        return Err(format!("'{name}' has values and says how to draw them; leave one out"));
    }
    if drawn.is_some_and(Drawn::is_for_floats) && !has_floats {
        let drawn = drawn.map(|d| d.to_string()).unwrap_or_default();
        return Err(format!("'{name}' holds {types}, and {drawn} gives floats; use index, bits, zeros or 'below N'"));
    }
    if let Some(ints) = said.ints.filter(|d| !has_ints || d.is_for_floats()) {
        let why = if has_ints { "which gives floats; use dist for them" } else { "and holds no integers" };
        return Err(format!("'{name}' has ints = '{ints}', {why}"));
    }
    if let Some(values) = &said.values {
        let filling = Filling {
            floats: Drawn::Zeros,
            ints: Drawn::Zeros,
            values: Some(values.clone()),
            patterns: None,
            members: Vec::new(),
        };
        let contents = Contents { len: open, values: Some(values.clone()), ..Contents::default() };
        return Ok((Some(filling), contents));
    }
    if binding.writes && !binding.reads && !is_said {
        return Ok((None, Contents { len: open, ..Contents::default() }));
    }
    let (floats, ints) = if binding.uniform {
        let elements = Number::Int(i64::try_from(elements).unwrap_or(i64::MAX));
        (Drawn::Floats(Distribution::Positive), Drawn::Fill(elements))
    } else if layout.atomic || binding.is_made {
        // What a pass makes for the next one starts as WebGPU has it.
        (if binding.is_made { Drawn::Zeros } else { Drawn::Floats(Distribution::Normal) }, Drawn::Zeros)
    } else {
        (Drawn::Floats(Distribution::Normal), Drawn::Index)
    };
    let floats = drawn.unwrap_or(floats);
    let ints = said.ints.or(drawn.filter(|d| !d.is_for_floats())).unwrap_or(ints);
    let contents = Contents {
        len: open,
        dist: has_floats.then_some(floats),
        ints: has_ints.then_some(ints),
        members: said.members.clone(),
        ..Contents::default()
    };
    let members = members(binding, said)?;
    Ok((Some(Filling { floats, ints, values: None, patterns: None, members }), contents))
}

/// The scalars that members name.
fn members(binding: &Binding, said: &Contents) -> Result<Vec<(usize, Number)>, String> {
    let name = &binding.name;
    let known = &binding.layout.members;
    let mut out = Vec::new();
    for (member, scalars) in &said.members {
        let Some((_, range)) = known.iter().find(|(n, _)| n == member) else {
            let names: Vec<_> = known.iter().map(|(n, _)| n.as_str()).collect();
            let has = if names.is_empty() { "it has none of fixed size".to_owned() } else { names.join(", ") };
            return Err(format!("'{name}' has no member '{member}' that can be set; {has}"));
        };
        let given = scalars.all();
        if given.len() != range.len() {
            return Err(format!(
                "member '{member}' of '{name}' is given {} values, and holds {} scalars",
                given.len(),
                range.len()
            ));
        }
        out.extend(range.clone().zip(given.iter().copied()));
    }
    out.sort_by_key(|(index, _)| *index);
    Ok(out)
}

/// A dispatch as said.
fn groups(said: &[u64], from: &str) -> Result<[u32; 3], UserError> {
    let wrong = |why: &str| UserError::of(from, format!("groups = {said:?}: {why}"));
    if said.is_empty() || said.len() > 3 {
        return Err(wrong("one to three counts of workgroups are wanted, x, y and z"));
    }
    if said.contains(&0) {
        return Err(wrong("a count of 0 runs nothing; use at least 1"));
    }
    if said.iter().any(|g| *g > MOST_GROUPS) {
        return Err(wrong("WebGPU guarantees 65535 workgroups in a dimension and no more; use several dimensions"));
    }
    if said.iter().product::<u64>() >= 1 << 32 {
        return Err(wrong("these are 2^32 workgroups or more; use fewer"));
    }
    let count = |i: usize| u32::try_from(said.get(i).copied().unwrap_or(1)).unwrap_or(u32::MAX);
    Ok([count(0), count(1), count(2)])
}

/// As many workgroups as give an invocation to each element.
fn inferred(shader: &Shader, entry: &Entry, elements: u64) -> Result<[u32; 3], UserError> {
    let invocations: u64 = entry.workgroup.iter().map(|n| u64::from(*n)).product();
    let needed = elements.div_ceil(invocations.max(1));
    match u32::try_from(needed) {
        Ok(x) if needed <= MOST_GROUPS => Ok([x.max(1), 1, 1]),
        _ => Err(shader.error(format!(
            "{elements} elements of the output need {needed} workgroups of {invocations}, and WebGPU guarantees 65535 in a \
             dimension; say how they are laid out with --groups X,Y,Z"
        ))),
    }
}
