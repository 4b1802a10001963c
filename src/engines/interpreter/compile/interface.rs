//! What an entry point sees from outside: buffers, workgroup and private variables, built-in values.

use naga::valid::FunctionInfo;
use naga::{AddressSpace, Binding as Bound, BuiltIn, TypeInner};

use super::{Compiler, Global, Refusal, Value};
use crate::engines::interpreter::code::{Binding, Block, Input, Row};
use crate::engines::interpreter::layout::Unsupported;

impl Compiler<'_> {
    /// Places the globals that the entry point uses, and emits what initialises them.
    pub(super) fn globals(&mut self, used: &FunctionInfo, body: &mut Block) -> Result<(), Refusal> {
        for (handle, variable) in self.module().global_variables.iter() {
            if used[handle].is_empty() {
                continue;
            }
            let line = self.line(self.module().global_variables.get_span(handle));
            let here = |mut refusal: Refusal| {
                refusal.line = line;
                refusal
            };
            let inner = &self.module().types[variable.ty].inner;
            let place = match variable.space {
                AddressSpace::Private => {
                    let len = self.layouts.words(inner).map_err(|e| here(e.into()))?;
                    let first = self.variable(len).map_err(here)?;
                    let value = match variable.init {
                        Some(init) => Some(self.global_constant(init).map_err(here)?),
                        None => None,
                    };
                    self.initialise(first, len, value.as_deref(), body);
                    Global::Rows { first, len }
                }
                AddressSpace::WorkGroup => {
                    let words = self.layouts.words(inner).map_err(|e| here(e.into()))?;
                    let offset = self.code.shared;
                    match offset.checked_add(words).filter(|all| *all <= 1 << 22) {
                        Some(all) => self.code.shared = all,
                        None => return self.refuse("more than 16 MiB of workgroup memory", line),
                    }
                    Global::Shared { offset }
                }
                AddressSpace::Uniform | AddressSpace::Storage { .. } => {
                    let Some(binding) = &variable.binding else {
                        return self.refuse("a buffer without a binding", line);
                    };
                    let least = self.least_bytes(inner).map_err(|e| here(e.into()))?;
                    let writable = matches!(
                        variable.space,
                        AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE)
                    );
                    self.code.bindings.push(Binding {
                        name: variable.name.clone().unwrap_or_default(),
                        group: binding.group,
                        binding: binding.binding,
                        uniform: variable.space == AddressSpace::Uniform,
                        writable,
                        least,
                        halves: false,
                    });
                    Global::Buffer(self.code.bindings.len() - 1)
                }
                AddressSpace::Handle => return self.refuse("textures, samplers and other handles", line),
                AddressSpace::Immediate => return self.refuse("immediate data (var<immediate>)", line),
                other => return self.refuse(format!("variables of the address space {other:?}"), line),
            };
            self.globals.insert(handle, place);
        }
        Ok(())
    }

    /// The bytes that a buffer of this type has at least: with one element where it has no fixed size.
    fn least_bytes(&self, inner: &TypeInner) -> Result<u32, Unsupported> {
        let module = self.module();
        match inner {
            TypeInner::Array { base, size: naga::ArraySize::Dynamic, .. } => {
                self.least_bytes(&module.types[*base].inner)
            }
            TypeInner::Struct { members, span } => match members.last() {
                Some(last) => match &module.types[last.ty].inner {
                    array @ TypeInner::Array { size: naga::ArraySize::Dynamic, .. } => {
                        Ok((last.offset + self.least_bytes(array)?).max(*span))
                    }
                    _ => Ok(*span),
                },
                None => Ok(*span),
            },
            // Checks that the machine knows every scalar, too.
            _ => {
                self.layouts.words(inner)?;
                Ok(inner.size(module.to_ctx()))
            }
        }
    }

    pub(super) fn entry_argument(&mut self, argument: &naga::FunctionArgument) -> Result<Value, Refusal> {
        let module = self.module();
        let mut rows = Vec::new();
        match (&argument.binding, &module.types[argument.ty].inner) {
            (Some(binding), _) => rows.extend(self.entry_input(binding)?),
            (None, TypeInner::Struct { members, .. }) => {
                for member in members {
                    let Some(binding) = &member.binding else {
                        return self.refuse("an entry point argument without a built-in value", 0);
                    };
                    rows.extend(self.entry_input(binding)?);
                }
            }
            (None, _) => return self.refuse("an entry point argument without a built-in value", 0),
        }
        Ok(Value::Rows(rows))
    }

    fn entry_input(&mut self, binding: &Bound) -> Result<Vec<Row>, Refusal> {
        let Bound::BuiltIn(builtin) = binding else {
            return self.refuse("an entry point argument at a location", 0);
        };
        let three: fn(usize) -> Input = match builtin {
            BuiltIn::GlobalInvocationId => Input::GlobalInvocationId,
            BuiltIn::LocalInvocationId => Input::LocalInvocationId,
            BuiltIn::WorkGroupId => Input::WorkGroupId,
            BuiltIn::NumWorkGroups => Input::NumWorkGroups,
            BuiltIn::WorkGroupSize => {
                let size = self.code.workgroup;
                return size.iter().map(|s| self.constant(*s)).collect();
            }
            BuiltIn::LocalInvocationIndex => return Ok(vec![self.input(Input::LocalInvocationIndex)?]),
            BuiltIn::SubgroupSize => return Ok(vec![self.input(Input::SubgroupSize)?]),
            BuiltIn::SubgroupInvocationId => return Ok(vec![self.input(Input::SubgroupInvocationId)?]),
            BuiltIn::SubgroupId => return Ok(vec![self.input(Input::SubgroupId)?]),
            BuiltIn::NumSubgroups => return Ok(vec![self.input(Input::NumSubgroups)?]),
            other => return self.refuse(format!("the built-in value {other:?}"), 0),
        };
        (0..3).map(|k| self.input(three(k))).collect()
    }
}
