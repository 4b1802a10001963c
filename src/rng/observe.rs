//! What someone printed: values with their indices, a mask's zeros, or its sum. A printed decimal stands for all numbers
//! that would be printed so.

use super::{RngError, Shape};

/// The most elements of a mask that are looked at: far more than tell two generators apart.
const MASK: u64 = 1 << 23;

/// The numbers that a printed decimal stands for: half a unit of its last digit to either side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Interval {
    /// Of one decimal as it is printed.
    ///
    /// # Errors
    /// When it is no finite number.
    pub fn parse(text: &str) -> Result<Self, RngError> {
        let wrong = |why: &str| RngError::Values { at: clip(text), why: why.to_owned() };
        let value: f64 = text.parse().map_err(|_| wrong("no number"))?;
        if value.is_nan() {
            return Err(wrong("NaN is not a value that a generator gives: leave such elements out"));
        }
        if value.is_infinite() {
            return Err(wrong("no finite number"));
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().map_err(|_| wrong("no number"))?;
        let digits = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
        let last = i32::try_from(digits).ok().and_then(|digits| exponent.checked_sub(digits));
        let half = 0.5 * libm::pow(10.0, f64::from(last.ok_or_else(|| wrong("the exponent is out of range"))?));
        if !half.is_finite() {
            // Zero with any exponent parses, and would stand for every number.
            return Err(wrong("the exponent is out of range"));
        }
        Ok(Self { low: value - half, high: value + half })
    }

    /// Whether a number would be printed so, give or take `slack`.
    #[must_use]
    pub fn holds(&self, x: f64, slack: f64) -> bool {
        self.low - slack <= x && x <= self.high + slack
    }
}

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// By its look: brackets make a tensor; lines of two, the first an integer, make pairs; anything else is a list.
    Auto,
    /// Lines of an index and a value.
    Pairs,
    /// Values from element 0 on.
    List,
    /// As PyTorch prints it, `...` included; needs the shape.
    Tensor,
}

/// Everything that was seen of one draw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observations {
    /// Elements and what was printed for them.
    pub values: Vec<(u64, Interval)>,
    /// Elements of a mask that are known to be kept, or dropped.
    pub mask: Vec<(u64, bool)>,
    /// The sum of dropout applied to ones.
    pub sum: Option<Interval>,
}

impl Observations {
    /// Adds values.
    ///
    /// # Errors
    /// When the text has no values, one is no number, or one has no place in the shape.
    pub fn add_values(&mut self, text: &str, form: Form, shape: &Shape) -> Result<(), RngError> {
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let form = match form {
            Form::Auto if text.contains('[') => Form::Tensor,
            Form::Auto if lines().count() > 0 && lines().all(is_pair) => Form::Pairs,
            Form::Auto => Form::List,
            form => form,
        };
        let before = self.values.len();
        match form {
            Form::Pairs => {
                for line in lines() {
                    let mut parts = words(line);
                    let (Some(index), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
                        return Err(wrong(line, "an index and a value are wanted"));
                    };
                    let index = index.trim_end_matches(':').parse().map_err(|_| wrong(line, "no index"))?;
                    self.values.push((inside(index, shape, line)?, Interval::parse(value)?));
                }
            }
            Form::Tensor => {
                let values = &mut self.values;
                elements(text, shape, &mut |index, word| {
                    values.push((index, Interval::parse(word)?));
                    Ok(())
                })?;
            }
            Form::List | Form::Auto => {
                for (index, word) in (0..).zip(lines().flat_map(words)) {
                    self.values.push((inside(index, shape, word)?, Interval::parse(word)?));
                }
            }
        }
        if self.values.len() == before {
            return Err(RngError::Values { at: clip(text), why: "there is no value in it".to_owned() });
        }
        Ok(())
    }

    /// Adds the indices of a mask's zeros, in ascending order: what is between two of them is kept. From 0 to the last
    /// index before a `...`, and from the first after it to the end, everything is known; a list without `...` is taken
    /// to be whole.
    ///
    /// # Errors
    /// When there is no index, they do not ascend, one is outside the shape, or more elements are known than are looked at.
    pub fn add_zeros(&mut self, text: &str, shape: &Shape) -> Result<(), RngError> {
        let mut runs: Vec<Vec<u64>> = vec![Vec::new()];
        let tokens = text.replace(['[', ']', '(', ')', ','], " ");
        for word in tokens.split_whitespace().filter(|w| *w != "tensor") {
            if word == "..." || word == "…" {
                runs.push(Vec::new());
                continue;
            }
            if word.contains('=') {
                // device='cuda:0' and the like, as PyTorch prints it.
                continue;
            }
            let index = word.parse().map_err(|_| wrong(word, "no index of a zero"))?;
            let index = inside(index, shape, word)?;
            if runs.iter().flatten().next_back().is_some_and(|last| *last >= index) {
                return Err(wrong(word, "the indices of zeros must ascend"));
            }
            if let Some(run) = runs.last_mut() {
                run.push(index);
            }
        }
        let whole = runs.len() == 1;
        if runs.len() > 2 || runs.iter().all(Vec::is_empty) {
            return Err(wrong(text, "indices of zeros are wanted, with at most one '...'"));
        }
        let n = shape.elements();
        for (number, run) in runs.iter().enumerate() {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let from = if number == 0 { 0 } else { *first };
            let to = if number == 0 && !whole { *last + 1 } else { n };
            if (to - from).saturating_add(self.mask.len() as u64) > MASK {
                let why = format!("more than {MASK} elements of the mask are known; leave some out with '...'");
                return Err(wrong(text, &why));
            }
            let mut zeros = run.iter().peekable();
            for i in from..to {
                let zero = zeros.next_if(|z| **z == i).is_some();
                self.mask.push((i, !zero));
            }
        }
        Ok(())
    }
}

fn wrong(at: &str, why: &str) -> RngError {
    RngError::Values { at: clip(at), why: why.to_owned() }
}

/// A piece of text short enough for a message, on one line.
fn clip(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let clipped: String = line.chars().filter(|c| !c.is_control()).take(40).collect();
    if clipped.len() < text.trim().len() { format!("{clipped}…") } else { clipped }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty())
}

fn is_pair(line: &str) -> bool {
    let mut words = words(line);
    let index = words.next().is_some_and(|w| w.trim_end_matches(':').parse::<u64>().is_ok());
    index && words.next().is_some_and(|w| w.parse::<f64>().is_ok()) && words.next().is_none()
}

fn inside(index: u64, shape: &Shape, at: &str) -> Result<u64, RngError> {
    let n = shape.elements();
    if index < n { Ok(index) } else { Err(wrong(at, &format!("element {index} is outside a shape of {n} elements"))) }
}

/// Calls `f` with every number of a printed tensor and its element. At each depth of brackets, what stands before a
/// `...` counts from the start and what stands after it from the end.
fn elements(text: &str, shape: &Shape, f: &mut impl FnMut(u64, &str) -> Result<(), RngError>) -> Result<(), RngError> {
    let start = text.find('[').ok_or_else(|| wrong(text, "no bracket"))?;
    let end = text[start..].rfind(']').ok_or_else(|| wrong(text, "no closing bracket"))?;
    let spaced = text[start..=start + end].replace('[', " [ ").replace(']', " ] ");
    let tokens: Vec<&str> = words(&spaced).collect();
    let mut at = 0;
    dimension(&tokens, &mut at, shape.sizes(), 0, f)?;
    if at == tokens.len() { Ok(()) } else { Err(wrong(tokens[at], "text after the tensor")) }
}

fn dimension(
    tokens: &[&str],
    at: &mut usize,
    sizes: &[u64],
    base: u64,
    f: &mut impl FnMut(u64, &str) -> Result<(), RngError>,
) -> Result<(), RngError> {
    let deeper = "the brackets are deeper than the shape";
    let (size, inner) = sizes.split_first().ok_or_else(|| wrong("[", deeper))?;
    let stride: u64 = inner.iter().product();
    // Where each part begins and ends, to count those after a `...` from the end.
    *at += 1;
    let (mut parts, mut gap) = (Vec::new(), None);
    loop {
        match tokens.get(*at) {
            None => return Err(wrong("[", "a bracket is not closed")),
            Some(&"]") => {
                *at += 1;
                break;
            }
            Some(&("..." | "…")) if gap.is_none() => {
                gap = Some(parts.len());
                *at += 1;
            }
            Some(&"[") => {
                parts.push(*at);
                skip(tokens, at)?;
            }
            Some(_) => {
                parts.push(*at);
                *at += 1;
            }
        }
    }
    let count = parts.len() as u64;
    if count > *size || (gap.is_none() && count != *size) {
        return Err(wrong(
            tokens[parts.first().copied().unwrap_or(0)],
            &format!("{count} parts where the shape has {size}"),
        ));
    }
    for (number, part) in (0u64..).zip(parts) {
        let after = gap.is_some_and(|gap| number >= gap as u64);
        let index = base + stride * if after { size - (count - number) } else { number };
        if tokens[part] == "[" {
            dimension(tokens, &mut { part }, inner, index, f)?;
        } else if inner.is_empty() {
            f(index, tokens[part])?;
        } else {
            return Err(wrong(tokens[part], "fewer brackets than the shape has sizes"));
        }
    }
    Ok(())
}

/// Moves past a bracket and all within it.
fn skip(tokens: &[&str], at: &mut usize) -> Result<(), RngError> {
    let mut depth = 0;
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match *token {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(());
        }
    }
    Err(wrong("[", "a bracket is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::parse(text).unwrap()
    }

    fn indices(seen: &Observations) -> Vec<u64> {
        seen.values.iter().map(|(i, _)| *i).collect()
    }

    #[test]
    fn a_decimal_stands_for_what_would_be_printed_so() {
        let interval = Interval::parse("-0.4500").unwrap();
        assert!(interval.holds(-0.45004, 0.0) && !interval.holds(-0.45006, 0.0), "{interval:?}");
        let interval = Interval::parse("1.25e-3").unwrap();
        assert!(interval.holds(0.001254, 0.0) && !interval.holds(0.001256, 0.0), "{interval:?}");
        assert!(Interval::parse("7").unwrap().holds(7.4, 0.0), "no digit after the point");
    }

    #[test]
    fn values_are_read_as_pairs_as_a_list_and_as_a_tensor() {
        let mut seen = Observations::default();
        seen.add_values("0 0.5\n 99: 0.25\n", Form::Auto, &shape("100")).unwrap();
        assert_eq!(indices(&seen), [0, 99], "pairs");
        let mut seen = Observations::default();
        seen.add_values("0.5, 0.25 0.125", Form::Auto, &shape("100")).unwrap();
        assert_eq!(indices(&seen), [0, 1, 2], "a list");
        let mut seen = Observations::default();
        let text =
            "tensor([[1.0, 2.0, ..., 3.0],\n [4.0, 5.0, ..., 6.0],\n ...,\n [7.0, 8.0, ..., 9.0]], device='cuda:0')";
        seen.add_values(text, Form::Auto, &shape("10,20")).unwrap();
        assert_eq!(indices(&seen), [0, 1, 19, 20, 21, 39, 180, 181, 199], "a tensor with its ends");
        let mut seen = Observations::default();
        seen.add_values("tensor([0.5, 0.25])", Form::Auto, &shape("2")).unwrap();
        assert_eq!(indices(&seen), [0, 1], "a small tensor");
    }

    #[test]
    fn zeros_tell_what_is_between_them() {
        let mut seen = Observations::default();
        seen.add_zeros("tensor([[1], [3], ..., [8]], device='cuda:0')", &shape("10")).unwrap();
        let want = [(0, true), (1, false), (2, true), (3, false), (8, false), (9, true)];
        assert_eq!(seen.mask, want, "both ends");
        let mut seen = Observations::default();
        seen.add_zeros("1 3", &shape("5")).unwrap();
        assert_eq!(seen.mask, [(0, true), (1, false), (2, true), (3, false), (4, true)], "a whole list");
    }

    #[test]
    fn what_can_not_be_read_is_one_line() {
        for (text, form, wanted) in [
            ("", Form::Auto, "no value"),
            ("nan 0.5", Form::List, "NaN"),
            ("0.5 nan", Form::Auto, "NaN"),
            ("0 inf", Form::Pairs, "finite"),
            ("1.0e-2147483648", Form::List, "exponent"),
            ("0e400", Form::List, "exponent"),
            ("0.5 x", Form::List, "no number"),
            ("100 0.5", Form::Pairs, "outside"),
            ("5", Form::Pairs, "index and a value"),
            ("[0.5, 0.25]", Form::Auto, "2 parts where the shape has 10"),
            ("[[0.5, ...", Form::Auto, "closing"),
            ("0.5] [", Form::Auto, "closing"),
            ("[[[0.5]]]", Form::Auto, "parts"),
            ("[0.5, ..., 0.5]", Form::Auto, "brackets"),
        ] {
            let message = Observations::default().add_values(text, form, &shape("10,10")).unwrap_err().to_string();
            assert!(message.contains(wanted) && !message.contains('\n'), "{text:?}: {message}");
        }
        let large = Observations::default().add_zeros("5 ... 99", &shape("2147483647")).unwrap_err().to_string();
        assert!(large.contains("leave some out") && !large.contains('\n'), "{large}");
        for (text, wanted) in
            [("", "wanted"), ("3 1", "ascend"), ("3 x", "no index"), ("99", "outside"), ("1 ... 2 ... 3", "one '...'")]
        {
            let message = Observations::default().add_zeros(text, &shape("10")).unwrap_err().to_string();
            assert!(message.contains(wanted) && !message.contains('\n'), "{text:?}: {message}");
        }
    }
}
