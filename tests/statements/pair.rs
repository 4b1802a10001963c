//! Statements about pair that were wrong once.
