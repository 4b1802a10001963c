//! The comparisons of one case: which pairs of outputs, on which axis.

use super::AuditError;
use super::blobs::Blobs;
use super::truth::Truth;
use super::worker::Response;
use crate::facts::{axis, severity};
use crate::model::AdapterIdentity;
use crate::model::bits::{Bits, Dtype};
use crate::numerics::drift::{Drift, measure};
use crate::record::{AxisLevel, Comparison, Engine, EngineKind, Role, Side};

/// One engine's answer to one case.
pub(super) struct Responded<'a> {
    pub(super) engine: &'a Engine,
    pub(super) response: &'a Response,
}

impl Responded<'_> {
    /// The first run's digest, where it ran.
    pub(super) fn digest(&self) -> Option<&str> {
        match self.response {
            Response::Ran { distinct, .. } => distinct.first().map(|d| d.digest.as_str()),
            _ => None,
        }
    }

    /// Whether this is an adapter as it is, without varied variables.
    fn is_plain_adapter(&self) -> bool {
        self.engine.kind == EngineKind::Adapter && self.engine.variables.is_empty()
    }
}

/// The first configuration of a problem that an engine ran, which its others are compared with.
#[derive(Debug, Clone)]
pub(super) struct FirstConfig {
    pub(super) engine: String,
    pub(super) config: String,
    pub(super) digest: String,
}

/// Loads outputs and measures pairs of them.
pub(super) struct Pairs<'a> {
    pub(super) blobs: &'a Blobs,
    pub(super) dtype: Dtype,
    pub(super) len: usize,
    /// Pairs already measured, by digests: several engines often share one output.
    cache: Vec<(String, String, Drift)>,
    loaded: Vec<(String, Bits)>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(blobs: &'a Blobs, dtype: Dtype, len: usize) -> Self {
        Self { blobs, dtype, len, cache: Vec::new(), loaded: Vec::new() }
    }

    /// The output of this digest.
    pub(super) fn bits(&mut self, digest: &str) -> Result<&Bits, AuditError> {
        let at = match self.loaded.iter().position(|(d, _)| d == digest) {
            Some(at) => at,
            None => {
                self.loaded.push((digest.to_owned(), self.blobs.get(digest, self.dtype, self.len)?));
                self.loaded.len() - 1
            }
        };
        Ok(&self.loaded[at].1)
    }

    /// The drift between two stored outputs.
    pub(super) fn drift(&mut self, left: &str, right: &str) -> Result<Drift, AuditError> {
        if let Some((_, _, drift)) = self.cache.iter().find(|(l, r, _)| l == left && r == right) {
            return Ok(drift.clone());
        }
        self.bits(left)?;
        self.bits(right)?;
        let find = |digest: &str| self.loaded.iter().find(|(d, _)| d == digest).map(|(_, b)| b);
        let drift = find(left).zip(find(right)).and_then(|(l, r)| measure(l, r)).ok_or(AuditError::Shape)?;
        self.cache.push((left.to_owned(), right.to_owned(), drift.clone()));
        Ok(drift)
    }

    /// The drift from a twin to a stored output.
    pub(super) fn twin_drift(&mut self, twin: &Bits, twin_digest: &str, right: &str) -> Result<Drift, AuditError> {
        if let Some((_, _, drift)) = self.cache.iter().find(|(l, r, _)| l == twin_digest && r == right) {
            return Ok(drift.clone());
        }
        let drift = measure(twin, self.bits(right)?).ok_or(AuditError::Shape)?;
        self.cache.push((twin_digest.to_owned(), right.to_owned(), drift.clone()));
        Ok(drift)
    }
}

/// All comparisons of one case.
pub(super) fn compare(
    responses: &[Responded<'_>],
    truth: &Truth,
    firsts: &[FirstConfig],
    pairs: &mut Pairs<'_>,
) -> Result<Vec<Comparison>, AuditError> {
    let mut out = Vec::new();
    for one in responses {
        let Some(digest) = one.digest() else { continue };
        let id = &one.engine.id;
        let right = || Side::Engine(id.clone());
        if let Some(twin) = truth.strict().filter(|_| one.engine.kind == EngineKind::Adapter) {
            let drift = pairs.twin_drift(&twin.bits, &twin.digest, digest)?;
            out.push(Comparison { axis: AxisLevel::Engine, left: Side::STRICT, right: right(), drift });
        }
        if let Response::Ran { runs, distinct, kept, .. } = one.response
            && *runs > 1
        {
            // Of the other results, the one that is furthest from the first; the first itself where there is no other.
            let mut worst: Option<Drift> = None;
            for other in distinct.iter().take(*kept).skip(1) {
                let drift = pairs.drift(digest, &other.digest)?;
                let worse = |w: &Drift| severity(pairs.dtype, &drift) > severity(pairs.dtype, w);
                if worst.as_ref().is_none_or(worse) {
                    worst = Some(drift);
                }
            }
            let drift = match worst {
                Some(drift) => drift,
                None => pairs.drift(digest, digest)?,
            };
            let left = Side::Run(id.clone(), 1);
            out.push(Comparison { axis: AxisLevel::Repeat, left, right: right(), drift });
        }
        if let Some(first) = firsts.iter().find(|f| f.engine == *id) {
            let drift = pairs.drift(&first.digest, digest)?;
            out.push(Comparison {
                axis: AxisLevel::Config,
                left: Side::Configured(id.clone(), first.config.clone()),
                right: right(),
                drift,
            });
        }
        if let Some(base) = plain_of(responses, one)
            && let Some(reference) = base.digest()
        {
            let drift = pairs.drift(reference, digest)?;
            let left = Side::Engine(base.engine.id.clone());
            out.push(Comparison { axis: AxisLevel::Threads, left, right: right(), drift });
        }
    }
    let plain: Vec<_> = responses.iter().filter(|h| h.is_plain_adapter()).collect();
    for (i, left) in plain.iter().enumerate() {
        for right in &plain[i + 1..] {
            if !comparable(left.engine, right.engine) {
                continue;
            }
            let (Some(l), Some(r)) = (left.digest(), right.digest()) else { continue };
            let axis = axis(left.engine, right.engine);
            let drift = pairs.drift(l, r)?;
            let [left, right] = [left, right].map(|h| Side::Engine(h.engine.id.clone()));
            out.push(Comparison { axis, left, right, drift });
        }
    }
    Ok(out)
}

/// The engine that differs from `one` only by its varied variables: the plain adapter, or the CPU with the fewest
/// threads. `None` for that engine itself.
fn plain_of<'h, 'e>(responses: &'h [Responded<'e>], one: &Responded<'_>) -> Option<&'h Responded<'e>> {
    if one.engine.variables.is_empty() {
        return None;
    }
    let found = responses.iter().find(|h| match one.engine.kind {
        EngineKind::Cpu => h.engine.kind == EngineKind::Cpu && h.digest().is_some(),
        EngineKind::Adapter => h.is_plain_adapter() && same_place(h.engine, one.engine),
    });
    found.filter(|h| h.engine.id != one.engine.id)
}

/// Whether two adapters are compared. The embedded one is a reference and no adapter that a driver could agree with, which
/// the twin says already; planted defects are compared with it, not with one another; and remote engines, which compute
/// in orders of their own, among themselves.
fn comparable(left: &Engine, right: &Engine) -> bool {
    match (left.role(), right.role()) {
        (Role::Remote, other) | (other, Role::Remote) => other == Role::Remote,
        (Role::Reference, other) | (other, Role::Reference) => other.is_interpreter(),
        (left, right) => left.is_driver() && right.is_driver(),
    }
}

fn same_place(left: &Engine, right: &Engine) -> bool {
    let place = |e: &Engine| e.adapter.as_ref().map(AdapterIdentity::id);
    place(left) == place(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(mode: &str, index: usize) -> Engine {
        let identity = crate::engines::interpreter::identity(&mode.parse().expect("a mode"), index);
        let mut engine = adapter("embedded", 0, 0, 0, "");
        engine.adapter = Some(identity);
        engine
    }

    fn adapter(backend: &str, index: usize, vendor: u32, device: u32, name: &str) -> Engine {
        let identity = AdapterIdentity {
            name: name.to_owned(),
            index,
            vendor,
            device,
            driver_info: backend.to_owned(),
            ..AdapterIdentity::unlisted(backend)
        };
        Engine {
            id: format!("{backend}:{index}"),
            label: name.to_owned(),
            kind: EngineKind::Adapter,
            adapter: Some(identity),
            variables: std::collections::BTreeMap::new(),
            status: crate::record::EngineStatus::Complete,
            limits: Vec::new(),
        }
    }

    #[test]
    fn drivers_are_not_compared_with_the_interpreter() {
        use crate::kernels::{Allowance, Exact, Problem};
        use crate::numerics::arith::Arithmetic;

        struct Nothing;
        impl Problem for Nothing {
            fn shape(&self) -> (Dtype, usize) {
                (Dtype::F32, 1)
            }
            fn twin(&self, _: Arithmetic, _: usize) -> Option<Bits> {
                Some(Bits::f32(&[1.0]))
            }
            fn exact(&self) -> Option<Exact> {
                None
            }
            fn allowance(&self) -> Allowance {
                Allowance::Exact
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(folder.path(), "case", "problem");
        let bits = Bits::f32(&[1.0]);
        let digest = bits.digest();
        blobs.put(&bits, &digest).expect("stored");
        let named = |id: &str, mut engine: Engine| {
            engine.id = id.to_owned();
            engine
        };
        let engines = [
            named("vulkan:0", adapter("vulkan", 0, 0x10de, 0x2504, "card")),
            named("vulkan:1", adapter("vulkan", 1, 0x10005, 0, "llvmpipe")),
            named("embedded:0", embedded("strict", 0)),
            named("embedded:1", embedded("contract", 1)),
            named("embedded:2", embedded("flush", 2)),
        ];
        let distinct = vec![crate::record::Distinct { digest, runs: 2, bits: None }];
        let response = Response::Ran { runs: 2, distinct, kept: 1, seconds: 0.0, findings: Vec::new() };
        let responses: Vec<_> = engines.iter().map(|engine| Responded { engine, response: &response }).collect();
        let case = crate::kernels::case::Case::parse("sum/serial_tree").expect("a case");
        let truth = Truth::new(Box::new(Nothing), &case, 1, &mut super::super::truth::Known::default());
        let found = compare(&responses, &truth, &[], &mut Pairs::new(&blobs, Dtype::F32, 1)).expect("compared");
        let pairs: Vec<_> = found
            .iter()
            .filter(|c| matches!(c.axis, AxisLevel::Driver | AxisLevel::Adapter))
            .map(|c| (c.axis, c.left.to_string(), c.right.to_string()))
            .collect();
        let expected = [
            (AxisLevel::Adapter, "vulkan:0", "vulkan:1"),
            (AxisLevel::Driver, "embedded:0", "embedded:1"),
            (AxisLevel::Driver, "embedded:0", "embedded:2"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(axis, l, r)| (axis, l.to_owned(), r.to_owned())),
            "drivers among themselves, defects with the strict one"
        );
        let twins = found.iter().filter(|c| c.axis == AxisLevel::Engine).count();
        assert_eq!(twins, 5, "each against the twin");
    }
}
