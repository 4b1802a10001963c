//! Statements about numerics that were wrong once.
