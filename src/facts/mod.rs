//! What is concluded from records. Each question has one file here, and every verb, view and format asks it there:
//!
//! | file | the question |
//! |---|---|
//! | `soundness` | Can this record be relied on, and if not, why not? |
//! | `identity` | Is this the same engine, adapter, driver? What differs between two engines? |
//! | `matching` | Which engine of one record is which of another? |
//! | `status` | What does a row say, from its evidence alone? |
//! | `verdict` | Which levels held for a problem on an engine, which failed, which were not tested? |
//! | `severity` | How bad is a difference, and which of two is worse? |
//! | `size` | How large is a difference, in words that fit what the elements are? |
//! | `elements` | What did an engine compute, element by element? |
//! | `vacuity` | Does an agreement say anything, and are results numbers at all? |
//! | `cause` | What made a difference, with which evidence, and who is to be told? |
//! | `permission` | Which paragraph of the specification allows a cause, or forbids it? |
//! | `proof` | Which results are proven to differ from strict arithmetic by what, and what changed of that? |
//! | `origin` | Does a difference lie in the integers that an answer is made of, or after them? |
//! | `training` | If the same training runs again, do the numbers of its operations stay? |
//! | `retrained` | How far do trainings part that were made again with one thing changed? |
//! | `sweep` | At which inputs do two sweeps of a function differ? |
//! | `tensors` | What do two files of tensors differ in, and in which way is one the other? |
//! | `advice` | What to use, and what to do next? |
//!
//! Facts are computed from the evidence in a record and never from the conclusions that its file states: those are what
//! the program that wrote it believed. Nothing here knows an engine, a kernel or a format, and nothing is stored.

mod advice;
mod cause;
mod disorder;
mod elements;
mod identity;
#[cfg(test)]
mod made;
mod matching;
mod origin;
pub mod pair;
pub mod permission;
pub mod proof;
pub mod retrained;
pub mod set;
mod severity;
mod size;
mod soundness;
mod status;
pub mod sweep;
pub mod tensors;
pub mod training;
mod vacuity;
mod verdict;

pub use advice::{Advice, Asked, MORE_RUNS, Step, advice, axes_in_words, is_probe, next};
pub use cause::{
    Blame, Cause, Certainty, Evidence, Explanation, Hypotheses, Hypothesis, blame, explain, other_configuration, tells,
};
pub use disorder::{Disorder, Unordered};
pub use elements::{Elements, ShownElement, elements};
pub use identity::{Driver, EngineClass, Identity, axis, clean, identify, same_driver, same_hardware};
pub use matching::{Alike, Engines, Match, MatchError, Matching, alike, matching};
pub use origin::after_origin;
pub use severity::{Difference, Severity, of_output, severity, worst};
pub use size::{FLUSHED, FROM_ZERO, NOT_FINITE, brief, grouped, relative, share, size};
pub use soundness::{Consequence, Fault, Reason, Soundness, soundness, soundness_of_member, soundness_of_set};
pub use status::{status, status_of, status_of_view};
pub use vacuity::{Emptiness, emptiness};
pub use verdict::{concluded, gave_nothing, state, strongest, verdicts};
