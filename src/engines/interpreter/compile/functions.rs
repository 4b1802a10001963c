//! Built-in functions: those of vectors by their definitions in the WGSL specification, the others component by
//! component.

use naga::{BinaryOperator, Expression, Handle, MathFunction, TypeInner};

use super::expression::part;
use super::{Compiler, Frame, Refusal, scalar_of};
use crate::engines::interpreter::code::{Block, Row};
use crate::engines::interpreter::math::{self, Scalar};
use crate::engines::interpreter::mode::DotOrder;

/// The arguments of a function: rows and scalar type of each.
struct Arguments {
    rows: Vec<Vec<Row>>,
    scalars: Vec<Scalar>,
}

impl<'m> Compiler<'m> {
    /// A call of a built-in function.
    pub(super) fn math(
        &mut self,
        frame: &mut Frame<'m>,
        fun: MathFunction,
        arguments: [Option<Handle<Expression>>; 4],
        line: u32,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let mut given = Arguments { rows: Vec::new(), scalars: Vec::new() };
        let mut first = None;
        for handle in arguments.into_iter().flatten() {
            let inner = self.inner(frame, handle);
            first = first.or(Some(inner));
            given.scalars.push(scalar_of(inner)?);
            given.rows.push(self.rows(frame, handle, body)?);
        }
        let Some(inner) = first else { return self.refuse("a function without arguments", line) };
        self.call_math(fun, inner, &given, body).map_err(|mut refusal| {
            refusal.line = line;
            refusal
        })
    }

    fn call_math(
        &mut self,
        fun: MathFunction,
        inner: &TypeInner,
        given: &Arguments,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        use MathFunction as M;
        let scalar = given.scalars[0];
        let x = &given.rows[0];
        let words = scalar.words() as usize;
        let y = given.rows.get(1).map_or(&[][..], Vec::as_slice);
        let z = given.rows.get(2).map_or(&[][..], Vec::as_slice);
        match fun {
            M::Dot => self.dot(scalar, x, y, body),
            M::Length => self.length(scalar, x, body),
            M::Distance => {
                let apart = self.pairwise(BinaryOperator::Subtract, scalar, x, y, body)?;
                self.length(scalar, &apart, body)
            }
            M::Normalize => {
                let length = self.length(scalar, x, body)?;
                self.pairwise(BinaryOperator::Divide, scalar, x, &length, body)
            }
            M::Cross => self.cross(scalar, x, y, body),
            M::FaceForward => {
                let dot = self.dot(scalar, y, z, body)?;
                let zero = self.float(scalar, 0.0)?;
                let towards = self.strictly(BinaryOperator::Less, scalar, [&dot, &zero], body)?;
                let away = self.each(scalar, x, |c, p, body| c.negate(scalar, p, body), body)?;
                self.choose(&towards, x, &away, body)
            }
            M::Reflect => {
                let dot = self.dot(scalar, x, y, body)?;
                let two = self.float(scalar, 2.0)?;
                let twice = self.strictly(BinaryOperator::Multiply, scalar, [&two, &dot], body)?;
                let factor = self.negate(scalar, &twice, body)?;
                let mut out = Vec::new();
                for (n, i) in y.chunks(words).zip(x.chunks(words)) {
                    out.extend(self.mad(scalar, [&factor, n, i], body)?);
                }
                Ok(out)
            }
            M::Refract => self.refract(scalar, x, y, z, body),
            M::Transpose => {
                let TypeInner::Matrix { columns, rows, .. } = inner else { return self.refuse("this transpose", 0) };
                let (columns, rows) = (*columns as usize, *rows as usize);
                let at = |c: usize, r: usize| x[(c * rows + r) * words..(c * rows + r + 1) * words].to_vec();
                Ok((0..rows).flat_map(|r| (0..columns).flat_map(move |c| at(c, r))).collect())
            }
            M::Determinant => {
                let TypeInner::Matrix { columns, .. } = inner else { return self.refuse("this determinant", 0) };
                let entries: Vec<Vec<Row>> = x.chunks(words).map(<[Row]>::to_vec).collect();
                self.determinant(scalar, &entries, *columns as usize, body)
            }
            M::Modf => self.split(math::modf(scalar, &self.mode.defects), scalar, scalar, x, body),
            M::Frexp => self.split(math::frexp(scalar, &self.mode.defects), scalar, Scalar::I32, x, body),
            M::Pack4x8snorm
            | M::Pack4x8unorm
            | M::Pack2x16snorm
            | M::Pack2x16unorm
            | M::Pack2x16float
            | M::Pack4xI8
            | M::Pack4xU8
            | M::Pack4xI8Clamp
            | M::Pack4xU8Clamp => match math::pack(fun, &self.mode.defects) {
                Some(kernel) => self.emit(kernel, x, 1, body),
                None => self.refuse(format!("the built-in {fun:?}"), 0),
            },
            M::Unpack4x8snorm
            | M::Unpack4x8unorm
            | M::Unpack2x16snorm
            | M::Unpack2x16unorm
            | M::Unpack2x16float
            | M::Unpack4xI8
            | M::Unpack4xU8 => {
                let parts =
                    if matches!(fun, M::Unpack2x16snorm | M::Unpack2x16unorm | M::Unpack2x16float) { 2 } else { 4 };
                match math::unpack(fun, &self.mode.defects) {
                    Some(kernel) => self.emit(kernel, x, parts, body),
                    None => self.refuse(format!("the built-in {fun:?}"), 0),
                }
            }
            M::Dot4I8Packed | M::Dot4U8Packed => match math::dot4(fun) {
                Some(kernel) => self.emit(kernel, &[x.as_slice(), y].concat(), 1, body),
                None => self.refuse(format!("the built-in {fun:?}"), 0),
            },
            M::Outer | M::Inverse => self.refuse(format!("the function {fun:?}, which WGSL does not have"), 0),
            _ => self.component_wise(fun, given, body),
        }
    }

    fn component_wise(&mut self, fun: MathFunction, given: &Arguments, body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let scalar = given.scalars[0];
        let Some(kernel) = math::math(fun, scalar, &self.mode.defects) else {
            return self.refuse(format!("the built-in {fun:?} of {scalar:?}"), 0);
        };
        let words = |k: usize| given.scalars[k].words() as usize;
        let count = (0..given.rows.len()).map(|k| given.rows[k].len() / words(k)).max().unwrap_or(0);
        let mut out = Vec::new();
        for i in 0..count {
            let from: Vec<Row> =
                given.rows.iter().enumerate().flat_map(|(k, r)| part(r, words(k), i).to_vec()).collect();
            if fun == MathFunction::Exp
                && let Some(lowered) = self.exponential(scalar, &from, body)?
            {
                self.lowered.extend(lowered.iter().copied());
                out.extend(lowered);
                continue;
            }
            let result = self.emit(kernel, &from, scalar.words(), body)?;
            out.extend(self.approximate(fun, scalar, result, body)?);
        }
        Ok(out)
    }

    /// Moves the result of a function that has a stated error, where that is planted.
    fn approximate(
        &mut self,
        fun: MathFunction,
        scalar: Scalar,
        result: Vec<Row>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        use MathFunction as M;
        let ulps = self.mode.defects.builtin_ulps;
        let has_error = matches!(
            fun,
            M::Cos
                | M::Cosh
                | M::Sin
                | M::Sinh
                | M::Tan
                | M::Tanh
                | M::Acos
                | M::Asin
                | M::Atan
                | M::Atan2
                | M::Asinh
                | M::Acosh
                | M::Atanh
                | M::Exp
                | M::Exp2
                | M::Log
                | M::Log2
                | M::Pow
                | M::Sqrt
                | M::InverseSqrt
        );
        if ulps == 0 || !has_error {
            return Ok(result);
        }
        let Some(kernel) = math::off_by(scalar, &self.mode.defects) else { return Ok(result) };
        let by = self.constant(ulps)?;
        let from = [result.as_slice(), &[by]].concat();
        self.emit(kernel, &from, scalar.words(), body)
    }

    /// `a[i] op b[i]`, or `a[i] op b` where `b` is one scalar, without planted algebra.
    fn pairwise(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        a: &[Row],
        b: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let words = scalar.words() as usize;
        let mut out = Vec::new();
        for (i, x) in a.chunks(words).enumerate() {
            out.extend(self.strictly(op, scalar, [x, part(b, words, i)], body)?);
        }
        Ok(out)
    }

    /// `a_0 b_0 + a_1 b_1 + …` from left to right, unless another order is planted.
    pub(super) fn dot(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let words = scalar.words() as usize;
        let all: Vec<(&[Row], &[Row])> = a.chunks(words).zip(b.chunks(words)).collect();
        let mut pairs: Box<dyn Iterator<Item = (&[Row], &[Row])>> = match self.mode.defects.dot_order {
            DotOrder::First => Box::new(all.into_iter()),
            DotOrder::Last => Box::new(all.into_iter().rev()),
            DotOrder::Pairs if all.len() > 2 => {
                let (low, high) = (a.split_at(2 * words), b.split_at(2 * words));
                let sums = [self.dot(scalar, low.0, high.0, body)?, self.dot(scalar, low.1, high.1, body)?];
                return self.strictly(BinaryOperator::Add, scalar, [&sums[0], &sums[1]], body);
            }
            DotOrder::Pairs => Box::new(all.into_iter()),
        };
        let Some((x, y)) = pairs.next() else { return self.refuse("a product of empty vectors", 0) };
        let mut sum = self.strictly(BinaryOperator::Multiply, scalar, [x, y], body)?;
        for (x, y) in pairs {
            sum = self.mad(scalar, [x, y, &sum], body)?;
        }
        Ok(sum)
    }

    pub(super) fn one(
        &mut self,
        fun: MathFunction,
        scalar: Scalar,
        x: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        match math::math(fun, scalar, &self.mode.defects) {
            Some(kernel) => {
                let result = self.emit(kernel, x, scalar.words(), body)?;
                self.approximate(fun, scalar, result, body)
            }
            None => self.refuse(format!("the built-in {fun:?} of {scalar:?}"), 0),
        }
    }

    fn length(&mut self, scalar: Scalar, x: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        if x.len() == scalar.words() as usize {
            return self.one(MathFunction::Abs, scalar, x, body);
        }
        let square = self.dot(scalar, x, x, body)?;
        self.one(MathFunction::Sqrt, scalar, &square, body)
    }

    /// `a0*d1 - b0*c1` of two products, the first one fused where contraction is planted.
    fn minor(&mut self, scalar: Scalar, [a, d, b, c]: [&[Row]; 4], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let other = self.strictly(BinaryOperator::Multiply, scalar, [b, c], body)?;
        let other = self.negate(scalar, &other, body)?;
        self.mad(scalar, [a, d, &other], body)
    }

    fn cross(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let words = scalar.words() as usize;
        let mut out = Vec::new();
        for (j, k) in [(1, 2), (2, 0), (0, 1)] {
            let at = |v: &[Row], i: usize| part(v, words, i).to_vec();
            out.extend(self.minor(scalar, [&at(a, j), &at(b, k), &at(a, k), &at(b, j)], body)?);
        }
        Ok(out)
    }

    /// By the first row's cofactors, from left to right. `entries` are column-major.
    fn determinant(
        &mut self,
        scalar: Scalar,
        entries: &[Vec<Row>],
        size: usize,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let at = |c: usize, r: usize| entries[c * size + r].clone();
        if size == 2 {
            return self.minor(scalar, [&at(0, 0), &at(1, 1), &at(1, 0), &at(0, 1)], body);
        }
        let mut sum: Option<Vec<Row>> = None;
        for column in 0..size {
            let others: Vec<Vec<Row>> = (0..size)
                .filter(|c| *c != column)
                .flat_map(|c| (1..size).map(move |r| (c, r)))
                .map(|(c, r)| at(c, r))
                .collect();
            let minor = self.determinant(scalar, &others, size - 1, body)?;
            let first = at(column, 0);
            sum = Some(match sum {
                None => self.strictly(BinaryOperator::Multiply, scalar, [&first, &minor], body)?,
                Some(sum) => {
                    let first = if column % 2 == 1 { self.negate(scalar, &first, body)? } else { first };
                    self.mad(scalar, [&first, &minor, &sum], body)?
                }
            });
        }
        Ok(sum.unwrap_or_default())
    }

    /// The specification's `k = 1 - eta*eta*(1 - dot*dot)`; zero where it is negative, else
    /// `eta*e1 - (eta*dot + sqrt(k))*e2`.
    fn refract(
        &mut self,
        scalar: Scalar,
        incident: &[Row],
        normal: &[Row],
        eta: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        use BinaryOperator as B;
        let words = scalar.words() as usize;
        let (zero, one) = (self.float(scalar, 0.0)?, self.float(scalar, 1.0)?);
        let dot = self.dot(scalar, normal, incident, body)?;
        let square = self.strictly(B::Multiply, scalar, [&dot, &dot], body)?;
        let sine = self.strictly(B::Subtract, scalar, [&one, &square], body)?;
        let eta_square = self.strictly(B::Multiply, scalar, [eta, eta], body)?;
        let product = self.strictly(B::Multiply, scalar, [&eta_square, &sine], body)?;
        let k = self.strictly(B::Subtract, scalar, [&one, &product], body)?;
        let root = self.one(MathFunction::Sqrt, scalar, &k, body)?;
        let along = self.mad(scalar, [eta, &dot, &root], body)?;
        let lost = self.strictly(B::Less, scalar, [&k, &zero], body)?;
        let mut out = Vec::new();
        for (i, n) in incident.chunks(words).zip(normal.chunks(words)) {
            let across = self.strictly(B::Multiply, scalar, [&along, n], body)?;
            let across = self.negate(scalar, &across, body)?;
            let bent = self.mad(scalar, [eta, i, &across], body)?;
            out.extend(self.choose(&lost, &zero, &bent, body)?);
        }
        Ok(out)
    }

    /// Functions with two results, each component's first and second: all the first ones, then all the second.
    fn split(
        &mut self,
        kernel: Option<math::Kernel>,
        scalar: Scalar,
        second: Scalar,
        x: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let Some(kernel) = kernel else { return self.refuse(format!("this function of {scalar:?}"), 0) };
        let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
        for component in x.chunks(scalar.words() as usize) {
            let out = self.emit(kernel, component, scalar.words() + second.words(), body)?;
            let (a, b) = out.split_at(scalar.words() as usize);
            firsts.extend_from_slice(a);
            seconds.extend_from_slice(b);
        }
        firsts.extend(seconds);
        Ok(firsts)
    }

    /// `yes` where `condition` (one row), else `no`; word by word.
    fn choose(&mut self, condition: &[Row], yes: &[Row], no: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let mut out = Vec::new();
        for (yes, no) in yes.iter().zip(no) {
            out.extend(self.emit(math::select(Scalar::U32), &[*no, *yes, condition[0]], 1, body)?);
        }
        Ok(out)
    }

    /// A constant that every float type holds exactly.
    fn float(&mut self, scalar: Scalar, value: f32) -> Result<Vec<Row>, Refusal> {
        let literal = match scalar {
            Scalar::F64 => naga::Literal::F64(f64::from(value)),
            // Rows hold a binary16 number as binary32.
            _ => naga::Literal::F32(value),
        };
        self.literal(literal)
    }
}
