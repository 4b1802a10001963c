//! Statements.

use super::types::{BOOL, Scalar, Ty, U32};
use super::{ATOMICS, BUDGET, Grammar, Local, Phase, Root};

impl Grammar<'_> {
    /// A block's statements; what they declare is in scope behind them.
    pub(super) fn statements(&mut self, count: usize, depth: usize) {
        for _ in 0..count {
            self.statement(depth);
        }
    }

    /// Statements in braces.
    fn block(&mut self, opening: &str, depth: usize, closing: &str) {
        self.line(opening);
        self.indent += 1;
        let scope = self.scope.len();
        let count = 1 + self.bytes.below(3);
        self.statements(count, depth);
        self.scope.truncate(scope);
        self.indent -= 1;
        self.line(closing);
    }

    fn statement(&mut self, depth: usize) {
        self.cost += self.weight;
        match self.bytes.below(16) {
            0 | 1 => self.declaration(),
            2..=4 => self.assignment(),
            5 => self.compound(),
            6 | 7 if depth > 0 => {
                let condition = self.expression(&BOOL, 2);
                if self.bytes.chance(128) {
                    self.block(&format!("if {condition} {{"), depth - 1, "} else {");
                    self.indent += 1;
                    let scope = self.scope.len();
                    self.statements(1, depth - 1);
                    self.scope.truncate(scope);
                    self.indent -= 1;
                    self.line("}");
                } else {
                    self.block(&format!("if {condition} {{"), depth - 1, "}");
                }
            }
            8 if depth > 0 => self.switch(depth - 1),
            9 | 10 if depth > 0 => self.repetition(depth - 1),
            11 => self.leave(),
            12 => {
                // An expression statement, or the value into the scope of a phony.
                if let Some(call) = self.call_any(2, |_| true) {
                    self.line(&format!("{call};"));
                }
            }
            13 => self.atomic(),
            14 if depth > 0 => self.block("{", depth - 1, "}"),
            15 => {
                let ty = self.ty(false, 1);
                let value = self.expression(&ty, 2);
                self.line(&format!("_ = {value};"));
            }
            _ => self.assignment(),
        }
    }

    fn declaration(&mut self) {
        let ty = self.ty(false, 2);
        let name = self.fresh("v");
        let local = match self.bytes.below(3) {
            0 => {
                let value = self.expression(&ty, 3);
                self.line(&format!("let {name} = {value};"));
                Local { text: name, ty, writable: false, pointer: None }
            }
            kind => {
                let value = if kind == 1 { format!(" = {}", self.expression(&ty, 3)) } else { String::new() };
                self.line(&format!("var {name}: {}{value};", ty.name()));
                let pointer = Some((format!("&{name}"), "function"));
                Local { text: name, ty, writable: true, pointer }
            }
        };
        self.scope.push(local);
    }

    /// A place that can be written, and its type.
    fn target(&mut self, fits: impl Fn(&Ty) -> bool) -> Option<(String, Ty)> {
        let roots: Vec<Root> = self.roots(true);
        let root = roots[self.bytes.below(roots.len())].clone();
        // Descend by chance.
        let mut want = root.ty.clone();
        while !fits(&want) || self.bytes.chance(140) {
            let parts = self.parts(&want);
            if parts.is_empty() {
                break;
            }
            want = parts[self.bytes.below(parts.len())].1.clone();
        }
        if !fits(&want) {
            return None;
        }
        Some((self.descend(&root, &want), want))
    }

    fn assignment(&mut self) {
        if let Some((place, ty)) = self.target(|_| true) {
            let value = self.expression(&ty, 3);
            self.line(&format!("{place} = {value};"));
        }
    }

    fn compound(&mut self) {
        let numeric = |t: &Ty| t.plain().is_some_and(|(s, _)| s != Scalar::Bool);
        let Some((place, ty)) = self.target(numeric) else { return };
        let Some((scalar, size)) = ty.plain() else { return };
        if size == 1 && scalar != Scalar::F32 && self.bytes.chance(64) {
            let op = ["++", "--"][self.bytes.below(2)];
            return self.line(&format!("{place}{op};"));
        }
        let ops = ["+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<=", ">>="];
        let at = self.bytes.below(if scalar == Scalar::F32 { 5 } else { 10 });
        let value = match at {
            8.. => self.shift(size, 2),
            3 | 4 if scalar != Scalar::F32 => self.hidden(&ty, 2),
            _ => self.expression(&ty, 2),
        };
        self.line(&format!("{place} {} {value};", ops[at]));
    }

    fn switch(&mut self, depth: usize) {
        let signed = self.bytes.chance(128);
        let suffix = if signed { "" } else { "u" };
        let selector = self.expression(&Ty::Scalar(if signed { Scalar::I32 } else { Scalar::U32 }), 2);
        let selector = if self.bytes.chance(200) { format!("({selector} & 3{suffix})") } else { selector };
        self.line(&format!("switch {selector} {{"));
        self.indent += 1;
        let (was_switch, was_loop) = (self.in_switch, self.in_loop);
        self.in_switch = true;
        let cases = 1 + self.bytes.below(3);
        let default = self.bytes.below(cases + 1);
        for case in 0..=cases {
            let heading = if case == default {
                if self.bytes.chance(64) {
                    format!("case default, {}{suffix}: {{", 40 + case)
                } else {
                    "default: {".to_owned()
                }
            } else if self.bytes.chance(64) {
                format!("case {}{suffix}, {}{suffix}: {{", case, 20 + case)
            } else {
                format!("case {case}{suffix}: {{")
            };
            self.block(&heading, depth, "}");
        }
        (self.in_switch, self.in_loop) = (was_switch, was_loop);
        self.indent -= 1;
        self.line("}");
    }

    fn repetition(&mut self, depth: usize) {
        let most = 1 + self.bytes.below(4);
        let times = most as u64;
        if (self.weight * times * 8).saturating_add(self.cost) > BUDGET {
            return self.assignment();
        }
        let name = self.fresh("n");
        let counter = Local { text: name.clone(), ty: U32, writable: false, pointer: None };
        let (was_switch, was_loop) = (self.in_switch, self.in_loop);
        (self.in_switch, self.in_loop) = (false, true);
        self.weight *= times;
        let scope = self.scope.len();
        match self.bytes.below(3) {
            0 => {
                // As often as some value says, but not too often.
                let bound = self.expression(&U32, 1);
                self.scope.push(counter);
                let opening = format!("for (var {name} = 0u; {name} < min({bound}, {most}u); {name}++) {{");
                self.block(&opening, depth, "}");
            }
            1 => {
                let condition = self.expression(&BOOL, 2);
                self.line(&format!("var {name} = 0u;"));
                self.scope.push(counter);
                self.line(&format!("while {name} < {most}u && {condition} {{"));
                self.indent += 1;
                self.line(&format!("{name}++;"));
                self.block("{", depth, "}");
                self.indent -= 1;
                self.line("}");
            }
            _ => {
                self.line(&format!("var {name} = 0u;"));
                self.scope.push(counter);
                self.line("loop {");
                self.indent += 1;
                self.block("{", depth, "}");
                self.line("continuing {");
                self.indent += 1;
                (self.in_loop, self.in_switch) = (false, false);
                self.line(&format!("{name}++;"));
                let result = self.result.take();

                if self.bytes.chance(100) {
                    self.assignment();
                }
                let condition = self.expression(&BOOL, 2);
                self.line(&format!("break if {name} >= {most}u || {condition};"));

                self.result = result;
                self.indent -= 1;
                self.line("}");
                self.indent -= 1;
                self.line("}");
            }
        }
        self.scope.truncate(scope);
        self.weight /= times;
        (self.in_switch, self.in_loop) = (was_switch, was_loop);
    }

    /// Breaks, continues or returns, under a condition.
    fn leave(&mut self) {
        let mut ways = Vec::new();
        if self.in_loop {
            ways.push("continue;".to_owned());
        }
        if self.in_loop || self.in_switch {
            ways.push("break;".to_owned());
        }
        match self.result.clone() {
            Some(Some(ty)) => {
                let value = self.expression(&ty, 2);
                ways.push(format!("return {value};"));
            }
            Some(None) => ways.push("return;".to_owned()),
            None => {}
        }
        if ways.is_empty() {
            return self.assignment();
        }
        let way = ways[self.bytes.below(ways.len())].clone();
        let condition = self.expression(&BOOL, 2);
        self.line(&format!("if {condition} {{ {way} }}"));
    }

    /// An atomic operation: in a tame module of one kind for each memory, so that all orders give the same.
    fn atomic(&mut self) {
        let places = [("io.atomics", Scalar::U32, true), ("io.signed", Scalar::I32, true), ("wa", Scalar::U32, false)];
        let at = self.bytes.below(3);
        let (name, scalar, in_buffer) = places[at];
        let ty = Ty::Scalar(scalar);
        let index = self.index(ATOMICS, in_buffer);
        let place = format!("&{name}[{index}]");
        if self.rules.wild {
            return self.wild_atomic(&place, &ty);
        }
        if name == "wa" && self.phase == Phase::Shared {
            let local = self.fresh("l");
            self.line(&format!("let {local} = atomicLoad({place});"));
            self.scope.push(Local { text: local, ty, writable: false, pointer: None });
            return;
        }
        if name == "wa" && self.phase == Phase::Closed {
            return;
        }
        let value = self.expression(&ty, 2);
        let family = self.families[usize::from(in_buffer)];
        let op = [["Add", "Sub"], ["Max"; 2], ["Min"; 2], ["And"; 2], ["Xor"; 2]][family][self.bytes.below(2)];
        self.line(&format!("atomic{op}({place}, {value});"));
    }

    fn wild_atomic(&mut self, place: &str, ty: &Ty) {
        let value = self.expression(ty, 1);
        let ops = ["Add", "Sub", "Max", "Min", "And", "Or", "Xor", "Exchange"];
        let name = self.fresh("l");
        match self.bytes.below(11) {
            at @ 0..8 => self.line(&format!("let {name} = atomic{}({place}, {value});", ops[at])),
            8 => self.line(&format!("let {name} = atomicLoad({place});")),
            9 => return self.line(&format!("atomicStore({place}, {value});")),
            _ => {
                let other = self.expression(ty, 1);
                let exchange = format!("atomicCompareExchangeWeak({place}, {other}, {value})");
                self.line(&format!("let {name} = {exchange}.old_value;"));
            }
        }
        self.scope.push(Local { text: name, ty: ty.clone(), writable: false, pointer: None });
    }
}
