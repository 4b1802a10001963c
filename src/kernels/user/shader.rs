//! A shader of the user's own: checked, its entry point chosen, its buffers listed.

use std::collections::BTreeMap;

use naga::valid::GlobalUse;
use naga::{AddressSpace, GlobalVariable, Handle, ShaderStage, StorageAccess};

use super::error::UserError;
use super::layout::Layout;
use super::settings::Number;
use crate::kernels::{Feature, Slot};
use crate::wgsl::directives::{Prepared, prepare};
use crate::wgsl::{Checked, examine};

/// A file of WGSL that is valid.
#[derive(Debug)]
pub(super) struct Shader {
    /// As the user named it.
    pub(super) file: String,
    /// The text.
    pub(super) source: String,
    /// The text as naga reads it, line for line the same.
    pub(super) prepared: String,
    /// What its directives ask of an adapter.
    enabled: Vec<Feature>,
    checked: Checked,
}

/// One entry point, with values for the overrides.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) checked: Checked,
    /// Invocations of a workgroup in x, y and z.
    pub(super) workgroup: [u32; 3],
    /// The overrides by the names that a pipeline knows them by.
    pub(super) overrides: Vec<(String, f64)>,
}

/// A buffer that an entry point uses.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) slot: Slot,
    /// `var<uniform>`.
    pub(super) uniform: bool,
    /// `read_write`.
    pub(super) writable: bool,
    /// Whether the entry point reads it.
    pub(super) reads: bool,
    /// Whether it writes it.
    pub(super) writes: bool,
    /// Whether a pass writes it before any reads it.
    pub(super) is_made: bool,
    pub(super) layout: Layout,
}

impl Shader {
    /// Parses and validates.
    ///
    /// # Errors
    /// naga's complaint with file, line and column; a file without compute entry points.
    pub(super) fn new(file: &str, source: &str) -> Result<Self, UserError> {
        let Prepared { text, features } = prepare(source);
        let checked = examine(&text).map_err(|fault| UserError::shader(file, &fault))?;
        let shader =
            Self { file: file.to_owned(), source: source.to_owned(), prepared: text, enabled: features, checked };
        if shader.entries().is_empty() {
            let others = shader.checked.module.entry_points.len();
            let why = if others == 0 { "it has no entry point" } else { "it has no compute entry point" };
            return Err(shader.error(format!("{why}; mark one with @compute @workgroup_size(64)")));
        }
        Ok(shader)
    }

    /// An error of this file.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> UserError {
        UserError::of(&self.file, message)
    }

    /// An error on a line of this file; 0 where it is not known.
    pub(super) fn error_on(&self, line: u32, message: impl std::fmt::Display) -> UserError {
        UserError::on(&self.file, line, message)
    }

    fn entries(&self) -> Vec<&str> {
        let all = &self.checked.module.entry_points;
        all.iter().filter(|e| e.stage == ShaderStage::Compute).map(|e| e.name.as_str()).collect()
    }

    /// The entry point of this name, or the only one.
    ///
    /// # Errors
    /// None of that name, or several and no name.
    pub(super) fn choose(&self, wanted: Option<&str>) -> Result<String, UserError> {
        let all = self.entries();
        match (wanted, all.as_slice()) {
            (Some(name), _) if all.contains(&name) => Ok(name.to_owned()),
            (Some(name), _) => Err(self
                .error(format!("it has no compute entry point '{name}'; choose one with --entry: {}", all.join(", ")))),
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(self.error(format!(
                "it has {} compute entry points; choose one with --entry, or list them as passes = [{{ entry = \"…\" }}, …] in \
                 the settings: {}",
                all.len(),
                all.join(", ")
            ))),
        }
    }

    /// Whether the shader has a buffer of this name, whoever uses it.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.checked.module.global_variables.iter().any(|(_, v)| v.name.as_deref() == Some(name) && v.binding.is_some())
    }

    /// An entry point with these values for the overrides.
    ///
    /// # Errors
    /// A value that is not finite or does not fit, one that is missing, a name that is not known.
    pub(super) fn entry(&self, name: &str, values: &BTreeMap<String, Number>) -> Result<Entry, UserError> {
        let declared = &self.checked.module.overrides;
        let names = || {
            let all: Vec<_> = declared.iter().filter_map(|(_, o)| o.name.clone()).collect();
            if all.is_empty() { "it has none".to_owned() } else { format!("they are: {}", all.join(", ")) }
        };
        let mut overrides = Vec::new();
        for (given, number) in values {
            let id = given.parse::<u16>().ok();
            let mut all = declared.iter().map(|(_, o)| o);
            let Some(found) = all.find(|o| o.name.as_deref() == Some(given) || id.is_some() && o.id == id) else {
                return Err(self.error(format!("'{given}' is not an override of the shader; {}", names())));
            };
            let value = number.value();
            if !value.is_finite() {
                return Err(self.error(format!("override '{given}' is {number}; a finite number is wanted")));
            }
            let key = found.id.map_or_else(|| found.name.clone().unwrap_or_default(), |id| id.to_string());
            if overrides.iter().any(|(there, _)| *there == key) {
                return Err(self.error(format!(
                    "override '{given}' is given twice, by its name and by its id; use the one that the settings use"
                )));
            }
            overrides.push((key, value));
        }
        let checked = self.checked.specialised(name, &overrides).map_err(|e| {
            let message = e.to_string().replace("the shader was refused: ", "");
            let missing = declared.iter().map(|(_, o)| o).find(|o| {
                let key = o.id.map(|id| id.to_string()).or_else(|| o.name.clone());
                o.init.is_none() && key.is_some_and(|key| !overrides.iter().any(|(given, _)| *given == key))
            });
            match missing.and_then(|o| o.name.as_ref()).filter(|_| message.contains("Missing value")) {
                Some(name) => self.error(format!(
                    "override '{name}' has no value and no default; give one with --override {name}=VALUE"
                )),
                None => self.error(format!("the values of the overrides do not fit: {}", flat(&message))),
            }
        })?;
        let point = checked.module.entry_points.iter().find(|e| e.name == name && e.stage == ShaderStage::Compute);
        let workgroup = point.map(|e| e.workgroup_size).ok_or_else(|| self.error(format!("'{name}' is gone")))?;
        Ok(Entry { name: name.to_owned(), checked, workgroup, overrides })
    }

    /// What entry points ask of an adapter: what they use, and what the directives ask for, used or not.
    pub(super) fn features<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Vec<Feature> {
        let mut all: Vec<Feature> = Vec::new();
        for feature in entries.flat_map(|entry| entry.checked.features()).chain(self.enabled.iter().copied()) {
            if !all.contains(&feature) {
                all.push(feature);
            }
        }
        all
    }

    /// The buffers that an entry point uses, by group and binding.
    ///
    /// # Errors
    /// Anything else that it is bound to, by name.
    pub(super) fn bindings(&self, entry: &Entry) -> Result<Vec<Binding>, UserError> {
        let module = &entry.checked.module;
        let Some(index) = module.entry_points.iter().position(|e| e.name == entry.name) else {
            return Err(self.error(format!("'{}' is gone", entry.name)));
        };
        let used = entry.checked.info.get_entry_point(index);
        let mut out = Vec::new();
        for (handle, variable) in module.global_variables.iter() {
            let usage = used[handle];
            if usage.is_empty() {
                continue;
            }
            if let Some(binding) = self.binding(entry, handle, variable, usage)? {
                out.push(binding);
            }
        }
        out.sort_by_key(|b| b.slot);
        Ok(out)
    }

    /// The buffers of several entry points that run one after another, by group and binding.
    ///
    /// # Errors
    /// As [`Shader::bindings`].
    pub(super) fn shared(&self, entries: &[Entry]) -> Result<Vec<Binding>, UserError> {
        let mut all: Vec<Binding> = Vec::new();
        for entry in entries {
            for binding in self.bindings(entry)? {
                match all.iter_mut().find(|known| known.slot == binding.slot) {
                    Some(known) => {
                        known.is_made |= known.writes && !known.reads && binding.reads;
                        known.reads |= binding.reads;
                        known.writes |= binding.writes;
                    }
                    None => all.push(binding),
                }
            }
        }
        all.sort_by_key(|b| b.slot);
        Ok(all)
    }

    fn binding(
        &self,
        entry: &Entry,
        handle: Handle<GlobalVariable>,
        variable: &GlobalVariable,
        usage: GlobalUse,
    ) -> Result<Option<Binding>, UserError> {
        let module = &entry.checked.module;
        let name = variable.name.clone().unwrap_or_default();
        let span = module.global_variables.get_span(handle);
        let line = if span.is_defined() { span.location(&self.source).line_number } else { 0 };
        let refuse = |what: &str| {
            Err(self.error_on(
                line,
                format!(
                    "'{name}' is {what}, which this program does not give a kernel; put what it holds into \
                 a storage buffer (var<storage>) and index that"
                ),
            ))
        };
        let (uniform, writable) = match variable.space {
            AddressSpace::Uniform => (true, false),
            AddressSpace::Storage { access } => (false, access.contains(StorageAccess::STORE)),
            AddressSpace::Handle => {
                return refuse(match &module.types[variable.ty].inner {
                    naga::TypeInner::Image { class: naga::ImageClass::Storage { .. }, .. } => "a storage texture",
                    naga::TypeInner::Image { .. } => "a texture",
                    naga::TypeInner::Sampler { .. } => "a sampler",
                    naga::TypeInner::BindingArray { .. } => "a binding array",
                    naga::TypeInner::AccelerationStructure { .. } => "an acceleration structure",
                    _ => "no buffer",
                });
            }
            AddressSpace::Immediate => return refuse("immediate data (var<immediate>)"),
            _ => return Ok(None),
        };
        let Some(bound) = &variable.binding else { return refuse("a buffer without @group and @binding") };
        let layout = Layout::new(module, variable.ty)
            .map_err(|what| self.error_on(line, format!("'{name}' holds {what}, which cannot be filled")))?;
        Ok(Some(Binding {
            name,
            slot: Slot { group: bound.group, binding: bound.binding },
            uniform,
            writable,
            // A length may be all that is asked of a buffer; it must be there all the same.
            reads: usage.intersects(GlobalUse::READ | GlobalUse::ATOMIC),
            writes: usage.intersects(GlobalUse::WRITE | GlobalUse::ATOMIC),
            is_made: false,
            layout,
        }))
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
