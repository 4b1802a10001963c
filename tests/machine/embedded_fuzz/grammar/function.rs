//! Functions, and the entry point.

use super::types::{Scalar, Ty, U32};
use super::{BUDGET, Grammar, Local, Phase};

/// A function that later ones may call.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    name: String,
    values: Vec<Ty>,
    /// The type behind its pointer, and the pointer's address space.
    pointer: Option<(Ty, &'static str)>,
    result: Option<Ty>,
    cost: u64,
}

impl Grammar<'_> {
    /// Invocations in a workgroup.
    pub(super) fn size(&self) -> usize {
        self.invocations / self.groups_count
    }

    pub(super) fn function(&mut self) {
        let name = self.fresh("fun");
        let values: Vec<Ty> = (0..self.bytes.below(3)).map(|_| self.ty(false, 1)).collect();
        let pointer = match self.bytes.below(4) {
            0 => None,
            1 => Some((self.privates[0].1.clone(), "private")),
            _ => Some((self.ty(false, 2), "function")),
        };
        let result = if self.bytes.chance(50) { None } else { Some(self.plain(false)) };
        let mut parameters = Vec::new();
        for (k, ty) in values.iter().enumerate() {
            parameters.push(format!("a{k}: {}", ty.name()));
            self.scope.push(Local { text: format!("a{k}"), ty: ty.clone(), writable: false, pointer: None });
        }
        if let Some((ty, space)) = &pointer {
            parameters.push(format!("ap: ptr<{space}, {}>", ty.name()));
            let pointer = Some(("ap".to_owned(), *space));
            self.scope.push(Local { text: "(*ap)".to_owned(), ty: ty.clone(), writable: true, pointer });
        }
        let arrow = result.as_ref().map(|t| format!(" -> {}", t.name())).unwrap_or_default();
        self.line(&format!("fn {name}({}){arrow} {{", parameters.join(", ")));
        self.indent += 1;
        self.cost = 0;
        self.weight = 1;
        self.result = Some(result.clone());
        let count = 1 + self.bytes.below(4);
        self.statements(count, 2);
        if let Some(ty) = &result {
            let value = self.expression(ty, 2);
            self.line(&format!("return {value};"));
        }
        self.result = None;
        self.indent -= 1;
        self.line("}");
        self.scope.clear();
        self.functions.push(Signature { name, values, pointer, result, cost: self.cost + 2 });
    }

    /// A call of a function with this result; `None` where there is none, or it would take too long.
    pub(super) fn call(&mut self, ty: &Ty, depth: usize) -> Option<String> {
        self.call_any(depth, |s| s.result.as_ref() == Some(ty))
    }

    pub(super) fn call_any(&mut self, depth: usize, want: impl Fn(&Signature) -> bool) -> Option<String> {
        let left = BUDGET.saturating_sub(self.cost) / self.weight;
        let fitting: Vec<Signature> = self.functions.iter().filter(|s| s.cost <= left && want(s)).cloned().collect();
        if fitting.is_empty() || self.depth_of_index > 0 {
            return None;
        }
        let chosen = fitting[self.bytes.below(fitting.len())].clone();
        let mut arguments: Vec<String> =
            chosen.values.iter().map(|t| self.expression(t, depth.saturating_sub(1).min(1))).collect();
        if let Some((ty, space)) = &chosen.pointer {
            let known: Vec<String> = self
                .scope
                .iter()
                .filter(|l| l.ty == *ty)
                .filter_map(|l| l.pointer.as_ref().filter(|(_, s)| s == space).map(|(p, _)| p.clone()))
                .collect();
            if known.is_empty() {
                if *space == "private" {
                    return None;
                }
                let name = self.fresh("t");
                self.before.push(format!("var {name}: {};", ty.name()));
                arguments.push(format!("&{name}"));
            } else {
                arguments.push(known[self.bytes.below(known.len())].clone());
            }
        }
        self.cost += self.weight * chosen.cost;
        Some(format!("{}({})", chosen.name, arguments.join(", ")))
    }

    pub(super) fn main(&mut self, size: [u32; 3], groups: [u32; 3]) {
        let [x, y, z] = size;
        self.line(&format!("@compute @workgroup_size({x}, {y}, {z})"));
        self.line("fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3<u32>,");
        self.line("    @builtin(local_invocation_id) lid3: vec3<u32>, @builtin(global_invocation_id) gid: vec3<u32>,");
        self.line("    @builtin(num_workgroups) many: vec3<u32>) {");
        self.indent += 1;
        let [gx, gy, _] = groups;
        self.line(&format!("own = ((wid.z * {gy}u + wid.y) * {gx}u + wid.x) * {}u + lid;", x * y * z));
        let three = Ty::Vector(Scalar::U32, 3);
        for (name, ty) in [("lid", &U32), ("lid3", &three), ("gid", &three), ("wid", &three), ("many", &three)] {
            self.scope.push(Local { text: name.to_owned(), ty: ty.clone(), writable: false, pointer: None });
        }
        let q = self.privates[0].1.clone();
        let pointer = Some(("&q".to_owned(), "private"));
        self.scope.push(Local { text: "q".to_owned(), ty: q, writable: true, pointer });
        (self.cost, self.weight) = (0, 1);
        self.phase = Phase::Own;
        for _ in 0..1 + self.bytes.below(3) {
            let count = 2 + self.bytes.below(5);
            self.statements(count, 3);
            self.collective();
        }
        self.hash();
        self.indent -= 1;
        self.line("}");
    }

    /// What only uniform control flow allows.
    fn collective(&mut self) {
        match self.bytes.below(5) {
            0 | 1 => self.barrier(),
            2 => {
                // In a loop that all go through equally often, and back in the same phase.
                let name = self.fresh("u");
                self.line(&format!("for (var {name} = 0u; {name} < 3u; {name}++) {{"));
                self.indent += 1;
                self.weight *= 3;
                let scope = self.scope.len();
                for _ in 0..2 {
                    let count = 1 + self.bytes.below(2);
                    self.statements(count, 2);
                    self.barrier();
                }
                self.scope.truncate(scope);
                self.weight /= 3;
                self.indent -= 1;
                self.line("}");
            }
            3 => {
                let value = self.expression(&Ty::Vector(Scalar::U32, 2), 2);
                self.line(&format!("if lid == 0u {{ wu = {value}; }}"));
                let name = self.fresh("l");
                self.line(&format!("let {name} = workgroupUniformLoad(&wu);"));
                // It has two barriers of its own: what was written before it may be read, and is not written again.
                let ty = Ty::Vector(Scalar::U32, 2);
                self.scope.push(Local { text: name, ty, writable: false, pointer: None });
            }
            _ if self.rules.subgroups => self.subgroup(),
            _ => {}
        }
    }

    fn barrier(&mut self) {
        if self.bytes.chance(60) {
            self.line("storageBarrier();");
        }
        self.line("workgroupBarrier();");
        self.phase = if self.phase == Phase::Own { Phase::Shared } else { Phase::Own };
    }

    /// Subgroup operations whose result does not depend on the subgroup's size are few; these depend on it.
    fn subgroup(&mut self) {
        let scalar = [Scalar::U32, Scalar::I32][self.bytes.below(2)];
        let ty = Ty::Scalar(scalar);
        let value = self.expression(&ty, 2);
        let (of_same, of_words) = (
            [
                "Add",
                "Mul",
                "Min",
                "Max",
                "And",
                "Or",
                "Xor",
                "ExclusiveAdd",
                "ExclusiveMul",
                "InclusiveAdd",
                "InclusiveMul",
                "BroadcastFirst",
            ],
            ["subgroupBallot", "subgroupAny", "subgroupAll"],
        );
        let name = self.fresh("l");
        let at = self.bytes.below(18);
        let (text, ty) = if at < 12 {
            (format!("subgroup{}({value})", of_same[at]), ty)
        } else if at < 15 {
            let truth = self.expression(&super::types::BOOL, 2);
            let ty = if at == 12 { Ty::Vector(Scalar::U32, 4) } else { super::types::BOOL };
            (format!("{}({truth})", of_words[at - 12]), ty)
        } else {
            let lane = self.bytes.below(4);
            (format!("subgroup{}({value}, {lane}u)", ["Broadcast", "ShuffleXor", "Shuffle"][at - 15]), ty)
        };
        self.line(&format!("let {name} = {text};"));
        self.scope.push(Local { text: name, ty, writable: false, pointer: None });
    }

    /// Every bit of everything in scope, in the end.
    fn hash(&mut self) {
        let mut leaves = Vec::new();
        for local in &self.scope {
            self.leaves(&local.text, &local.ty, &mut leaves);
        }
        for (name, ty) in &self.privates {
            self.leaves(name, ty, &mut leaves);
        }
        self.line("var hash = 2166136261u;");
        for (path, scalar) in leaves {
            let word = match scalar {
                Scalar::U32 => path,
                Scalar::I32 | Scalar::F32 => format!("bitcast<u32>({path})"),
                Scalar::Bool => format!("u32({path})"),
            };
            self.line(&format!("hash = (hash ^ {word}) * 16777619u;"));
        }
        self.line("io.out[own] = hash;");
    }
}
