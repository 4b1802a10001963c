//! Statements about rng that were wrong once.
