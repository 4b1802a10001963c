//! PyTorch's archives (since 1.6): a zip of storages and a pickle that says what they are.

use std::collections::BTreeMap;

use super::archive::Member;
use super::data::{Data, Region, size};
use super::pickle::{self, Id, Pickle, Value};
use super::{Found, Tensor};
use crate::model::Scalar;

/// Values within one another.
const DEPTH: usize = 64;

/// Values that are looked at, and bytes of their names: a few lists that hold each other are without end.
const VALUES: usize = 1_000_000;
const NAMES: usize = 64 << 20;

/// Names of Python's that are not types.
const KNOWN: [&str; 9] = [
    "collections.OrderedDict",
    "collections.defaultdict",
    "builtins.set",
    "builtins.dict",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch.Size",
];

/// The type of a storage's elements; `None` of one that has none.
fn storage_type(name: &str) -> Option<Option<Scalar>> {
    Some(Some(match name.strip_prefix("torch.")? {
        "storage.UntypedStorage" | "UntypedStorage" => return Some(None),
        "DoubleStorage" => Scalar::F64,
        "FloatStorage" => Scalar::F32,
        "HalfStorage" => Scalar::F16,
        "BFloat16Storage" => Scalar::Bf16,
        "LongStorage" => Scalar::I64,
        "IntStorage" => Scalar::I32,
        "ShortStorage" => Scalar::I16,
        "CharStorage" => Scalar::I8,
        "ByteStorage" => Scalar::U8,
        "BoolStorage" => Scalar::Bool,
        _ => return None,
    }))
}

fn element_type(name: &str) -> Option<Scalar> {
    name.strip_prefix("torch.").filter(|n| n.bytes().any(|c| c.is_ascii_digit()) || *n == "bool")?.parse().ok()
}

pub(super) fn read(region: &Region, members: &[Member], pickled: &Member) -> Found<Vec<Tensor>> {
    let root = pickled.name.strip_suffix("data.pkl").unwrap_or_default();
    let mut budget = 1 << 30;
    let text = pickled.open(region, &mut budget)?;
    let is_known = |name: &str| KNOWN.contains(&name) || storage_type(name).is_some() || element_type(name).is_some();
    let pickle = pickle::read(text.bytes(), is_known)?;
    let by_name: BTreeMap<&str, &Member> = members.iter().map(|m| (m.name.as_str(), m)).collect();
    let order = by_name.get(format!("{root}byteorder").as_str()).map(|m| m.open(region, &mut budget)).transpose()?;
    let big = order.is_some_and(|o| o.bytes().starts_with(b"big"));
    let mut reader =
        Reader { region, by_name, root, pickle: &pickle, big, out: Vec::new(), values: VALUES, names: NAMES };
    reader.walk(pickle.root, String::new(), 0)?;
    Ok(reader.out)
}

struct Reader<'f> {
    region: &'f Region,
    by_name: BTreeMap<&'f str, &'f Member>,
    root: &'f str,
    pickle: &'f Pickle,
    big: bool,
    out: Vec<Tensor>,
    values: usize,
    names: usize,
}

impl<'f> Reader<'f> {
    fn value(&self, id: Id) -> Found<&'f Value> {
        self.pickle.values.get(id).ok_or_else(|| "its pickle is damaged".to_owned())
    }

    fn whole(&self, id: Id) -> Found<u64> {
        match self.value(id)? {
            Value::Int(n) => u64::try_from(*n).map_err(|_| "a size of it is negative: it is damaged".to_owned()),
            _ => Err("a size of it is no number: it is damaged".to_owned()),
        }
    }

    fn wholes(&self, id: Id) -> Found<Vec<u64>> {
        match self.value(id)? {
            Value::Tuple(items) | Value::List(items) if items.len() <= 64 => {
                items.iter().map(|i| self.whole(*i)).collect()
            }
            Value::Call(name, items) if name == "torch.Size" && items.len() == 1 => self.wholes(items[0]),
            _ => Err("a shape of it is no tuple: it is damaged".to_owned()),
        }
    }

    /// Adds every tensor, number and text that a value holds, named by the keys that lead to it.
    fn walk(&mut self, id: Id, name: String, depth: usize) -> Found<()> {
        self.values = self.values.checked_sub(1).ok_or("it holds more than a million values: it is damaged")?;
        self.names = self.names.checked_sub(name.len()).ok_or("its names are longer than any file's: it is damaged")?;
        if depth > DEPTH {
            return Err(format!("its values lie more than {DEPTH} deep in one another: it is damaged"));
        }
        let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        let title = if name.is_empty() { "value" } else { name.as_str() };
        match self.value(id)? {
            Value::Dict(items) => {
                for (key, value) in items {
                    let key = match self.value(*key)? {
                        Value::Text(text) => text.clone(),
                        Value::Int(n) => n.to_string(),
                        Value::Bool(b) => b.to_string(),
                        _ => {
                            return Err(format!(
                                "a key in '{title}' is neither text nor number; save the tensors alone"
                            ));
                        }
                    };
                    self.walk(*value, below(&key), depth + 1)?;
                }
            }
            Value::List(items) | Value::Tuple(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.walk(*item, below(&i.to_string()), depth + 1)?;
                }
            }
            Value::Call(function, items) => {
                if function == "torch._utils._rebuild_parameter" {
                    let inner = *items.first().ok_or("its pickle is damaged")?;
                    return self.walk(inner, name, depth + 1);
                }
                if function == "torch.Size" {
                    let inner = *items.first().ok_or("its pickle is damaged")?;
                    return self.walk(inner, name, depth + 1);
                }
                let tensor = self.tensor(title, function, items).map_err(|e| format!("'{title}': {e}"))?;
                self.out.push(tensor);
            }
            Value::Int(n) => self.scalar(title, Scalar::I64, n.to_ne_bytes().to_vec()),
            Value::Float(x) => self.scalar(title, Scalar::F64, x.to_ne_bytes().to_vec()),
            Value::Bool(b) => self.scalar(title, Scalar::Bool, vec![u8::from(*b)]),
            Value::Text(text) | Value::Global(text) => {
                let texts = Data::Texts(std::sync::Arc::new(vec![text.clone()]));
                let mut tensor = Tensor::new(title, Scalar::Bytes, Vec::new(), 1, texts);
                tensor.stored = Some("text".to_owned());
                self.out.push(tensor);
            }
            Value::None => {}
            Value::Bytes | Value::Persistent(_) => {
                return Err(format!("'{title}' is neither tensor, number nor text; save the tensors alone"));
            }
        }
        Ok(())
    }

    fn scalar(&mut self, name: &str, scalar: Scalar, bytes: Vec<u8>) {
        self.out.push(Tensor::new(name, scalar, Vec::new(), 1, Data::own(bytes)));
    }

    /// The tensor that `_rebuild_tensor(storage, offset, size, stride, …)` would make.
    fn tensor(&self, name: &str, function: &str, items: &[Id]) -> Found<Tensor> {
        let damaged = || "its pickle is damaged".to_owned();
        let [storage, offset, shape, strides, ..] = items else { return Err(damaged()) };
        let (shape, strides, first) = (self.wholes(*shape)?, self.wholes(*strides)?, self.whole(*offset)?);
        if shape.len() != strides.len() {
            return Err("its shape and its strides have other lengths: it is damaged".to_owned());
        }
        let (typed, key) = self.storage(*storage)?;
        let stated = match items.get(6).filter(|_| function.ends_with("_v3")) {
            Some(id) => match self.value(*id)? {
                Value::Global(name) => element_type(name),
                _ => None,
            },
            None => None,
        };
        let scalar =
            stated.or(typed).ok_or("the type of its elements is none that is read; convert it, such as to float32")?;
        let member = self.by_name.get(format!("{}data/{key}", self.root).as_str()).copied();
        let member = member.ok_or_else(|| format!("its storage {key} is not in the archive: it is damaged"))?;
        let data = member.stored().ok_or("its storage is compressed, which PyTorch does not do; save it again")?;
        let width = scalar.width();
        let there = (data.len() / width) as u64;
        let (count, _) = size(&shape, width)?;
        // The last element's place.
        let mut steps = shape.iter().zip(&strides).map(|(n, s)| n.saturating_sub(1).checked_mul(*s));
        let last = steps.try_fold(first, |all, step| all.checked_add(step?));
        if count > 0 && last.is_none_or(|last| last >= there) {
            return Err("its data end beyond its storage: the file is truncated or damaged".to_owned());
        }
        if count as u64 > there {
            return Err("it shows more elements than its storage has; save a copy (.contiguous())".to_owned());
        }
        let mut plain = 1u64;
        let mut contiguous = true;
        for (n, s) in shape.iter().zip(&strides).rev() {
            contiguous &= *n <= 1 || *s == plain;
            plain = plain.saturating_mul(*n);
        }
        let place = |n: u64| usize::try_from(n).map_err(|_| damaged());
        let axes = shape.iter().zip(&strides).map(|(n, s)| Ok((place(*n)?, place(*s)?))).collect::<Found<Vec<_>>>()?;
        // Of nothing there is no place.
        let offset = if count == 0 { data.start } else { data.start + place(first)? * width };
        let data = Data::Words {
            region: self.region.clone(),
            offset,
            swapped: self.big != cfg!(target_endian = "big"),
            strides: (!contiguous && count > 0).then_some(axes),
        };
        Ok(Tensor::new(name, scalar, shape, count, data))
    }

    /// The element type of a storage, and its name: a tuple ('storage', type, name, device, elements).
    fn storage(&self, id: Id) -> Found<(Option<Scalar>, &'f str)> {
        let damaged = || "its storage is none of PyTorch's: it is damaged".to_owned();
        let Value::Persistent(id) = self.value(id)? else { return Err(damaged()) };
        let Value::Tuple(items) = self.value(*id)? else { return Err(damaged()) };
        let [_, ty, key, ..] = &items[..] else { return Err(damaged()) };
        let (Value::Global(ty), Value::Text(key)) = (self.value(*ty)?, self.value(*key)?) else {
            return Err(damaged());
        };
        Ok((storage_type(ty).ok_or_else(damaged)?, key))
    }
}
