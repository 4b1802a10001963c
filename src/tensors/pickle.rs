//! A pickle as data: a closed list of opcodes builds values, and names of Python's are words. Nothing is imported, called or
//! executed, whatever it says.

use std::collections::BTreeMap;

use super::Found;

/// A value's number in [`Pickle::values`].
pub(super) type Id = usize;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes,
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A name of Python's: module and name.
    Global(String),
    /// What a persistent id stands for.
    Persistent(Id),
    /// What calling a name on a tuple would give.
    Call(String, Vec<Id>),
}

/// The values of a pickle, and which is the whole.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) values: Vec<Value>,
    pub(super) root: Id,
}

/// Reads a pickle. `is_known` says which names of Python's may stand in it.
pub(super) fn read(bytes: &[u8], is_known: impl Fn(&str) -> bool) -> Found<Pickle> {
    let mut machine =
        Machine { bytes, values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    loop {
        let op = machine.take(1)?[0];
        if op == b'.' {
            let root = machine.pop()?;
            return Ok(Pickle { values: machine.values, root });
        }
        machine.step(op, &is_known)?;
    }
}

struct Machine<'b> {
    bytes: &'b [u8],
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: BTreeMap<u64, Id>,
}

fn damaged() -> String {
    "its pickle is damaged".to_owned()
}

impl<'b> Machine<'b> {
    fn take(&mut self, n: u64) -> Found<&'b [u8]> {
        let n = usize::try_from(n).map_err(|_| damaged())?;
        let (taken, rest) = self.bytes.split_at_checked(n).ok_or_else(damaged)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A little-endian number of so many bytes, eight at most.
    fn number(&mut self, n: usize) -> Found<u64> {
        let mut word = [0; 8];
        word[..n].copy_from_slice(self.take(n as u64)?);
        Ok(u64::from_le_bytes(word))
    }

    fn line(&mut self) -> Found<&'b str> {
        let end = memchr::memchr(b'\n', self.bytes).ok_or_else(damaged)?;
        let line = self.take(end as u64 + 1)?;
        std::str::from_utf8(&line[..end]).map_err(|_| damaged())
    }

    fn text(&mut self, width: usize) -> Found<Value> {
        let n = self.number(width)?;
        Ok(Value::Text(String::from_utf8_lossy(self.take(n)?).into_owned()))
    }

    fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn pop(&mut self) -> Found<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor { Err(damaged()) } else { self.stack.pop().ok_or_else(damaged) }
    }

    /// What lies above the last mark.
    fn marked(&mut self) -> Found<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(damaged)?;
        if mark > self.stack.len() { Err(damaged()) } else { Ok(self.stack.split_off(mark)) }
    }

    fn top(&mut self) -> Found<&mut Value> {
        let id = *self.stack.last().ok_or_else(damaged)?;
        self.values.get_mut(id).ok_or_else(damaged)
    }

    fn tuple(&mut self, n: usize) -> Found<()> {
        let mut items = (0..n).map(|_| self.pop()).collect::<Found<Vec<Id>>>()?;
        items.reverse();
        self.push(Value::Tuple(items));
        Ok(())
    }

    fn extend_dict(&mut self, items: &[Id]) -> Found<()> {
        let (pairs, []) = items.as_chunks::<2>() else { return Err(damaged()) };
        let pairs: Vec<(Id, Id)> = pairs.iter().map(|[k, v]| (*k, *v)).collect();
        match self.top()? {
            Value::Dict(all) => all.extend(pairs),
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn extend_list(&mut self, items: Vec<Id>) -> Found<()> {
        match self.top()? {
            Value::List(all) => all.extend(items),
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn global(&mut self, name: String, is_known: &impl Fn(&str) -> bool) -> Found<()> {
        if !is_known(&name) {
            return Err(format!(
                "its pickle names {name}, which is no part of tensors, and nothing of it was executed; save the tensors alone \
                 (torch.save(model.state_dict(), …) or safetensors.torch.save_file)"
            ));
        }
        self.push(Value::Global(name));
        Ok(())
    }

    fn call(&mut self) -> Found<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Some(Value::Tuple(items)), Some(Value::Global(name))) =
            (self.values.get(arguments), self.values.get(function))
        else {
            return Err(damaged());
        };
        let (name, items) = (name.clone(), items.clone());
        // An ordered dictionary is filled afterwards; one that is made of pairs is not written by PyTorch.
        let made = match name.as_str() {
            "collections.OrderedDict" | "collections.defaultdict" => Value::Dict(Vec::new()),
            "builtins.set" | "__builtin__.set" => Value::List(Vec::new()),
            _ => Value::Call(name, items),
        };
        self.push(made);
        Ok(())
    }

    fn remember(&mut self, key: u64) -> Found<()> {
        let id = *self.stack.last().ok_or_else(damaged)?;
        self.memo.insert(key, id);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Found<()> {
        let id = *self.memo.get(&key).ok_or_else(damaged)?;
        self.stack.push(id);
        Ok(())
    }

    fn step(&mut self, op: u8, is_known: &impl Fn(&str) -> bool) -> Found<()> {
        match op {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'}' => self.push(Value::Dict(Vec::new())),
            b']' | 0x8f => self.push(Value::List(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b't' => {
                let items = self.marked()?;
                self.push(Value::Tuple(items));
            }
            b'l' => {
                let items = self.marked()?;
                self.push(Value::List(items));
            }
            b'd' => {
                let items = self.marked()?;
                self.push(Value::Dict(Vec::new()));
                self.extend_dict(&items)?;
            }
            0x85..=0x87 => self.tuple(usize::from(op - 0x84))?,
            b'q' => {
                let key = self.number(1)?;
                self.remember(key)?;
            }
            b'r' => {
                let key = self.number(4)?;
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' => {
                let key = self.number(1)?;
                self.recall(key)?;
            }
            b'j' => {
                let key = self.number(4)?;
                self.recall(key)?;
            }
            b'c' => {
                let name = format!("{}.{}", self.line()?, self.line()?);
                self.global(name, is_known)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Some(Value::Text(module)), Some(Value::Text(name))) =
                    (self.values.get(module), self.values.get(name))
                else {
                    return Err(damaged());
                };
                self.global(format!("{module}.{name}"), is_known)?;
            }
            b'X' | b'T' => {
                let text = self.text(4)?;
                self.push(text);
            }
            0x8c | b'U' => {
                let text = self.text(1)?;
                self.push(text);
            }
            0x8d => {
                let text = self.text(8)?;
                self.push(text);
            }
            b'C' | b'B' | 0x8e => {
                let n = self.number(match op {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.take(n)?;
                self.push(Value::Bytes);
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id));
            }
            b'R' => self.call()?,
            // The state of an object: of a dictionary its own attributes, of a tensor what Python added to it.
            b'b' => drop(self.pop()?),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(&[key, value])?;
            }
            b'u' => {
                let items = self.marked()?;
                self.extend_dict(&items)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.extend_list(items)?;
            }
            b'J' => {
                let n = u32::try_from(self.number(4)?).unwrap_or_default().cast_signed();
                self.push(Value::Int(n.into()));
            }
            b'K' | b'M' => {
                let n = self.number(if op == b'K' { 1 } else { 2 })?;
                self.push(Value::Int(n.cast_signed()));
            }
            0x8a => {
                let n = usize::try_from(self.number(1)?).map_err(|_| damaged())?;
                if n > 8 {
                    return Err("its pickle has a whole number of more than 64 bits; save the tensors alone".to_owned());
                }
                let word = self.number(n)?.cast_signed();
                let unused = 64 - 8 * u32::try_from(n).unwrap_or(8);
                self.push(Value::Int(if n == 0 { 0 } else { word << unused >> unused }));
            }
            b'G' => {
                let bits = self.number(8)?.swap_bytes();
                self.push(Value::Float(f64::from_bits(bits)));
            }
            b'N' => self.push(Value::None),
            0x88 | 0x89 => self.push(Value::Bool(op == 0x88)),
            b'0' => drop(self.pop()?),
            other => {
                return Err(format!(
                    "its pickle has the opcode 0x{other:02x}, which tensors do not need, and nothing of it was executed; save \
                     the tensors alone (torch.save(model.state_dict(), …))"
                ));
            }
        }
        Ok(())
    }
}
