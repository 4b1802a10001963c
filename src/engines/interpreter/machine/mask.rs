//! Which lanes are active.

use std::rc::Rc;

/// A set of lanes. `All` and `None` are told apart so that uniform control flow costs nothing.
#[derive(Debug, Clone)]
pub(in crate::engines::interpreter) enum Mask {
    All,
    None,
    /// All ones for a lane that is in, zeros for one that is not; some of each.
    Some(Rc<[u32]>),
}

impl Mask {
    /// From words of all ones or zeros.
    pub(in crate::engines::interpreter) fn new(lanes: Rc<[u32]>) -> Self {
        // Summing whole words lets the loop vectorise.
        let (all, any) = lanes.iter().fold((u32::MAX, 0), |(all, any), w| (all & w, any | w));
        match (all, any) {
            (u32::MAX, _) => Self::All,
            (_, 0) => Self::None,
            _ => Self::Some(lanes),
        }
    }

    pub(in crate::engines::interpreter) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether a lane is in.
    pub(in crate::engines::interpreter) fn has(&self, lane: usize) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Some(lanes) => lanes.get(lane).is_some_and(|w| *w != 0),
        }
    }

    /// The lanes of this mask where `condition` is not zero, and the others.
    pub(in crate::engines::interpreter) fn split(&self, condition: &[u32]) -> (Self, Self) {
        let (zeros, any) = condition.iter().fold((0u32, 0u32), |(zeros, any), c| (zeros | u32::from(*c == 0), any | c));
        // Lanes that are not active may hold anything; a condition that is the same in all of them is common.
        match (self, zeros, any) {
            (Self::None, _, _) => (Self::None, Self::None),
            (_, 0, _) => (self.clone(), Self::None),
            (_, _, 0) => (Self::None, self.clone()),
            (Self::All, _, _) => {
                let yes: Rc<[u32]> = condition.iter().map(|c| ones(*c != 0)).collect();
                let no: Rc<[u32]> = condition.iter().map(|c| ones(*c == 0)).collect();
                (Self::new(yes), Self::new(no))
            }
            (Self::Some(lanes), _, _) => {
                let yes: Rc<[u32]> = lanes.iter().zip(condition).map(|(l, c)| l & ones(*c != 0)).collect();
                let no: Rc<[u32]> = lanes.iter().zip(condition).map(|(l, c)| l & ones(*c == 0)).collect();
                (Self::new(yes), Self::new(no))
            }
        }
    }

    /// The lanes of both.
    pub(in crate::engines::interpreter) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, x) | (x, Self::All) => x.clone(),
            (Self::Some(a), Self::Some(b)) => Self::new(a.iter().zip(b.iter()).map(|(a, b)| a & b).collect()),
        }
    }

    /// The lanes of either.
    pub(in crate::engines::interpreter) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, x) | (x, Self::None) => x.clone(),
            (Self::Some(a), Self::Some(b)) => Self::new(a.iter().zip(b.iter()).map(|(a, b)| a | b).collect()),
        }
    }
}

fn ones(set: bool) -> u32 {
    if set { u32::MAX } else { 0 }
}
