//! Compute shaders in GLSL and SPIR-V, as WGSL that means the same: naga reads them and writes them. What runs is that text, on every
//! engine alike, so that lines are its lines.

use naga::front::{glsl, spv};
use naga::{Module, ShaderStage};

use super::{Fault, capabilities, place, validator, with_deep_stack};

/// The languages besides WGSL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// GLSL of a compute shader.
    Glsl,
    /// A module in words of SPIR-V.
    SpirV,
}

/// SPIR-V's first word.
const MAGIC: u32 = 0x0723_0203;

impl Language {
    /// The language of a file, by its content; `None` of WGSL.
    pub(crate) fn of(content: &[u8]) -> Option<Self> {
        if let Some(word) = content.first_chunk::<4>()
            && (u32::from_le_bytes(*word) == MAGIC || u32::from_be_bytes(*word) == MAGIC)
        {
            return Some(Self::SpirV);
        }
        let text = std::str::from_utf8(content).ok()?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        lines.next().is_some_and(|line| line.starts_with("#version")).then_some(Self::Glsl)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Glsl => "GLSL",
            Self::SpirV => "SPIR-V",
        }
    }

    /// The same as WGSL.
    ///
    /// # Errors
    /// What naga does not read, or has no WGSL for.
    pub(crate) fn translate(self, content: &[u8]) -> Result<String, Fault> {
        let work = || with_deep_stack(|| self.module(content).and_then(|(module, source)| written(&module, source)));
        // naga's front ends for these are younger than that for WGSL, and some modules make them panic. Nothing of theirs is kept,
        // and no other thread runs yet whose panic would go unseen.
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        std::panic::set_hook(told);
        done.unwrap_or_else(|_| {
            Err(Fault { place: None, message: "naga's front end fails on it; translate it to WGSL by hand".to_owned() })
        })
    }

    fn module(self, content: &[u8]) -> Result<(Module, &str), Fault> {
        match self {
            Self::Glsl => {
                let source = std::str::from_utf8(content).unwrap_or_default();
                let options = glsl::Options::from(ShaderStage::Compute);
                let module = glsl::Frontend::default().parse(&options, source).map_err(|e| match e.errors.first() {
                    Some(first) => Fault {
                        place: place(first.location(source)),
                        message: super::one_line(&[first.kind.to_string()]),
                    },
                    None => Fault { place: None, message: "it can't be parsed".to_owned() },
                })?;
                Ok((module, source))
            }
            Self::SpirV => {
                let module = spv::parse_u8_slice(content, &spv::Options::default())
                    .map_err(|e| Fault { place: None, message: super::one_line(&[e.to_string()]) })?;
                Ok((module, ""))
            }
        }
    }
}

fn written(module: &Module, source: &str) -> Result<String, Fault> {
    let info = validator(capabilities()).validate(module).map_err(|e| {
        let fault = super::invalid(&e, source);
        // Of SPIR-V there is no text that a place would be in.
        if source.is_empty() { Fault { place: None, ..fault } } else { fault }
    })?;
    naga::back::wgsl::write_string(module, &info, naga::back::wgsl::WriterFlags::empty())
        .map_err(|e| Fault { place: None, message: format!("it can't be written as WGSL: {e}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_content() {
        assert_eq!(Language::of(b"// a\n\n#version 450\nvoid main() {}"), Some(Language::Glsl), "GLSL");
        assert_eq!(Language::of(&MAGIC.to_le_bytes()), Some(Language::SpirV), "SPIR-V");
        assert_eq!(Language::of(&MAGIC.to_be_bytes()), Some(Language::SpirV), "of the other byte order");
        assert_eq!(Language::of(b"@compute @workgroup_size(1) fn main() {}"), None, "WGSL");
        assert_eq!(Language::of(b""), None, "nothing");
    }

    #[test]
    fn what_is_no_module_is_one_fault_and_no_panic() {
        for (language, content) in [
            (Language::Glsl, &b"#version 450\nvoid main() { int x = ; }"[..]),
            (Language::Glsl, b"#version 450\n#error no\n"),
            (Language::SpirV, &MAGIC.to_le_bytes()),
            (
                Language::SpirV,
                &[0x03, 0x02, 0x23, 0x07, 0, 0, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 255, 255, 9, 0],
            ),
        ] {
            let fault = language.translate(content).expect_err("it is refused");
            assert!(!fault.message.is_empty() && !fault.message.contains('\n'), "{language:?}: {fault:?}");
        }
    }
}
